// Implements wait.h: judges yields, and enters and leaves a sleep.
#include "transport/wait.h"

#include <sched.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "transport/barrier.h"

namespace ringway {
namespace {

// idle_turns_ stays here while yielding, so that the count cannot wrap.
constexpr uint32_t kNever = UINT32_MAX;

}  // namespace

std::string_view Name(WaitPolicy policy) noexcept {
  switch (policy) {
    case WaitPolicy::kSpin:
      return "spin";
    case WaitPolicy::kSpinThenYield:
      return "spin-then-yield";
    case WaitPolicy::kSpinThenPark:
      return "spin-then-park";
    case WaitPolicy::kAuto:
      return "auto";
  }
  return "unknown";
}

absl::StatusOr<WaitPolicy> ParseWaitPolicy(std::string_view text) {
  for (const WaitPolicy policy : {WaitPolicy::kSpin, WaitPolicy::kSpinThenYield,
                                  WaitPolicy::kSpinThenPark, WaitPolicy::kAuto}) {
    if (text == Name(policy)) return policy;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(text),
                   "\" is no wait policy; choose spin, spin-then-yield, "
                   "spin-then-park or auto"));
}

Waiter::Waiter(const WaitOptions& options)
    : options_(options),
      one_core_(AllowedCoreCount() == 1),
      has_barrier_(RegisterAsSender()),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_fd_ < 0) {
    epoll_error_ = errno;
  } else {
    // Tries it without sleeping, so that a missing call is known before it matters.
    WaitReadable(0);
  }
  // On a single core it waits for a thread that cannot run while it pauses.
  SetCrowded(one_core_);
}

Waiter::~Waiter() {
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

absl::Status Waiter::Watch(int wake_fd) {
  if (wake_fd < 0) return absl::OkStatus();
  if (epoll_fd_ < 0) {
    return absl::ErrnoToStatus(epoll_error_,
                               "epoll_create1, to watch a link for wake-ups (out of descriptors? "
                               "allow more open files: LimitNOFILE=, ulimit -n)");
  }
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.fd = wake_fd;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd, &event) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, "watching a link for wake-ups");
  }
  return absl::OkStatus();
}

void Waiter::Unwatch(int wake_fd) noexcept {
  if (wake_fd >= 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, wake_fd, nullptr);
}

void Waiter::SetCrowded(bool crowded) noexcept {
  crowded_ = crowded;
  short_yields_ = 0;
  yield_after_ = options_.policy == WaitPolicy::kSpin ? kNever
                 : crowded                            ? options_.spins_crowded
                                                      : options_.spins_alone;
}

bool Waiter::IdleSlow() noexcept {
  if (options_.policy == WaitPolicy::kSpin) {
    idle_turns_ = 0;
    CpuPause();
    return false;
  }
  const int64_t before_ns = MonotonicNowNs();
  if (!idle_timed_) {
    idle_timed_ = true;
    idle_since_ns_ = before_ns;
  }
  // Keeps yielding at every turn until there is work.
  idle_turns_ = yield_after_;
  sched_yield();
  const int64_t after_ns = MonotonicNowNs();
  ++counters_.yields;
  const bool ran_other = after_ns - before_ns >= options_.yield_ran_other_ns;
  if (ran_other) ++counters_.yields_that_ran_others;
  if (options_.policy == WaitPolicy::kAuto && !one_core_) {
    if (ran_other) {
      if (!crowded_) SetCrowded(true);
      short_yields_ = 0;
      idle_turns_ = yield_after_;
    } else if (crowded_ && ++short_yields_ >= options_.short_yields_until_alone) {
      SetCrowded(false);
    }
  }
  const bool may_park =
      options_.policy == WaitPolicy::kSpinThenPark || options_.policy == WaitPolicy::kAuto;
  return may_park && after_ns - idle_since_ns_ >= options_.park_after_ns;
}

void Waiter::Barrier() noexcept {
  // Without the barrier no link reports its wake-up as certain.
  if (has_barrier_) BarrierSenders();
}

void Waiter::Park(int64_t limit_ns) noexcept {
  ++counters_.parks;
  if (!WaitReadable(limit_ns)) ++counters_.parks_timed_out;
}

bool Waiter::WaitReadable(int64_t limit_ns) noexcept {
  const timespec timeout{limit_ns / kNsPerS, limit_ns % kNsPerS};
  epoll_event event;
  // Level-triggered: the descriptor stays readable until DisarmWake() drains it.
  if (epoll_fd_ >= 0 && exact_sleep_error_ == 0) {
    const int count = epoll_pwait2(epoll_fd_, &event, 1, &timeout, nullptr);
    if (count >= 0 || errno == EINTR) return count != 0;
    exact_sleep_error_ = errno;  // ENOSYS, or whatever a filter says
  }
  if (epoll_fd_ >= 0) {
    const auto timeout_ms = static_cast<int>((limit_ns + kNsPerMs - 1) / kNsPerMs);
    const int count = epoll_wait(epoll_fd_, &event, 1, timeout_ms);
    if (count >= 0 || errno == EINTR) return count != 0;
  }
  nanosleep(&timeout, nullptr);  // never a spin
  return false;
}

std::string Waiter::Warning() const {
  const auto reason = [](int error) { return std::string(strerrordesc_np(error)); };
  if (epoll_fd_ < 0) {
    return absl::StrCat("epoll_create1: ", reason(epoll_error_),
                        "; nothing ends a sleep early: allow more open files, and epoll");
  }
  if (exact_sleep_error_ != 0) {
    return absl::StrCat(
        "epoll_pwait2: ", reason(exact_sleep_error_),
        "; sleeps are of whole milliseconds: use Linux 5.11 or newer, and allow this "
        "system call in the container's seccomp filter");
  }
  return "";
}

}  // namespace ringway
