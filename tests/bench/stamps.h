// Stamps: when the engine's thread of a gateway passed the probes on an order's path.
//
// A gateway that is compiled with `-include tests/bench/stamps.h` notes the time-stamp counter at
// these probes (base/probe.h) in a file that the bench has mapped too. The probe costs about 10 ns
// more than the one instruction that the shipped program has.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/clock.h"
#include "base/probe.h"

namespace ringway::bench {

inline constexpr const char* kStampsVariable = "RINGWAY_STAMPS";  // names the file

enum class Stamp : uint64_t {
  kTaken,      // the session layer has the request
  kMade,       // the engine's step is done
  kRecorded,   // its record is complete in the journal's memory
  kQueued,     // its effects are in the rings and queues of their receivers
  kBurstSent,  // the venue has the requests
  kHeard,      // the venue's next report
  kNone,
};
struct StampName {
  std::string_view probe;
  Stamp stamp;
};
inline constexpr std::array<StampName, 6> kStampNames = {{
    {"gateway_request_taken", Stamp::kTaken},
    {"gateway_step_made", Stamp::kMade},
    {"journal_published", Stamp::kRecorded},
    {"gateway_effects_queued", Stamp::kQueued},
    {"gateway_burst_sent", Stamp::kBurstSent},
    {"gateway_venue_heard", Stamp::kHeard},
}};
consteval Stamp StampOf(std::string_view probe) {
  for (const StampName& name : kStampNames) {
    if (name.probe == probe) return name.stamp;
  }
  return Stamp::kNone;
}

// The last stamps, in the order of their numbers from 0. One writer: the engine's thread.
struct StampFile {
  static constexpr uint64_t kStamps = 1u << 16;
  struct Entry {
    uint64_t tsc;
    Stamp stamp;
  };
  alignas(64) std::atomic<uint64_t> next;  // pairs with the reader's load
  alignas(64) std::array<Entry, kStamps> entries;

  void Add(Stamp stamp) noexcept {
    const uint64_t number = next.load(std::memory_order_relaxed);
    entries[number % kStamps] = {ReadTsc(), stamp};
    next.store(number + 1, std::memory_order_release);
  }
};

// Null: the file cannot be mapped. Stays mapped until the process ends.
inline StampFile* MapStamps(const char* path, bool create) noexcept {
  if (path == nullptr) return nullptr;
  const int fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
  if (fd < 0) return nullptr;
  void* memory = MAP_FAILED;
  if (!create || ftruncate(fd, sizeof(StampFile)) == 0) {
    memory =
        mmap(nullptr, sizeof(StampFile), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  }
  close(fd);
  return memory == MAP_FAILED ? nullptr : static_cast<StampFile*>(memory);
}

// Of a gateway that is compiled with stamps.
inline StampFile* const own_stamps = MapStamps(std::getenv(kStampsVariable), false);

}  // namespace ringway::bench

#ifdef RINGWAY_STAMP_PROBES
#undef RINGWAY_PROBE
#define RINGWAY_PROBE(name)                                                             \
  do {                                                                                  \
    constexpr ::ringway::bench::Stamp ringway_stamp = ::ringway::bench::StampOf(#name); \
    if constexpr (ringway_stamp != ::ringway::bench::Stamp::kNone) {                    \
      if (::ringway::bench::own_stamps != nullptr)                                      \
        ::ringway::bench::own_stamps->Add(ringway_stamp);                               \
    }                                                                                   \
  } while (false)
#endif
