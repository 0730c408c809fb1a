#include "base/check.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "base/last_words.h"

namespace ringway {
namespace {

std::atomic<LastWordsHook> last_words_hook{nullptr};

void AbortNow(int) { std::abort(); }

// From now on an alarm aborts the process: writing to a pipe or terminal can block for ever.
void LimitLastWords() noexcept {
  struct sigaction action {};
  action.sa_handler = AbortNow;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, nullptr);
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
  alarm(kLastWordsS);
}

}  // namespace

void SetLastWordsHook(LastWordsHook hook) noexcept {
  last_words_hook.store(hook, std::memory_order_release);  // pairs with CheckFailed()
}

void CheckFailed(const char* file, int line, const char* condition, const char* what) noexcept {
  LimitLastWords();
  // A second failure, in the hook or in another thread, must not run the hook again.
  const LastWordsHook hook = last_words_hook.exchange(nullptr, std::memory_order_acquire);
  if (hook != nullptr) hook();
  std::array<char, 1024> text{};
  const int bytes = std::snprintf(text.data(), text.size(), "%s:%d: CHECK failed: %s: %s\n", file,
                                  line, condition, what);
  if (bytes > 0) {
    const auto shown = std::min(static_cast<std::size_t>(bytes), text.size() - 1);
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), shown);
  }
  std::abort();
}

}  // namespace ringway
