// MemoryStream: a byte stream inside one thread, with the faults that real ones have, in an order
// that a seed repeats.
//
// Each direction has its own faults and its own chance. Time is the caller's: bytes that are
// delayed arrive when the clock that it passed says so. Nothing is allocated after
// MakeMemoryStreams(). Thread rule: one thread uses both ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/random.h"
#include "transport/stream/byte_stream.h"

namespace ringway {

inline constexpr uint64_t kNoFault = std::numeric_limits<uint64_t>::max();

// Of one direction.
struct StreamFaults {
  uint64_t seed = 1;
  std::size_t buffer_bytes = 64 << 10;    // under way at most; then Write() would block
  std::size_t read_bytes_max = kNoFault;  // by one Read(): 1 splits at every byte
  uint64_t split_at = kNoFault;           // no Read() crosses this offset
  double short_read = 0;                  // the chance that a call moves only a part
  double short_write = 0;
  double would_block = 0;    // the chance that a call moves nothing
  int64_t delay_min_ns = 0;  // how long bytes, and the end, are under way
  int64_t delay_max_ns = 0;
  uint64_t reset_after_bytes = kNoFault;   // were read: then both ends are reset
  uint64_t vanish_after_bytes = kNoFault;  // were written: what follows never arrives, nor the end
};

class MemoryPipe {
 public:
  MemoryPipe(const StreamFaults& faults, const int64_t& now_ns);

  StreamIo Write(std::span<const std::byte> bytes) noexcept;
  StreamIo Read(std::span<std::byte> into) noexcept;
  void End() noexcept;
  void Reset() noexcept { reset_ = true; }
  // Nothing arrives any more, and nobody is told.
  void Vanish() noexcept { faults_.vanish_after_bytes = written_; }
  bool is_reset() const noexcept { return reset_; }
  // Nobody reads any more: the next Write() finds a reset.
  void LeaveUnread() noexcept { unread_ = true; }

 private:
  struct Chunk {
    uint64_t end = 0;  // the offset behind it
    int64_t arrives_ns = 0;
  };
  static constexpr std::size_t kChunksMax = 4096;

  uint64_t Arrived() noexcept;
  void Add(uint64_t end) noexcept;

  StreamFaults faults_;
  const int64_t& now_ns_;
  Random random_;
  std::vector<std::byte> ring_;
  std::vector<Chunk> chunks_;  // a ring too
  std::size_t first_chunk_ = 0;
  std::size_t chunk_count_ = 0;
  uint64_t written_ = 0;
  uint64_t arrived_ = 0;
  uint64_t read_ = 0;
  int64_t last_arrival_ns_ = 0;
  bool ended_ = false;
  bool reset_ = false;
  bool unread_ = false;
};

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::shared_ptr<MemoryPipe> in, std::shared_ptr<MemoryPipe> out)
      : in_(std::move(in)), out_(std::move(out)) {
    peer_.address = "in process";
  }
  ~MemoryStream() override { Close(); }

  StreamIo Read(std::span<std::byte> into) noexcept override;
  StreamIo Write(std::span<const std::byte> bytes) noexcept override;
  void EndWrites() noexcept override;
  void Close() noexcept override;

  // Both ends find the stream reset; what is under way is lost.
  void Reset() noexcept;
  // The other end hears nothing more of this one and is not told: a cable that was cut.
  void Vanish() noexcept;

 private:
  StreamIo SeeReset() noexcept;

  const std::shared_ptr<MemoryPipe> in_;
  const std::shared_ptr<MemoryPipe> out_;
};

struct MemoryStreams {
  std::unique_ptr<MemoryStream> near;
  std::unique_ptr<MemoryStream> far;
};

// `now_ns` outlives both.
MemoryStreams MakeMemoryStreams(const StreamFaults& to_far, const StreamFaults& to_near,
                                const int64_t& now_ns);

}  // namespace ringway
