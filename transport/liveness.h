// Liveness: when an end says that it lives, and whether the other end still does.
//
// The same for both ends of a link, which heartbeat by state lines (ring_link.h), and of a session,
// by Heartbeat messages (msg/sequenced_link.h). What counts as hearing the other end, and what
// follows from its death, is theirs. Thread rule: one thread.
#pragma once

#include <cstdint>

namespace ringway {

struct LivenessLimits {
  static constexpr int64_t kNever = INT64_MAX;
  int64_t heartbeat_ns = kNever;      // interval of this end's heartbeats
  int64_t suspect_after_ns = kNever;  // of silence
  int64_t dead_after_ns = kNever;     // of silence; not less
};

enum class Life : uint8_t { kAlive, kSuspect, kDead };

class Liveness {
 public:
  // Time begins with the first Turn(), in which a heartbeat is due.
  explicit Liveness(const LivenessLimits& limits) noexcept : limits_(limits) {}
  // Both ends have just spoken.
  Liveness(const LivenessLimits& limits, int64_t now_ns) noexcept
      : limits_(limits), turned_ns_(now_ns), sent_ns_(now_ns), heard_ns_(now_ns) {}

  void SetLimits(const LivenessLimits& limits) noexcept { limits_ = limits; }

  // Call it in every turn of this end's upkeep, before the rest. Silence counts only while this end
  // could notice it: not before the first turn, nor while its process was stopped.
  void Turn(int64_t now_ns) noexcept {
    if (now_ns - turned_ns_ > limits_.suspect_after_ns) heard_ns_ = now_ns;
    turned_ns_ = now_ns;
  }
  void Heard(int64_t now_ns) noexcept { heard_ns_ = now_ns; }
  Life Judge(int64_t now_ns) const noexcept {
    const int64_t silent_ns = now_ns - heard_ns_;
    if (silent_ns > limits_.dead_after_ns) return Life::kDead;
    return silent_ns > limits_.suspect_after_ns ? Life::kSuspect : Life::kAlive;
  }

  bool HeartbeatDue(int64_t now_ns) const noexcept {
    return now_ns - sent_ns_ >= limits_.heartbeat_ns;
  }
  void Sent(int64_t now_ns) noexcept { sent_ns_ = now_ns; }

 private:
  static constexpr int64_t kLongAgoNs = INT64_MIN / 2;  // no difference to it overflows

  LivenessLimits limits_;
  int64_t turned_ns_ = kLongAgoNs;
  int64_t sent_ns_ = kLongAgoNs;
  int64_t heard_ns_ = kLongAgoNs;
};

}  // namespace ringway
