// A link for tests of sessions and topics: two ends in one thread, whose delivery, room and death
// the test controls.
//
// What one end commits, the other polls, in order. Cut() kills the link; part of what was in flight
// still arrives, as when a process or a network dies. Thread rule: one thread for both ends.
// Nothing allocates after MakeLoopPair().
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "transport/link.h"
#include "transport/options.h"
#include "transport/testing/fake_link_base.h"

namespace ringway {

class LoopLink : public FakeLinkBase {
 public:
  static constexpr uint32_t kPayloadBytesMax = 512;
  static constexpr uint32_t kGatherFramesMax = 64;

  struct Entry {
    uint8_t type;
    uint32_t bytes;
    alignas(8) std::array<std::byte, kPayloadBytesMax> payload;
  };
  // One direction: [received, published) can be polled, [published, committed) is gathered.
  struct Pipe {
    std::vector<Entry> entries;
    uint64_t received = 0;
    uint64_t published = 0;
    uint64_t committed = 0;
    uint32_t waits = 0;  // 1: something can be polled
  };
  struct Shared {
    std::array<Pipe, 2> pipes;
    std::array<bool, 2> closed{};
    std::array<uint8_t, 2> close_codes{};
    bool cut = false;
    LinkIdentity identity;
  };

  LoopLink(std::shared_ptr<Shared> shared, int end) : shared_(std::move(shared)), end_(end) {
    caps_.payload_bytes_max = kPayloadBytesMax;
    caps_.gather_frames_max = kGatherFramesMax;
  }
  ~LoopLink() { shared_->closed[end_] = true; }
  LoopLink(const LoopLink&) = delete;
  LoopLink& operator=(const LoopLink&) = delete;

  Claim TryClaim(uint32_t bytes) noexcept {
    Claim claim;
    if (down()) {
      claim.status = SendStatus::kClosed;
    } else if (bytes > kPayloadBytesMax) {
      claim.status = SendStatus::kTooLarge;
    } else if (out().committed - out().received == out().entries.size()) {
      ++counters_.back_pressured;
      claim.status = SendStatus::kBackPressured;
    } else {
      Entry& entry = out().entries[out().committed % out().entries.size()];
      entry.bytes = bytes;
      claim = {entry.payload.data(), bytes, SendStatus::kOk};
    }
    return claim;
  }
  SendStatus Commit(uint8_t type, Publish publish) noexcept {
    if (down()) return SendStatus::kClosed;
    out().entries[out().committed % out().entries.size()].type = type;
    ++out().committed;
    ++counters_.frames_sent;
    const bool now =
        publish == Publish::kNow || out().committed - out().published ==
                                        std::min<size_t>(kGatherFramesMax, out().entries.size());
    return now ? Flush() : SendStatus::kOk;
  }
  SendStatus Flush() noexcept {
    if (down()) return SendStatus::kClosed;
    out().published = out().committed;
    out().waits = out().published != out().received;
    return SendStatus::kOk;
  }
  template <RecordSink S>
  uint32_t Poll(S& sink, uint32_t budget) noexcept {
    uint32_t count = 0;
    for (; count != budget && in().received != in().published && !shared_->closed[end_]; ++count) {
      const Entry copy = in().entries[in().received % in().entries.size()];
      ++in().received;
      in().waits = in().published != in().received;
      if (!HandOver(sink, Record{copy.type, {copy.payload.data(), copy.bytes}})) {
        --in().received;
        in().waits = 1;
        break;
      }
      ++counters_.frames_received;
    }
    return count;
  }
  ArrivalSign Arrival() const noexcept {
    return {reinterpret_cast<const std::byte*>(&in().waits), 1};
  }
  Record Peek() const noexcept {
    if (waiting() == 0) return {};
    const Entry& next = in().entries[in().received % in().entries.size()];
    return {next.type, {next.payload.data(), next.bytes}};
  }
  LinkState Maintain(int64_t) noexcept { return state(); }
  void Close(uint8_t code = 0) noexcept {
    if (!down()) shared_->close_codes[end_] = code;
    shared_->closed[end_] = true;
  }

  LinkState state() const noexcept { return down() ? LinkState::kClosed : LinkState::kLive; }
  CloseReason close_reason() const noexcept {
    if (shared_->closed[end_]) return CloseReason::kLocal;
    if (shared_->cut) return CloseReason::kPeerDead;
    return shared_->closed[1 - end_] ? CloseReason::kPeerClosed : CloseReason::kNone;
  }
  // Arrives after all committed records.
  uint8_t peer_close_code() const noexcept {
    return waiting() == 0 ? shared_->close_codes[1 - end_] : 0;
  }
  uint32_t epoch() const noexcept { return shared_->identity.epoch; }
  const LinkNonces& nonces() const noexcept { return shared_->identity.nonces; }
  const LinkIdentity& identity() const noexcept { return shared_->identity; }
  const Caps& caps() const noexcept { return caps_; }
  const LinkCounters& counters() const noexcept { return counters_; }

  // --- What tests do to a link ---

  // The link dies for both ends; of the records in flight to each, the first `arriving` still
  // arrive.
  void Cut(uint64_t arriving) noexcept {
    shared_->cut = true;
    for (Pipe& pipe : shared_->pipes) {
      pipe.published = std::min(pipe.committed, pipe.received + arriving);
      pipe.waits = pipe.published != pipe.received;
    }
  }
  uint64_t waiting() const noexcept { return in().published - in().received; }

 private:
  bool down() const noexcept { return shared_->cut || shared_->closed[0] || shared_->closed[1]; }
  Pipe& out() noexcept { return shared_->pipes[end_]; }
  Pipe& in() noexcept { return shared_->pipes[1 - end_]; }
  const Pipe& in() const noexcept { return shared_->pipes[1 - end_]; }

  std::shared_ptr<Shared> shared_;
  int end_;
  Caps caps_;
  LinkCounters counters_;
};
static_assert(Link<LoopLink>);

struct LoopPair {
  std::unique_ptr<LoopLink> client;
  std::unique_ptr<LoopLink> listener;
};

// `number` makes the pair's nonces unique. `room`: records in flight per direction. `identity`:
// whom the listener takes the client for.
inline LoopPair MakeLoopPair(uint64_t number, uint32_t epoch = 1, uint32_t room = 256,
                             const LinkIdentity& identity = {}) {
  auto shared = std::make_shared<LoopLink::Shared>();
  for (LoopLink::Pipe& pipe : shared->pipes) pipe.entries.resize(room);
  shared->identity = identity;
  shared->identity.epoch = epoch;
  std::memcpy(shared->identity.nonces.client.data(), &number, sizeof(number));
  const uint64_t other = ~number;
  std::memcpy(shared->identity.nonces.listener.data(), &other, sizeof(other));
  return {std::make_unique<LoopLink>(shared, 0), std::make_unique<LoopLink>(shared, 1)};
}

}  // namespace ringway
