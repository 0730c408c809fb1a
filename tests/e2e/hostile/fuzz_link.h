// One end of a shared-memory link that writes whatever bytes it is told to, at full speed.
//
// It keeps the ring's rules (transport/RING.md) as long as nobody asks for a frame that breaks
// them, so that the gateway reads on. Thread rule: one thread. Lifetime: the region is the caller's
// and may serve one link after the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "msg/session_protocol.h"
#include "tests/e2e/hostile/raw_link.h"
#include "transport/frame.h"
#include "transport/options.h"
#include "transport/port/shm_region.h"
#include "transport/port/unique_fd.h"

namespace ringway::hostile {

inline constexpr uint32_t kFuzzRingBytes = 64u << 10;

class FuzzLink {
 public:
  // The gateway's answer to a hello, and the link where it accepted one that was in order.
  struct Opened {
    bool answered = false;
    ShmReply reply{};
    std::unique_ptr<FuzzLink> link = nullptr;
  };
  static Opened Open(const std::string& path, ShmRegion& region, uint32_t epoch, uint64_t peer_key);

  // What a frame's head and tail say instead of what they should.
  struct Twist {
    std::optional<FrameHead> head = {};
    std::optional<FrameTail> tail = {};
  };

  // Publishes a frame; false when the gateway gives no room for it in time, or the link is over.
  bool Put(uint8_t type, std::span<const std::byte> payload);
  // As Put(), but with another head or tail. What the gateway makes of it is the end of the link.
  void PutTwisted(uint8_t type, std::span<const std::byte> payload, const Twist& twist);
  // Words of the state line, as a broken peer might write them.
  StateLine& state() noexcept { return *region_.state(); }

  // Takes what the gateway sent, hands each record to the sink (type, payload), and says so.
  template <class Sink>
  uint32_t Take(Sink&& sink, uint32_t budget = 4'096) {
    uint32_t count = 0;
    while (count != budget) {
      const std::byte* at = peer_.get() + kShmRingOffset + taken_ % kFuzzRingBytes;
      const uint64_t word = LoadShared(WordAt(at), std::memory_order_acquire);  // of Commit()
      const FrameHead head = UnpackHead(word);
      if (head.seq != seq_in_) break;
      if (++seq_in_ == 0) ++seq_in_;
      if (head.type == kFrameTypePad) {
        taken_ = (taken_ / kFuzzRingBytes + 1) * kFuzzRingBytes;
        continue;
      }
      ++count;
      reports_ += IsReportType(head.type);
      sink(head.type, std::span(at + kFrameHeadBytes, head.len));
      taken_ += FrameBytes(head.len);
    }
    Beat();
    return count;
  }
  bool over() const noexcept;
  // Waits until the gateway has read all that was put, if it does so in time.
  void AwaitRead(int64_t patience_ns) noexcept;
  // Numbered messages that were taken.
  uint64_t reports() const noexcept { return reports_; }

  const LinkNonces& nonces() const noexcept { return nonces_; }
  uint32_t epoch() const noexcept { return epoch_; }

 private:
  struct Unmap {
    uint64_t bytes = 0;
    void operator()(const std::byte* memory) const noexcept;
  };
  using Mapped = std::unique_ptr<const std::byte, Unmap>;

  FuzzLink(ShmRegion& region, Mapped peer, UniqueFd socket, const LinkNonces& nonces,
           uint32_t epoch);

  const StateLine& peer_state() const noexcept {
    return *reinterpret_cast<const StateLine*>(peer_.get());
  }

  void Beat() noexcept;
  // Whether there is room for so many bytes.
  bool AwaitRoom(uint64_t bytes) noexcept;
  void Write(uint64_t bytes, uint8_t type, std::span<const std::byte> payload, const Twist& twist);

  ShmRegion& region_;
  Mapped peer_;
  UniqueFd socket_;
  LinkNonces nonces_;
  uint32_t epoch_;
  uint64_t put_ = 0;
  uint32_t seq_out_ = 1;
  uint64_t taken_ = 0;
  uint32_t seq_in_ = 1;
  uint64_t reports_ = 0;
};

}  // namespace ringway::hostile
