// Implements fuzz_link.h: writes frames and state words byte by byte.
#include "tests/e2e/hostile/fuzz_link.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "transport/port/shm_socket.h"

namespace ringway::hostile {
namespace {

constexpr int64_t kReplyPatienceNs = 5 * kNsPerS;
constexpr int64_t kRoomPatienceNs = 5 * kNsPerS;
constexpr uint32_t kNapUs = 20;
// Kept free after the last frame: a cleared head, the closing frame, and as much again.
constexpr uint64_t kKeptFreeBytes = 4 * kGranuleBytes;

}  // namespace

FuzzLink::Opened FuzzLink::Open(const std::string& path, ShmRegion& region, uint32_t epoch,
                                uint64_t peer_key) {
  Opened opened;
  UniqueFd socket = TryConnect(path);
  if (!socket) return opened;
  std::memset(region.ring(), 0, kFuzzRingBytes);
  std::memset(region.state(), 0, sizeof(StateLine));
  region.state()->epoch = epoch;
  region.state()->next_seq = 1;
  const LinkHello hello = HelloFor(region, kFuzzRingBytes, epoch, peer_key);
  if (!SendMessage(socket.get(), std::as_bytes(std::span(&hello, 1)), region.fd()).ok()) {
    return opened;
  }
  std::optional<Answer> answer = AwaitReply(socket.get(), kReplyPatienceNs);
  if (!answer) return opened;
  opened.answered = true;
  opened.reply = answer->reply;
  if (answer->reply.status != LinkStatus::kOk) return opened;
  const uint64_t bytes = answer->reply.port_word;
  void* const memory = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, answer->fd.get(), 0);
  if (memory == MAP_FAILED) return opened;
  opened.link.reset(new FuzzLink(region, Mapped(static_cast<const std::byte*>(memory), {bytes}),
                                 std::move(socket), {hello.nonce, answer->reply.nonce}, epoch));
  return opened;
}

void FuzzLink::Unmap::operator()(const std::byte* memory) const noexcept {
  munmap(const_cast<std::byte*>(memory), bytes);
}

FuzzLink::FuzzLink(ShmRegion& region, Mapped peer, UniqueFd socket, const LinkNonces& nonces,
                   uint32_t epoch)
    : region_(region),
      peer_(std::move(peer)),
      socket_(std::move(socket)),
      nonces_(nonces),
      epoch_(epoch) {}

void FuzzLink::Beat() noexcept {
  StateLine& line = *region_.state();
  StoreShared(line.next_seq, uint64_t{seq_in_}, std::memory_order_relaxed);
  StoreShared(line.heartbeat, line.heartbeat + 1, std::memory_order_relaxed);
  StoreShared(line.consumed, taken_, std::memory_order_release);  // of TryClaim()
}

bool FuzzLink::over() const noexcept {
  const uint32_t flags = LoadShared(peer_state().flags, std::memory_order_acquire);  // of Close()
  return (flags & kStateClosed) != 0 || PeerHungUp(socket_.get());
}

bool FuzzLink::AwaitRoom(uint64_t bytes) noexcept {
  int64_t deadline_ns = 0;
  while (put_ + bytes + kKeptFreeBytes >
         LoadShared(peer_state().consumed, std::memory_order_acquire) + kFuzzRingBytes) {
    const int64_t now_ns = MonotonicNowNs();
    if (deadline_ns == 0) deadline_ns = now_ns + kRoomPatienceNs;
    if (over() || now_ns > deadline_ns) return false;
    (void)Take([](uint8_t, std::span<const std::byte>) {});
    SendWake(socket_.get());
    usleep(kNapUs);
  }
  return true;
}

void FuzzLink::AwaitRead(int64_t patience_ns) noexcept {
  const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
  while (LoadShared(peer_state().consumed, std::memory_order_acquire) < put_ && !over() &&
         MonotonicNowNs() < deadline_ns) {
    (void)Take([](uint8_t, std::span<const std::byte>) {});
    usleep(kNapUs);
  }
}

bool FuzzLink::Put(uint8_t type, std::span<const std::byte> payload) {
  const uint64_t bytes = FrameBytes(payload.size());
  const uint64_t lap = (put_ / kFuzzRingBytes + 1) * kFuzzRingBytes;
  const bool pads = put_ + bytes > lap;
  if (!AwaitRoom(bytes + (pads ? lap - put_ : 0))) return false;
  if (pads) {
    Write(kGranuleBytes, kFrameTypePad, {}, {});
    put_ = lap;
  }
  Write(bytes, type, payload, {});
  put_ += bytes;
  return true;
}

void FuzzLink::PutTwisted(uint8_t type, std::span<const std::byte> payload, const Twist& twist) {
  const uint64_t bytes = FrameBytes(payload.size());
  if (put_ % kFuzzRingBytes + bytes > kFuzzRingBytes || !AwaitRoom(bytes)) return;
  Write(bytes, type, payload, twist);
}

void FuzzLink::Write(uint64_t bytes, uint8_t type, std::span<const std::byte> payload,
                     const Twist& twist) {
  std::byte* const at = region_.ring() + put_ % kFuzzRingBytes;
  std::byte* const next = region_.ring() + (put_ + bytes) % kFuzzRingBytes;
  const FrameTail tail = twist.tail.value_or(FrameTail{0, seq_out_});
  const FrameHead head =
      twist.head.value_or(FrameHead{seq_out_, static_cast<uint16_t>(payload.size()), type, 0});
  StoreShared(WordAt(next), 0, std::memory_order_relaxed);
  if (!payload.empty()) std::memcpy(at + kFrameHeadBytes, payload.data(), payload.size());
  WordAt(at + bytes - kFrameTailBytes) = PackTail(tail);
  StoreShared(WordAt(at), PackHead(head), std::memory_order_release);  // of the gateway's Poll()
  if (++seq_out_ == 0) ++seq_out_;
  // Wakes a sleeping gateway; one that falls asleep just now soon finds the frame by itself.
  if ((LoadShared(peer_state().flags, std::memory_order_relaxed) & kStateSleeping) != 0) {
    SendWake(socket_.get());
  }
}

}  // namespace ringway::hostile
