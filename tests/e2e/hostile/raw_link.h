// The bytes of a shared-memory link, written and read by hand: any hello, any descriptor, any
// frame.
//
// Nothing of it waits for the gateway longer than it is told to. Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "transport/port/shm_handshake.h"
#include "transport/port/shm_region.h"
#include "transport/port/unique_fd.h"

namespace ringway::hostile {

// Memory for one side, which one link or many may use, one after the other or all at once.
absl::StatusOr<ShmRegion> MakeRegion(uint32_t ring_bytes);

// A hello that is in order.
ShmHello HelloFor(const ShmRegion& region, uint32_t ring_bytes, uint32_t epoch, uint64_t peer_key);

// An unconnected descriptor where nobody listens or the backlog is full.
UniqueFd TryConnect(const std::string& path) noexcept;

struct Answer {
  ShmReply reply;
  UniqueFd fd;  // the gateway's region, where it accepted
};
// What the gateway says to the hello, if it does so in time.
std::optional<Answer> AwaitReply(int socket, int64_t patience_ns);

}  // namespace ringway::hostile
