// Publisher sends the same messages to many subscribers, none of which can hold up the others.
//
//   auto publisher = Publisher::Listen({.uri = "shm:/run/ringway/prices.sock"});
//   (*publisher)->Publish(instrument, kTypePrice, std::as_bytes(std::span(&price, 1)));
//   (*publisher)->Poll();   // from time to time: new subscribers, heartbeats, what waits for room
//
// Each subscriber has a ring of its own. A slow one is disconnected or, if the publisher conflates,
// gets only the latest message per key once it has room again: per key it never sees an older
// message after a newer one. A conflating publisher also gives every new subscriber the latest
// message of each key first.
//
// In a forked child the copy of a publisher does nothing, nor does its destruction.
// Thread rule: one thread. Memory is allocated at the start and when a subscriber connects;
// Publish() never allocates, blocks or throws.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/born_here.h"
#include "base/clock.h"
#include "msg/latest_table.h"
#include "msg/topic.h"
#include "transport/any_link.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {

enum class SlowSubscriber : uint8_t { kDisconnect, kConflate };

struct PublisherOptions {
  std::string uri = {};  // where subscribers connect: shm:PATH
  SlowSubscriber slow = SlowSubscriber::kDisconnect;
  uint32_t subscribers_max = 64;     // more are refused
  uint32_t keys_max = 4096;          // different keys, when conflating; at most 2^20
  uint32_t payload_bytes_max = 232;  // without the key; with it, a frame of four granules
  ListenOptions listen = {};
};
// Errors: InvalidArgument naming field and bounds.
absl::Status Validate(const PublisherOptions& options);

enum class [[nodiscard]] PublishStatus : uint8_t{
    kOk,           // sent to every subscriber, or queued as the policy says
    kTooLarge,     // more than payload_bytes_max; nobody got it
    kTooManyKeys,  // a new key when keys_max are in use; nobody got it
    kBadType,      // not 128..239; nobody got it
    kForked,       // this is a forked child: the publisher is its parent's; nobody got it
};

// Counters of one subscriber; all but `waiting` are monotonic.
struct SubscriberCounters {
  uint64_t sent = 0;
  uint64_t conflated = 0;  // messages that a later one of their key replaced before they were sent
  uint32_t waiting = 0;    // keys whose latest message waits for room
};

struct PublisherCounters {
  uint64_t published = 0;
  uint64_t subscribers_accepted = 0;
  uint64_t subscribers_refused = 0;
  uint64_t subscribers_gone = 0;  // subscribers that left by themselves
  uint64_t slow_disconnects = 0;
};

// The publisher without listener and clock.
template <Link L>
class BasicPublisher {
 public:
  explicit BasicPublisher(const PublisherOptions& options)
      : options_(options), latest_(conflating() ? options.keys_max : 1, options.payload_bytes_max) {
    subscribers_.reserve(options.subscribers_max);
  }

  void Accept(std::unique_ptr<L> link) {
    if (subscribers_.size() == options_.subscribers_max) {
      ++counters_.subscribers_refused;
      link->Close();
      return;
    }
    ++counters_.subscribers_accepted;
    subscribers_.push_back(std::make_unique<Subscriber>());
    Subscriber& subscriber = *subscribers_.back();
    subscriber.link = std::move(link);
    if (!conflating()) return;
    subscriber.queue.resize(options_.keys_max);
    subscriber.is_queued.resize(options_.keys_max);
    for (uint32_t i = 0; i != latest_.count(); ++i) subscriber.Enqueue(i);
    Pump(subscriber);
  }

  // With Publish::kGather subscribers need not see it before Flush() or the next kNow.
  PublishStatus Publish(uint64_t key, uint8_t type, std::span<const std::byte> payload,
                        ringway::Publish publish = ringway::Publish::kNow) noexcept {
    if (!IsTopicType(type)) return PublishStatus::kBadType;
    if (!born_here_.Here()) [[unlikely]]
      return PublishStatus::kForked;
    if (payload.size() > options_.payload_bytes_max) return PublishStatus::kTooLarge;
    uint32_t index = LatestTable::kNone;
    if (conflating()) {
      index = latest_.Put(key, type, payload);
      if (index == LatestTable::kNone) return PublishStatus::kTooManyKeys;
    }
    ++counters_.published;
    for (const std::unique_ptr<Subscriber>& subscriber : subscribers_) {
      if (!subscriber->closed) Offer(*subscriber, index, key, type, payload, publish);
    }
    return PublishStatus::kOk;
  }

  void Flush() noexcept {
    if (!born_here_.Here()) return;
    for (const std::unique_ptr<Subscriber>& subscriber : subscribers_) {
      if (!subscriber->closed) (void)subscriber->link->Flush();
    }
  }

  // Sends what waited for room, maintains links, drops ended ones.
  void Poll(int64_t now_ns) noexcept {
    if (!born_here_.Here()) return;
    const bool maintain = now_ns - last_maintain_ns_ >= kNsPerMs;
    if (maintain) last_maintain_ns_ = now_ns;
    for (const std::unique_ptr<Subscriber>& subscriber : subscribers_) {
      if (subscriber->closed) continue;
      Pump(*subscriber);
      if (!maintain) continue;
      auto ignore = [](const Record&) noexcept {};
      (void)subscriber->link->Poll(ignore, kPollMax);  // subscribers send nothing
      const LinkState state = subscriber->link->Maintain(now_ns);
      if (state == LinkState::kClosed) {
        ++counters_.subscribers_gone;
        Close(*subscriber);
      }
    }
    if (!maintain) return;
    for (const std::unique_ptr<Subscriber>& subscriber : subscribers_) {
      if (subscriber->closed && subscriber->forget_ns == 0) {
        subscriber->forget_ns = now_ns + kLingerNs;
      }
    }
    std::erase_if(subscribers_, [now_ns](const std::unique_ptr<Subscriber>& subscriber) {
      return subscriber->closed && now_ns >= subscriber->forget_ns;
    });
  }

  bool forked() const noexcept { return !born_here_.Here(); }

  // Current subscribers, including those whose link closed within the last second.
  uint32_t subscriber_count() const noexcept { return static_cast<uint32_t>(subscribers_.size()); }
  // REQUIRES: index < subscriber_count(). Order of arrival.
  const SubscriberCounters& subscriber(uint32_t index) const noexcept {
    return subscribers_[index]->counters;
  }
  const PublisherCounters& counters() const noexcept { return counters_; }

 private:
  static constexpr uint32_t kPumpMax = 256;  // messages to one subscriber before the others' turn
  static constexpr uint32_t kPollMax = 16;
  // A closed link is kept this long, so that the subscriber can read what was sent last.
  static constexpr int64_t kLingerNs = kNsPerS;

  struct Subscriber {
    std::unique_ptr<L> link;
    bool closed = false;
    int64_t forget_ns = 0;
    // Indices into latest_, oldest first; each at most once, so the ring cannot overflow.
    std::vector<uint32_t> queue;
    std::vector<uint8_t> is_queued;
    uint32_t queue_first = 0;
    SubscriberCounters counters;

    void Enqueue(uint32_t index) noexcept {
      if (is_queued[index] != 0) {
        ++counters.conflated;
        return;
      }
      is_queued[index] = 1;
      queue[(queue_first + counters.waiting++) % queue.size()] = index;
    }
  };

  bool conflating() const noexcept { return options_.slow == SlowSubscriber::kConflate; }

  void Offer(Subscriber& subscriber, uint32_t index, uint64_t key, uint8_t type,
             std::span<const std::byte> payload, ringway::Publish publish) noexcept {
    if (subscriber.counters.waiting != 0) {
      subscriber.Enqueue(index);
      Pump(subscriber);
      return;
    }
    const SendStatus status = Send(subscriber, key, type, payload, publish);
    if (status == SendStatus::kOk) return;
    if (status == SendStatus::kBackPressured && conflating()) {
      subscriber.Enqueue(index);
    } else if (status == SendStatus::kBackPressured) {
      ++counters_.slow_disconnects;
      Close(subscriber);
    }
    // Any other result: the link ended, which Poll() notices.
  }

  SendStatus Send(Subscriber& subscriber, uint64_t key, uint8_t type,
                  std::span<const std::byte> payload, ringway::Publish publish) noexcept {
    const Claim claim =
        subscriber.link->TryClaim(static_cast<uint32_t>(kTopicKeyBytes + payload.size()));
    if (!claim) return claim.status;
    std::memcpy(claim.data, &key, kTopicKeyBytes);
    if (!payload.empty()) {
      std::memcpy(claim.data + kTopicKeyBytes, payload.data(), payload.size());
    }
    const SendStatus status = subscriber.link->Commit(type, publish);
    if (status == SendStatus::kOk) ++subscriber.counters.sent;
    return status;
  }

  void Pump(Subscriber& subscriber) noexcept {
    for (uint32_t i = 0; i != kPumpMax && subscriber.counters.waiting != 0; ++i) {
      const uint32_t index = subscriber.queue[subscriber.queue_first];
      const LatestTable::Entry& entry = latest_.at(index);
      if (Send(subscriber, entry.key, entry.type, latest_.payload(index), ringway::Publish::kNow) !=
          SendStatus::kOk) {
        return;
      }
      subscriber.is_queued[index] = 0;
      subscriber.queue_first =
          static_cast<uint32_t>((subscriber.queue_first + 1) % subscriber.queue.size());
      --subscriber.counters.waiting;
    }
  }

  void Close(Subscriber& subscriber) noexcept {
    subscriber.link->Close();
    subscriber.closed = true;
  }

  BornHere born_here_;
  const PublisherOptions options_;
  LatestTable latest_;  // used when conflating
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  PublisherCounters counters_;
  int64_t last_maintain_ns_ = INT64_MIN / 2;
};

class Publisher : public BasicPublisher<AnyLink> {
 public:
  // Errors: InvalidArgument (options), or the transport's error for the address.
  static absl::StatusOr<std::unique_ptr<Publisher>> Listen(const PublisherOptions& options);

  // Call it at least once a millisecond: it accepts new subscribers and sends waiting messages.
  void Poll();

 private:
  Publisher(const PublisherOptions& options, AnyListener listener)
      : BasicPublisher<AnyLink>(options), listener_(std::move(listener)) {}

  // Subscribers accepted by one Poll(): a rush of them must not delay publication.
  static constexpr uint32_t kAcceptMax = 16;

  AnyListener listener_;
  SteadyUnixClock clock_;
};

}  // namespace ringway
