// A fake link that tests can cut at will, losing exactly what was in flight.
//
// A link of two queues in one process and one thread; only for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/connector/link/dialer.h"
#include "transport/link.h"
#include "transport/options.h"
#include "transport/testing/fake_link_base.h"

namespace ringway {

// Two ends of a pipe that can be cut; what was in flight is then lost.
struct FakeWire {
  struct Item {
    uint8_t type;
    std::vector<std::byte> bytes;
  };
  std::deque<Item> pipes[2];  // by the end that reads
  size_t room = 1000;         // records per pipe
  bool cut = false;

  void Cut() {
    cut = true;
    pipes[0].clear();
    pipes[1].clear();
  }
};

class FakeLink : public FakeLinkBase {
 public:
  FakeLink(std::shared_ptr<FakeWire> wire, int end, uint32_t epoch)
      : wire_(std::move(wire)), end_(end) {
    identity_.peer_key = 1;
    identity_.epoch = epoch;
    identity_.nonces.client.fill(std::byte{1});
    identity_.nonces.listener.fill(std::byte{2});
  }

  Claim TryClaim(uint32_t bytes) noexcept {
    if (wire_->cut) return Claim::Refused(SendStatus::kClosed);
    if (wire_->pipes[1 - end_].size() >= wire_->room) {
      return Claim::Refused(SendStatus::kBackPressured);
    }
    claimed_.assign(bytes, std::byte{0});
    return {claimed_.data(), bytes, SendStatus::kOk};
  }
  SendStatus Commit(uint8_t type, Publish) noexcept {
    wire_->pipes[1 - end_].push_back({type, claimed_});
    return SendStatus::kOk;
  }
  SendStatus Flush() noexcept { return SendStatus::kOk; }
  template <RecordSink S>
  uint32_t Poll(S&& sink, uint32_t budget) noexcept {
    uint32_t count = 0;
    auto& pipe = wire_->pipes[end_];
    for (; count != budget && !pipe.empty(); ++count) {
      const FakeWire::Item item = pipe.front();
      pipe.pop_front();
      if (!HandOver(sink, Record{.type = item.type, .payload = item.bytes})) {
        pipe.push_front(item);
        break;
      }
    }
    return count;
  }
  ArrivalSign Arrival() const noexcept { return {}; }
  Record Peek() const noexcept { return {}; }
  LinkState Maintain(int64_t) noexcept { return state(); }
  void Close(uint8_t = 0) noexcept { wire_->cut = true; }
  LinkState state() const noexcept { return wire_->cut ? LinkState::kClosed : LinkState::kLive; }
  CloseReason close_reason() const noexcept { return CloseReason::kNone; }
  uint8_t peer_close_code() const noexcept { return 0; }
  uint32_t epoch() const noexcept { return identity_.epoch; }
  const LinkIdentity& identity() const noexcept { return identity_; }
  const LinkNonces& nonces() const noexcept { return identity_.nonces; }
  uint64_t peer_key() const noexcept { return identity_.peer_key; }
  const Caps& caps() const noexcept { return caps_; }
  const LinkCounters& counters() const noexcept { return counters_; }

 private:
  std::shared_ptr<FakeWire> wire_;
  int end_;
  LinkIdentity identity_;
  std::vector<std::byte> claimed_;
  Caps caps_;
  LinkCounters counters_;
};

// Connects the two sides of a fake connection. Outlives both.
struct FakeNetwork {
  bool reachable = true;
  uint32_t epoch = 0;
  std::shared_ptr<FakeWire> wire;
  std::unique_ptr<FakeLink> far_end;
};

class FakeDialer final : public Dialer<FakeLink> {
 public:
  explicit FakeDialer(FakeNetwork& network) : network_(network) {}
  void Start() override { under_way_ = true; }
  DialState Poll(std::unique_ptr<FakeLink>& link) override {
    if (!under_way_) return DialState::kIdle;
    under_way_ = false;
    if (!network_.reachable) return DialState::kFailed;
    network_.wire = std::make_shared<FakeWire>();
    ++network_.epoch;
    link = std::make_unique<FakeLink>(network_.wire, 0, network_.epoch);
    network_.far_end = std::make_unique<FakeLink>(network_.wire, 1, network_.epoch);
    return DialState::kConnected;
  }

 private:
  FakeNetwork& network_;
  bool under_way_ = false;
};

}  // namespace ringway
