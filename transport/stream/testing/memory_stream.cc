// Moves bytes through a ring in memory, as badly as it was told to.
#include "transport/stream/testing/memory_stream.h"

#include <algorithm>
#include <cstring>

namespace ringway {

MemoryPipe::MemoryPipe(const StreamFaults& faults, const int64_t& now_ns)
    : faults_(faults),
      now_ns_(now_ns),
      random_(faults.seed),
      ring_(faults.buffer_bytes),
      chunks_(kChunksMax) {}

// Offsets that have no room of their own arrive with the last of the others.
void MemoryPipe::Add(uint64_t end) noexcept {
  const int64_t delay_ns = random_.Between(faults_.delay_min_ns, faults_.delay_max_ns);
  last_arrival_ns_ = std::max(last_arrival_ns_, now_ns_ + delay_ns);
  if (chunk_count_ == kChunksMax) {
    chunks_[(first_chunk_ + chunk_count_ - 1) % kChunksMax] = {end, last_arrival_ns_};
    return;
  }
  chunks_[(first_chunk_ + chunk_count_++) % kChunksMax] = {end, last_arrival_ns_};
}

uint64_t MemoryPipe::Arrived() noexcept {
  while (chunk_count_ != 0 && chunks_[first_chunk_].arrives_ns <= now_ns_) {
    arrived_ = chunks_[first_chunk_].end;
    first_chunk_ = (first_chunk_ + 1) % kChunksMax;
    --chunk_count_;
  }
  return std::min(arrived_, faults_.vanish_after_bytes);
}

StreamIo MemoryPipe::Write(std::span<const std::byte> bytes) noexcept {
  if (reset_ || unread_) return {StreamStatus::kReset};
  if (ended_) return {StreamStatus::kEnded};
  if (bytes.empty()) return {};
  std::size_t count = std::min<std::size_t>(bytes.size(), ring_.size() - (written_ - read_));
  if (count == 0 || random_.Chance(faults_.would_block)) return {StreamStatus::kWouldBlock};
  if (random_.Chance(faults_.short_write)) count = random_.Below(count) + 1;
  for (std::size_t done = 0; done < count;) {
    const std::size_t at = (written_ + done) % ring_.size();
    const std::size_t run = std::min(count - done, ring_.size() - at);
    std::memcpy(ring_.data() + at, bytes.data() + done, run);
    done += run;
  }
  written_ += count;
  Add(written_);
  return {StreamStatus::kOk, count};
}

StreamIo MemoryPipe::Read(std::span<std::byte> into) noexcept {
  if (reset_) return {StreamStatus::kReset};
  const uint64_t arrived = Arrived();
  if (read_ == arrived) {
    const bool end_arrived = ended_ && chunk_count_ == 0 && written_ <= faults_.vanish_after_bytes;
    return {end_arrived ? StreamStatus::kEnded : StreamStatus::kWouldBlock};
  }
  if (into.empty()) return {};
  if (random_.Chance(faults_.would_block)) return {StreamStatus::kWouldBlock};
  std::size_t count =
      std::min({into.size(), static_cast<std::size_t>(arrived - read_), faults_.read_bytes_max});
  if (read_ < faults_.reset_after_bytes) {
    count = std::min<uint64_t>(count, faults_.reset_after_bytes - read_);
  }
  if (read_ < faults_.split_at) count = std::min<uint64_t>(count, faults_.split_at - read_);
  if (random_.Chance(faults_.short_read)) count = random_.Below(count) + 1;
  for (std::size_t done = 0; done < count;) {
    const std::size_t at = (read_ + done) % ring_.size();
    const std::size_t run = std::min(count - done, ring_.size() - at);
    std::memcpy(into.data() + done, ring_.data() + at, run);
    done += run;
  }
  read_ += count;
  // The bytes up to there were still read.
  if (read_ >= faults_.reset_after_bytes) reset_ = true;
  return {StreamStatus::kOk, count};
}

void MemoryPipe::End() noexcept {
  if (ended_) return;
  ended_ = true;
  Add(written_);
}

StreamIo MemoryStream::SeeReset() noexcept {
  in_->Reset();
  out_->Reset();
  state_ = StreamState::kReset;
  error_.Set({"the peer ended the connection at once (reset)"});
  return Final();
}

StreamIo MemoryStream::Read(std::span<std::byte> into) noexcept {
  if (const StreamIo io = Final(); io.status != StreamStatus::kOk) return io;
  if (state_ == StreamState::kEnded) return {StreamStatus::kEnded};
  if (into.empty()) return {};
  const StreamIo io = in_->Read(into);
  if (io.status == StreamStatus::kReset) return SeeReset();
  if (io.status == StreamStatus::kEnded) state_ = StreamState::kEnded;
  return io;
}

StreamIo MemoryStream::Write(std::span<const std::byte> bytes) noexcept {
  if (const StreamIo io = Final(); io.status != StreamStatus::kOk) return io;
  if (writes_ended_) return {StreamStatus::kEnded};
  if (bytes.empty()) return {};
  const StreamIo io = out_->Write(bytes);
  return io.status == StreamStatus::kReset ? SeeReset() : io;
}

void MemoryStream::EndWrites() noexcept {
  if (writes_ended_ || Final().status != StreamStatus::kOk) return;
  writes_ended_ = true;
  out_->End();
}

void MemoryStream::Close() noexcept {
  EndWrites();
  in_->LeaveUnread();
  if (Final().status == StreamStatus::kOk) state_ = StreamState::kClosed;
}

void MemoryStream::Reset() noexcept {
  in_->Reset();
  out_->Reset();
  if (Final().status == StreamStatus::kOk) state_ = StreamState::kClosed;
}

void MemoryStream::Vanish() noexcept {
  in_->Vanish();
  out_->Vanish();
}

MemoryStreams MakeMemoryStreams(const StreamFaults& to_far, const StreamFaults& to_near,
                                const int64_t& now_ns) {
  auto out = std::make_shared<MemoryPipe>(to_far, now_ns);
  auto in = std::make_shared<MemoryPipe>(to_near, now_ns);
  return {std::make_unique<MemoryStream>(in, out), std::make_unique<MemoryStream>(out, in)};
}

}  // namespace ringway
