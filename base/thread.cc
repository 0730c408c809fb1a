#include "base/thread.h"

#include <pthread.h>

#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway {

absl::Status StartThread(std::thread& thread, std::string_view name, std::function<void()> run) {
  const std::string own_name(name.substr(0, 15));
  try {
    thread = std::thread(std::move(run));
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "cannot start the thread ", own_name, ": ", error.code().message(),
        ". Remedy: raise the user's limit of processes and threads (LimitNPROC= and TasksMax= in "
        "the systemd unit, `ulimit -u`), or that of memory for its stack (LimitAS=, `ulimit -v`)"));
  }
  // The name is only informative; failure is ignored.
  static_cast<void>(pthread_setname_np(thread.native_handle(), own_name.c_str()));
  return absl::OkStatus();
}

}  // namespace ringway
