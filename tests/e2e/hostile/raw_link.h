// The bytes of a shared-memory link, written and read by hand: any hello, any descriptor, any
// frame.
//
// No call waits for the gateway longer than it is told to. Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/port/shm_region.h"
#include "transport/unique_fd.h"

namespace ringway::hostile {

// Memory for one side, for one link or many, in turn or at once.
absl::StatusOr<ShmRegion> MakeRegion(uint32_t ring_bytes);

// A valid hello.
LinkHello HelloFor(const ShmRegion& region, uint32_t ring_bytes, uint32_t epoch, uint64_t peer_key);

// Returns an unconnected descriptor if nobody listens or the backlog is full.
UniqueFd TryConnect(const std::string& path) noexcept;

struct Answer {
  LinkReply reply;
  UniqueFd fd;  // the gateway's region, if it accepted
};
// The gateway's answer to the hello, if it arrives in time.
std::optional<Answer> AwaitReply(int socket, int64_t patience_ns);

}  // namespace ringway::hostile
