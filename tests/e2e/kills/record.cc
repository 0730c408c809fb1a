// Implements record.h: the layout of a record in its file.
#include "tests/e2e/kills/record.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/check.h"
#include "base/clock.h"

namespace ringway::kills {
namespace {

constexpr uint64_t kHeadBytes = 4096;

}  // namespace

Record::Record(const std::string& path, uint64_t events_max)
    : bytes_(kHeadBytes + events_max * sizeof(sim::Event)), events_max_(events_max) {
  static_assert(sizeof(Head) <= kHeadBytes && std::is_trivially_copyable_v<sim::Event>);
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  RINGWAY_CHECK(fd >= 0 && ftruncate(fd, static_cast<off_t>(bytes_)) == 0,
                "a record's file can be made");
  void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  RINGWAY_CHECK(memory != MAP_FAILED, "a record's file can be mapped");
  close(fd);
  head_ = static_cast<Head*>(memory);  // a new file is zeros, which is an empty record
  events_ = reinterpret_cast<sim::Event*>(static_cast<std::byte*>(memory) + kHeadBytes);
}

Record::~Record() { munmap(head_, bytes_); }

void Record::Add(sim::EventKind kind, uint32_t id, uint64_t seq, FrameType type,
                 std::span<const std::byte> payload, uint64_t other) noexcept {
  const uint64_t count = head_->events.load(std::memory_order_relaxed);
  RINGWAY_CHECK(count < events_max_, "a record has room for what the plan makes");
  sim::Event& event = events_[count];
  event = {};
  event.kind = kind;
  event.type = type;
  event.id = id;
  event.seq = seq;
  event.other = other;
  event.time_ns = MonotonicNowNs();
  event.payload_bytes = static_cast<uint16_t>(std::min(payload.size(), event.payload.size()));
  if (!payload.empty()) std::memcpy(event.payload.data(), payload.data(), event.payload_bytes);
  head_->events.store(count + 1, std::memory_order_release);  // pairs with events()
}

void Record::Retract() noexcept { head_->events.fetch_sub(1, std::memory_order_release); }

}  // namespace ringway::kills
