// Owning wrappers for the RDMA connection manager's channels, identifiers and events, with
// deadlines.
//
// Thread rule: set-up code, but VerbsId::TakeEvents() by the link's thread.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/port/verbs_gid.h"
#include "transport/uri.h"

struct rdma_cm_id;
struct rdma_event_channel;

namespace ringway {

// One event, copied and already acknowledged, so that its handler holds up nothing.
struct VerbsCmEvent {
  int type = 0;    // rdma_cm_event_type
  int status = 0;  // a negative errno, or a rejection's reason
  rdma_cm_id* id = nullptr;
  std::array<std::byte, 256> data{};  // the peer's private data and whatever follows it
  std::size_t data_bytes = 0;

  std::span<const std::byte> private_data() const noexcept {
    return std::span(data).first(data_bytes);
  }
};

class VerbsCmChannel {
 public:
  // Non-blocking. Errors: as ExplainNoRdma().
  static absl::StatusOr<std::unique_ptr<VerbsCmChannel>> Create();
  ~VerbsCmChannel();
  VerbsCmChannel(const VerbsCmChannel&) = delete;
  VerbsCmChannel& operator=(const VerbsCmChannel&) = delete;

  // The next event, if there is one.
  std::optional<VerbsCmEvent> TryNext() noexcept;
  // Waits for it until deadline_ns (monotonic). Errors: DeadlineExceeded.
  absl::StatusOr<VerbsCmEvent> Next(int64_t deadline_ns);

  rdma_event_channel* get() const noexcept { return channel_; }
  int fd() const noexcept;

 private:
  explicit VerbsCmChannel(rdma_event_channel* channel) noexcept : channel_(channel) {}
  rdma_event_channel* channel_;
};

// One end of a connection. It has its own channel, except while a listener sets it up.
class VerbsId {
 public:
  VerbsId() = default;
  // Adopts an identifier whose channel is owned elsewhere.
  explicit VerbsId(rdma_cm_id* id) noexcept : id_(id) {}
  VerbsId(VerbsId&& other) noexcept;
  VerbsId& operator=(VerbsId&& other) noexcept;
  ~VerbsId();

  // Creates one with its own channel. Errors: as VerbsCmChannel::Create().
  static absl::StatusOr<VerbsId> Create();

  // Moves it to a channel of its own. REQUIRES: no event of it is waiting to be acknowledged.
  absl::Status Separate();

  rdma_cm_id* get() const noexcept { return id_; }
  VerbsCmChannel* channel() const noexcept { return channel_.get(); }
  // This end's address, as the connection manager bound it, and the other's.
  Gid LocalAddress() const;
  Gid PeerAddress() const;

  // Non-blocking: true once the peer, or the device, has ended the connection.
  bool TakeEvents() noexcept;
  // Whether TakeEvents() saw the removal of the device.
  bool device_removed() const noexcept { return device_removed_; }
  // Tells the peer that the connection has ended.
  void Disconnect() noexcept;

 private:
  rdma_cm_id* id_ = nullptr;
  std::unique_ptr<VerbsCmChannel> channel_;
  bool device_removed_ = false;
};

// The error that a connection manager's event reports, with the remedy if there is one.
absl::Status CmError(const VerbsCmEvent& event, const std::string& peer);

struct VerbsAddress {
  sockaddr_storage storage{};
  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

// Resolves a name; may block on a name server. Errors: NotFound, naming it.
absl::StatusOr<VerbsAddress> ResolveAddress(const std::string& host, uint16_t port, bool passive);

}  // namespace ringway
