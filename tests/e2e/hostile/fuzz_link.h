// One end of a shared-memory link that writes whatever bytes it is told to, at full speed.
//
// It keeps the ring's rules (transport/RING.md) unless asked for a frame that breaks them, so that
// the gateway keeps reading. Thread rule: one thread. Lifetime: the caller owns the region, which
// may serve one link after another.
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
#include "transport/unique_fd.h"

namespace ringway::hostile {

inline constexpr uint32_t kFuzzRingBytes = 64u << 10;

class FuzzLink {
 public:
  // The gateway's answer to a hello, and the link if it accepted a valid one.
  struct Opened {
    bool answered = false;
    LinkReply reply{};
    std::unique_ptr<FuzzLink> link = nullptr;
  };
  static Opened Open(const std::string& path, ShmRegion& region, uint32_t epoch, uint64_t peer_key);

  // False values for a frame's head and tail.
  struct Twist {
    std::optional<FrameHead> head = {};
    std::optional<FrameTail> tail = {};
  };

  // Publishes a frame; false if the gateway frees no room for it in time, or the link has ended.
  bool Put(uint8_t type, std::span<const std::byte> payload);
  // As Put(), but with another head or tail, on which the gateway ends the link.
  void PutTwisted(uint8_t type, std::span<const std::byte> payload, const Twist& twist);
  // The state line, for writing as a broken peer might.
  StateLine& state() noexcept { return *region_.state(); }

  // Takes what the gateway sent, passes each record to the sink (type, payload), and gives the
  // credit back.
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
  // Waits, up to `patience_ns`, until the gateway has read everything that was put.
  void AwaitRead(int64_t patience_ns) noexcept;
  // Number of numbered messages taken.
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
  // Waits for room for this many bytes.
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
