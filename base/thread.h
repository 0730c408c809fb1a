// Starts a background thread, or names the system limit that prevents it.
//
// Ringway starts threads only this way: std::thread's constructor throws at a limit, which would
// end the process without a message.
#pragma once

#include <functional>
#include <string_view>
#include <thread>

#include "absl/status/status.h"

namespace ringway {

// `name` identifies the thread in `ps -L` and `top -H`: at most 15 characters. On an error `thread`
// is as it was. Errors: ResourceExhausted with the limits to raise.
absl::Status StartThread(std::thread& thread, std::string_view name, std::function<void()> run);

}  // namespace ringway
