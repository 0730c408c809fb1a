// Subscriber receives the updates of a publisher's topic.
//
//   auto subscriber = Subscriber::Connect({.uri = "shm:/run/ringway/prices.sock"});
//   while ((*subscriber)->connected()) {
//     (*subscriber)->Poll([&](const Update& update) { ... }, 64);
//   }
//
// Updates of one key arrive in the order in which they were published; a conflating publisher may
// leave some out, never the last. There is no resend: after losing the link, connect again; a
// conflating publisher then begins with the latest update of every key.
//
// Thread rule: one thread per subscriber. Connect() blocks and allocates, Poll() does neither.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/born_here.h"
#include "base/clock.h"
#include "msg/topic.h"
#include "transport/any_link.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {

struct SubscriberOptions {
  std::string uri;  // the publisher's
  LinkOptions link = {};
  int64_t connect_timeout_ns = 5 * kNsPerS;
};

// The subscriber without connecting and without a clock.
template <Link L>
class BasicSubscriber {
 public:
  explicit BasicSubscriber(std::unique_ptr<L> link) : link_(std::move(link)) {}

  // Passes at most `budget` updates to handler(const Update&), which must not throw; returns how
  // many records it took.
  template <class H>
  uint32_t Poll(H&& handler, uint32_t budget) noexcept {
    if (!born_here_.Here()) [[unlikely]]
      return 0;
    auto sink = [&](const Record& record) noexcept {
      if (!IsTopicType(record.type) || record.payload.size() < kTopicKeyBytes) {
        ++refused_count_;
        return;
      }
      Update update{
          .key = 0, .type = record.type, .payload = record.payload.subspan(kTopicKeyBytes)};
      std::memcpy(&update.key, record.payload.data(), kTopicKeyBytes);
      handler(std::as_const(update));
    };
    const uint32_t count = link_->Poll(sink, budget);
    drained_ = count == 0;
    return count;
  }

  void Maintain(int64_t now_ns) noexcept {
    if (!connected()) return;
    const LinkState state = link_->Maintain(now_ns);
    if (state == LinkState::kClosed && drained_) {
      connected_ = false;
    }
  }

  // False once the link has ended and everything received over it was polled; and in a forked
  // child, whose parent keeps the link.
  bool connected() const noexcept { return connected_ && born_here_.Here(); }
  // Records that are not updates: the other end is not a publisher.
  uint64_t refused_count() const noexcept { return refused_count_; }
  // The link, for a Waiter and for counters.
  L& link() noexcept { return *link_; }

 private:
  BornHere born_here_;
  std::unique_ptr<L> link_;
  bool connected_ = true;
  bool drained_ = false;
  uint64_t refused_count_ = 0;
};

class Subscriber : public BasicSubscriber<AnyLink> {
 public:
  // Errors: the transport's, naming cause and remedy.
  static absl::StatusOr<std::unique_ptr<Subscriber>> Connect(const SubscriberOptions& options);

  // As above; also keeps the link alive.
  template <class H>
  uint32_t Poll(H&& handler, uint32_t budget) noexcept {
    const uint32_t count = BasicSubscriber<AnyLink>::Poll(handler, budget);
    if (count == 0 || ++polls_since_clock_ >= kPollsPerClock) Upkeep();
    return count;
  }

 private:
  static constexpr uint32_t kPollsPerClock = 64;

  using BasicSubscriber<AnyLink>::BasicSubscriber;
  void Upkeep() noexcept;

  SteadyUnixClock clock_;
  uint32_t polls_since_clock_ = 0;
  int64_t last_maintain_ns_ = 0;
};

}  // namespace ringway
