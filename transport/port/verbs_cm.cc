// Implements verbs_cm.h over librdmacm.
#include "transport/port/verbs_cm.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <rdma/rdma_cma.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "transport/port/verbs_device.h"

namespace ringway {
namespace {

// InfiniBand specification, volume 1, 12.6.7.2: reasons of a rejection.
constexpr int kRejectInvalidService = 8;
constexpr int kRejectByConsumer = 28;

// Most events that one call takes off a channel.
constexpr int kEventsPerCallMax = 16;

VerbsCmEvent CopyOf(const rdma_cm_event& event) {
  VerbsCmEvent copy;
  copy.type = event.event;
  copy.status = event.status;
  copy.id = event.id;
  const rdma_conn_param& parameters = event.param.conn;
  if (parameters.private_data != nullptr) {
    copy.data_bytes = std::min<std::size_t>(parameters.private_data_len, copy.data.size());
    std::memcpy(copy.data.data(), parameters.private_data, copy.data_bytes);
  }
  return copy;
}

Gid GidOf(const sockaddr& address) {
  Gid gid{};
  if (address.sa_family == AF_INET) {
    std::array<std::byte, 4> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
    gid = GidOfIpv4(bytes);
  } else if (address.sa_family == AF_INET6) {
    std::memcpy(gid.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  }
  return gid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<VerbsCmChannel>> VerbsCmChannel::Create() {
  rdma_event_channel* const channel = rdma_create_event_channel();
  if (channel == nullptr) return ExplainNoRdma(errno);
  std::unique_ptr<VerbsCmChannel> made(new VerbsCmChannel(channel));
  const int flags = fcntl(channel->fd, F_GETFL);
  if (flags < 0 || fcntl(channel->fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "making the connection manager's channel non-blocking");
  }
  return made;
}

VerbsCmChannel::~VerbsCmChannel() { rdma_destroy_event_channel(channel_); }

int VerbsCmChannel::fd() const noexcept { return channel_->fd; }

std::optional<VerbsCmEvent> VerbsCmChannel::TryNext() noexcept {
  // Polls first: the library allocates before it checks for an event.
  pollfd poll_fd{fd(), POLLIN, 0};
  if (poll(&poll_fd, 1, 0) <= 0) return std::nullopt;
  rdma_cm_event* event = nullptr;
  if (rdma_get_cm_event(channel_, &event) != 0) return std::nullopt;
  const VerbsCmEvent copy = CopyOf(*event);
  rdma_ack_cm_event(event);
  return copy;
}

absl::StatusOr<VerbsCmEvent> VerbsCmChannel::Next(int64_t deadline_ns) {
  while (true) {
    if (std::optional<VerbsCmEvent> event = TryNext()) return *event;
    const int64_t left_ns = deadline_ns - MonotonicNowNs();
    if (left_ns <= 0) return absl::DeadlineExceededError("the peer did not answer in time");
    pollfd poll_fd{fd(), POLLIN, 0};
    const timespec timeout{left_ns / kNsPerS, left_ns % kNsPerS};
    if (ppoll(&poll_fd, 1, &timeout, nullptr) < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, "waiting for the connection manager");
    }
  }
}

VerbsId::VerbsId(VerbsId&& other) noexcept
    : id_(std::exchange(other.id_, nullptr)),
      channel_(std::move(other.channel_)),
      device_removed_(other.device_removed_) {}

VerbsId& VerbsId::operator=(VerbsId&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(channel_, other.channel_);
  std::swap(device_removed_, other.device_removed_);
  return *this;
}

VerbsId::~VerbsId() {
  if (id_ != nullptr) rdma_destroy_id(id_);
}

absl::StatusOr<VerbsId> VerbsId::Create() {
  absl::StatusOr<std::unique_ptr<VerbsCmChannel>> channel = VerbsCmChannel::Create();
  if (!channel.ok()) return channel.status();
  VerbsId made;
  made.channel_ = *std::move(channel);
  if (rdma_create_id(made.channel_->get(), &made.id_, nullptr, RDMA_PS_TCP) != 0) {
    return SetUpError(errno, "creating a connection identifier");
  }
  return made;
}

absl::Status VerbsId::Separate() {
  absl::StatusOr<std::unique_ptr<VerbsCmChannel>> channel = VerbsCmChannel::Create();
  if (!channel.ok()) return channel.status();
  if (rdma_migrate_id(id_, (*channel)->get()) != 0) {
    return absl::ErrnoToStatus(errno, "giving a connection a channel of its own");
  }
  channel_ = *std::move(channel);
  return absl::OkStatus();
}

Gid VerbsId::LocalAddress() const { return GidOf(*rdma_get_local_addr(id_)); }
Gid VerbsId::PeerAddress() const { return GidOf(*rdma_get_peer_addr(id_)); }

bool VerbsId::TakeEvents() noexcept {
  if (channel_ == nullptr) return false;
  bool over = false;
  for (int i = 0; i < kEventsPerCallMax; ++i) {
    const std::optional<VerbsCmEvent> event = channel_->TryNext();
    if (!event) break;
    over |= event->type == RDMA_CM_EVENT_DISCONNECTED ||
            event->type == RDMA_CM_EVENT_DEVICE_REMOVAL ||
            event->type == RDMA_CM_EVENT_TIMEWAIT_EXIT;
    device_removed_ |= event->type == RDMA_CM_EVENT_DEVICE_REMOVAL;
  }
  return over;
}

void VerbsId::Disconnect() noexcept {
  // Fails if the connection was never made or has ended already.
  if (id_ != nullptr) rdma_disconnect(id_);
}

absl::Status CmError(const VerbsCmEvent& event, const std::string& peer) {
  const int error = event.status < 0 ? -event.status : event.status;
  const char* const text = std::strerror(error);
  switch (event.type) {
    case RDMA_CM_EVENT_ADDR_ERROR:
      return absl::UnavailableError(absl::StrCat(
          "no way to ", peer, " over an RDMA device: ", text,
          ". Remedy: see that the address is right and reached through an RDMA device's network "
          "(this machine's: ",
          ListDevices(), ")"));
    case RDMA_CM_EVENT_ROUTE_ERROR:
      return absl::UnavailableError(absl::StrCat("no RDMA route to ", peer, ": ", text));
    case RDMA_CM_EVENT_UNREACHABLE:
      return absl::UnavailableError(
          absl::StrCat(peer, " does not answer: ", text,
                       ". Remedy: see that the machine is up, that the gateway listens on this "
                       "address, and that UDP port 4791 (RoCE v2) passes"));
    case RDMA_CM_EVENT_REJECTED:
      if (error == kRejectInvalidService) {
        return absl::UnavailableError(
            absl::StrCat("nobody listens at ", peer, ": is the gateway running?"));
      }
      return absl::UnavailableError(absl::StrCat(
          peer, " refused the connection (reason ", error,
          error == kRejectByConsumer ? ", without a reason that Ringway understands)" : ")"));
    case RDMA_CM_EVENT_CONNECT_ERROR:
      return absl::UnavailableError(absl::StrCat("connecting to ", peer, ": ", text));
    case RDMA_CM_EVENT_DEVICE_REMOVAL:
      return absl::UnavailableError("the RDMA device was taken away");
    default:
      return absl::UnavailableError(
          absl::StrCat("connecting to ", peer, ": the connection manager says ",
                       rdma_event_str(static_cast<rdma_cm_event_type>(event.type))));
  }
}

absl::StatusOr<VerbsAddress> ResolveAddress(const std::string& host, uint16_t port, bool passive) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::NotFoundError(
        absl::StrCat("\"", host, "\" is no known host: ", gai_strerror(error)));
  }
  VerbsAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return address;
}

}  // namespace ringway
