// Implements verbs_device.h: opens and queries a device, and explains what is missing.
#include "transport/port/verbs_device.h"

#include <fcntl.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

// Most GIDs that are examined; devices have tens.
constexpr size_t kGidsMax = 512;
// Most events that one call takes off a device.
constexpr int kEventsPerDispatchMax = 64;

constexpr const char* kNoDeviceRemedy =
    "Remedy: install the adapter's driver (package rdma-core, ibverbs-providers), pass "
    "/dev/infiniband into a container (--device=/dev/infiniband), or for tests add a software "
    "device: modprobe rdma_rxe && rdma link add rxe0 type rxe netdev INTERFACE";

struct FreeList {
  void operator()(ibv_device** list) const noexcept { ibv_free_device_list(list); }
};
using DeviceList = std::unique_ptr<ibv_device*[], FreeList>;

GidKind KindOf(uint32_t type) {
  switch (type) {
    case IBV_GID_TYPE_ROCE_V1:
      return GidKind::kRoceV1;
    case IBV_GID_TYPE_ROCE_V2:
      return GidKind::kRoceV2;
    default:
      return GidKind::kInfiniBand;
  }
}

std::vector<GidEntry> GidsOf(ibv_context* context, uint8_t port) {
  std::vector<ibv_gid_entry> entries(kGidsMax);
  const ssize_t count = ibv_query_gid_table(context, entries.data(), entries.size(), 0);
  std::vector<GidEntry> gids;
  for (ssize_t i = 0; i < count; ++i) {
    const ibv_gid_entry& entry = entries[static_cast<size_t>(i)];
    if (entry.port_num != port) continue;
    GidEntry gid{{}, entry.gid_index, KindOf(entry.gid_type)};
    std::memcpy(gid.gid.data(), entry.gid.raw, gid.gid.size());
    gids.push_back(gid);
  }
  return gids;
}

}  // namespace

absl::StatusOr<std::shared_ptr<VerbsDevice>> VerbsDevice::Open(ibv_device* device) {
  const std::string name = ibv_get_device_name(device);
  if (device->transport_type != IBV_TRANSPORT_IB) {
    return absl::UnimplementedError(
        absl::StrCat("the device ", name, " is neither InfiniBand nor RoCE (its transport is ",
                     static_cast<int>(device->transport_type), "): Ringway does not speak it"));
  }
  ibv_context* const context = ibv_open_device(device);
  if (context == nullptr) {
    return SetUpError(errno, absl::StrCat("opening the RDMA device ", name));
  }
  std::shared_ptr<VerbsDevice> opened(new VerbsDevice(context));
  ibv_device_attr attributes{};
  if (const int error = ibv_query_device(context, &attributes); error != 0) {
    return absl::UnavailableError(
        absl::StrCat("asking the RDMA device ", name, " what it can: ", std::strerror(error)));
  }
  opened->limits_ = {
      .queue_requests_max = static_cast<uint32_t>(attributes.max_qp_wr),
      .completions_max = static_cast<uint32_t>(attributes.max_cqe),
      .segments_max = static_cast<uint32_t>(attributes.max_sge),
      .reads_incoming_max = static_cast<uint32_t>(attributes.max_qp_rd_atom),
      .reads_outgoing_max = static_cast<uint32_t>(attributes.max_qp_init_rd_atom),
      .registration_bytes_max = attributes.max_mr_size,
  };
  const int flags = fcntl(context->async_fd, F_GETFL);
  if (flags < 0 || fcntl(context->async_fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "making the device's events non-blocking");
  }
  return opened;
}

VerbsDevice::~VerbsDevice() { ibv_close_device(context_); }

std::string VerbsDevice::name() const { return ibv_get_device_name(context_->device); }

int VerbsDevice::event_fd() const noexcept { return context_->async_fd; }

absl::StatusOr<GidChoice> VerbsDevice::ChooseAddress(uint8_t port, const Gid& address) const {
  ibv_port_attr attributes{};
  if (const int error = ibv_query_port(context_, port, &attributes); error != 0) {
    return absl::UnavailableError(
        absl::StrCat("asking port ", port, " of ", name(), ": ", std::strerror(error)));
  }
  if (attributes.state != IBV_PORT_ACTIVE) {
    return absl::UnavailableError(
        absl::StrCat("port ", port, " of ", name(), " is ", ibv_port_state_str(attributes.state),
                     ", not active. Remedy: see to its cable and set its network interface up"));
  }
  if (attributes.link_layer != IBV_LINK_LAYER_ETHERNET) {
    return GidChoice{0, absl::StrCat("LID ", attributes.lid, ": an InfiniBand port")};
  }
  return ChooseGid(GidsOf(context_, port), address);
}

void VerbsDevice::DispatchEvents() noexcept {
  for (int i = 0; i < kEventsPerDispatchMax; ++i) {
    ibv_async_event event;
    if (ibv_get_async_event(context_, &event) != 0) return;
    // A queue pair cannot be destroyed before its events are acknowledged, so its context lives.
    switch (event.event_type) {
      case IBV_EVENT_QP_FATAL:
      case IBV_EVENT_QP_REQ_ERR:
      case IBV_EVENT_QP_ACCESS_ERR:
      case IBV_EVENT_PATH_MIG_ERR:
        // Pairs with the acquire load in VerbsPort::PeerGone().
        static_cast<VerbsQueueEvents*>(event.element.qp->qp_context)
            ->failed.store(true, std::memory_order_release);
        break;
      case IBV_EVENT_COMM_EST:
        // Pairs with the acquire load in VerbsListener.
        static_cast<VerbsQueueEvents*>(event.element.qp->qp_context)
            ->established.store(true, std::memory_order_release);
        break;
      case IBV_EVENT_CQ_ERR:
        // Pairs with the acquire load in VerbsCompletions::failed().
        static_cast<VerbsQueueEvents*>(event.element.cq->cq_context)
            ->failed.store(true, std::memory_order_release);
        break;
      case IBV_EVENT_DEVICE_FATAL:
        // Pairs with failed().
        failed_.store(true, std::memory_order_release);
        break;
      default:
        break;  // a port that goes down may come back: retries decide
    }
    ibv_ack_async_event(&event);
  }
}

std::string VerbsDevice::TakeNewsOfFailure() {
  // Relaxed: the first caller reports, and nothing depends on it.
  if (!failed() || told_.exchange(true, std::memory_order_relaxed)) return "";
  ForgetRemovedDevices();
  return absl::StrCat("the RDMA device ", name(), " failed or was taken away: its links end");
}

absl::Status SetUpError(int error, absl::string_view what) {
  const std::string text = absl::StrCat(what, ": ", std::strerror(error));
  switch (error) {
    case EMFILE:
      return absl::ResourceExhaustedError(
          absl::StrCat(text,
                       ". Remedy: raise this process's limit on open files (ulimit -n, "
                       "LimitNOFILE= in its systemd unit)"));
    case ENFILE:
      return absl::ResourceExhaustedError(
          absl::StrCat(text, ". Remedy: raise the machine's limit on open files (fs.file-max)"));
    case ENOMEM:
    case ENOSPC:
      return absl::ResourceExhaustedError(
          absl::StrCat(text, ". Remedy: fewer links to this device, or a smaller ring"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          absl::StrCat(text, ". Remedy: give this user the right to /dev/infiniband/uverbs*"));
    default:
      return absl::UnavailableError(text);
  }
}

void ForgetRemovedDevices() {
  // Requesting the list refreshes the library's own.
  if (ibv_context** const list = rdma_get_devices(nullptr); list != nullptr)
    rdma_free_devices(list);
}

absl::Status ExplainNoRdma(int error) {
  if (error == EMFILE || error == ENFILE || error == ENOMEM) {
    return SetUpError(error, "opening the RDMA connection manager");
  }
  int count = 0;
  const DeviceList list(ibv_get_device_list(&count));
  if (list == nullptr || count == 0) {
    return absl::UnavailableError(absl::StrCat(
        "this machine has no RDMA device that this program can use. ", kNoDeviceRemedy));
  }
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(
        "this user may not use /dev/infiniband/rdma_cm. Remedy: give it the right (a udev rule, or "
        "the group that owns it)");
  }
  return absl::UnavailableError(absl::StrCat(
      "there is an RDMA device (", ListDevices(), "), but no connection manager: ",
      std::strerror(error), ". Remedy: modprobe rdma_ucm; in a container, pass /dev/infiniband"));
}

std::string ListDevices() {
  int count = 0;
  const DeviceList list(ibv_get_device_list(&count));
  std::string text;
  for (int i = 0; list != nullptr && i < count; ++i) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", ibv_get_device_name(list[i]));
    ibv_context* const context = ibv_open_device(list[i]);
    if (context == nullptr) {
      absl::StrAppend(&text, ": ", std::strerror(errno));
      continue;
    }
    ibv_device_attr attributes{};
    if (ibv_query_device(context, &attributes) == 0) {
      for (uint8_t port = 1; port <= attributes.phys_port_cnt; ++port) {
        for (const GidEntry& entry : GidsOf(context, port)) {
          if (entry.kind == GidKind::kRoceV1) continue;
          absl::StrAppend(&text, " ", FormatGid(entry.gid));
        }
      }
    }
    ibv_close_device(context);
  }
  return text.empty() ? "none" : text;
}

}  // namespace ringway
