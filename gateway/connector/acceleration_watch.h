// AccelerationWatch: asks a connection's stack once a second whether it is accelerated, keeps its
// send path warm while it is, and says what follows when that changes.
//
// Thread rule: the engine's thread. Allocates when something changes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_options.h"

namespace ringway {

class AccelerationWatch {
 public:
  AccelerationWatch(bool asks, OnAccelerationLoss on_loss) : asks_(asks), on_loss_(on_loss) {}

  // The stream is a new one.
  void Begin(int64_t now_ns, const ByteStream& stream) noexcept {
    accelerated_ = stream.acceleration().accelerated();
    stops_orders_ = false;
    next_proof_ns_ = now_ns + kNsPerS;
  }
  // What operators have to know; empty: nothing changed.
  std::string Look(int64_t now_ns, ByteStream& stream) {
    if (!asks_ || now_ns < next_proof_ns_) return {};
    next_proof_ns_ = now_ns + kNsPerS;
    const bool now_accelerated = stream.ProveAcceleration().accelerated();
    if (now_accelerated == accelerated_) return {};
    accelerated_ = now_accelerated;
    stops_orders_ = !accelerated_ && on_loss_ == OnAccelerationLoss::kStop;
    return absl::StrCat(accelerated_ ? "the connection is accelerated again: "
                                     : "the connection is NOT ACCELERATED any more: ",
                        Describe(stream.acceleration()),
                        stops_orders_ ? ". New orders are refused, cancels still leave" : "");
  }
  // REQUIRES: nothing waits to be sent.
  void KeepWarm(int64_t now_ns, ByteStream& stream) noexcept {
    if (!accelerated_ || now_ns < warm_at_ns_) return;
    constexpr std::array<std::byte, 52> kLikeAnOrder{};
    stream.WarmSend(kLikeAnOrder);
    NoteSent(now_ns);
  }
  void NoteSent(int64_t now_ns) noexcept { warm_at_ns_ = now_ns + kNsPerMs; }

  // Acceleration was lost, and policy says that no new order leaves.
  bool stops_orders() const noexcept { return stops_orders_; }

 private:
  const bool asks_;
  const OnAccelerationLoss on_loss_;
  bool accelerated_ = false;
  bool stops_orders_ = false;
  int64_t next_proof_ns_ = 0;
  int64_t warm_at_ns_ = 0;
};

}  // namespace ringway
