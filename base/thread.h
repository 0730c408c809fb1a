// Starts a background thread, or says which limit of the system stood in the way.
//
// The only way in which Ringway starts threads: std::thread's constructor throws where a limit is
// reached, and that would end the process without a word.
#pragma once

#include <functional>
#include <string_view>
#include <thread>

#include "absl/status/status.h"

namespace ringway {

// `name` tells the thread in `ps -L` and `top -H`: at most 15 characters. On an error `thread` is
// as it was. Errors: ResourceExhausted with the limits to raise.
absl::Status StartThread(std::thread& thread, std::string_view name, std::function<void()> run);

}  // namespace ringway
