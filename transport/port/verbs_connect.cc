// The client's side of connecting over RDMA, start to finish, in the caller's thread.
//
// A request that the network loses is repeated after a second, then after two, four, ...: the
// connection manager itself retransmits only after 4.3 s (Linux, drivers/infiniband/core/cma.c,
// CMA_CM_RESPONSE_TIMEOUT). The listener releases what it made for an abandoned request when it
// learns of that.
#include <rdma/rdma_cma.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/link_limits.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_cm.h"
#include "transport/port/verbs_device.h"
#include "transport/port/verbs_queue.h"
#include "transport/port/verbs_reaper.h"

namespace ringway {
namespace {

constexpr int64_t kFirstAttemptNs = kNsPerS;
// The kernel's timeout for each step before the request; the attempt's own deadline comes sooner.
constexpr int kResolveMs = 60'000;

absl::Status SystemError(absl::string_view what, const Uri& uri) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " for ", uri.ToString()));
}

// Waits for the one expected event; any other is an error.
absl::StatusOr<VerbsCmEvent> Expect(VerbsId& id, rdma_cm_event_type type, int64_t deadline_ns,
                                    const Uri& uri) {
  absl::StatusOr<VerbsCmEvent> event = id.channel()->Next(deadline_ns);
  if (!event.ok()) {
    return absl::DeadlineExceededError(
        absl::StrCat(uri.ToString(),
                     " did not answer in time: is the machine up, is the gateway "
                     "running, and does UDP port 4791 (RoCE v2) pass?"));
  }
  if (event->type != type && event->type != RDMA_CM_EVENT_REJECTED) {
    return CmError(*event, uri.ToString());
  }
  return event;
}

// Resolves the device and the route to the peer.
absl::Status Resolve(VerbsId& id, const Uri& uri, int64_t deadline_ns) {
  absl::StatusOr<VerbsAddress> to = ResolveAddress(uri.host, uri.port, false);
  if (!to.ok()) return to.status();
  VerbsAddress from;
  if (!uri.source.empty()) {
    absl::StatusOr<VerbsAddress> source = ResolveAddress(uri.source, 0, false);
    if (!source.ok()) return source.status();
    from = *source;
  }
  if (rdma_resolve_addr(id.get(), uri.source.empty() ? nullptr : from.get(), to->get(),
                        kResolveMs) != 0) {
    return absl::UnavailableError(absl::StrCat(
        "no RDMA device reaches ", uri.ToString(), " (", absl::ErrnoToStatus(errno, "").message(),
        "). Remedy: see that the address is right, and the source address one of an RDMA device; "
        "this machine's: ",
        ListDevices()));
  }
  absl::StatusOr<VerbsCmEvent> event = Expect(id, RDMA_CM_EVENT_ADDR_RESOLVED, deadline_ns, uri);
  if (!event.ok()) return event.status();
  if (rdma_resolve_route(id.get(), kResolveMs) != 0) return SystemError("finding a route", uri);
  return Expect(id, RDMA_CM_EVENT_ROUTE_RESOLVED, deadline_ns, uri).status();
}

// One request. Errors: as VerbsConnect(); DeadlineExceeded when nobody answered.
absl::StatusOr<std::unique_ptr<VerbsLink>> Attempt(const Uri& uri, const ConnectOptions& options,
                                                   int64_t deadline_ns) {
  absl::StatusOr<VerbsId> id = VerbsId::Create();
  if (!id.ok()) return id.status();
  if (absl::Status found = Resolve(*id, uri, deadline_ns); !found.ok()) return found;
  rdma_cm_id* const raw = id->get();
  absl::StatusOr<std::shared_ptr<VerbsDevice>> device = VerbsDevice::Open(raw->verbs->device);
  if (!device.ok()) return device.status();
  absl::StatusOr<std::shared_ptr<VerbsCompletions>> completions =
      VerbsCompletions::Create(*device, 1);
  if (!completions.ok()) return completions.status();
  absl::StatusOr<std::unique_ptr<VerbsQueue>> queue =
      VerbsQueue::Create(*device, *completions, *id, options.link);
  if (!queue.ok()) return queue.status();

  const absl::StatusOr<LinkHello> hello =
      MakeHello(VerbsBackend::kScheme, options, (*queue)->rkey());
  if (!hello.ok()) return hello.status();
  rdma_conn_param parameters{};
  parameters.private_data = &*hello;
  parameters.private_data_len = sizeof(*hello);
  parameters.responder_resources =
      static_cast<uint8_t>(std::min((*device)->limits().reads_incoming_max, 1u));
  parameters.initiator_depth =
      static_cast<uint8_t>(std::min((*device)->limits().reads_outgoing_max, 1u));
  parameters.retry_count = options.link.rdma.retry_count;
  parameters.rnr_retry_count = options.link.rdma.rnr_retry_count;
  parameters.qp_num = (*queue)->pair_number();
  if (rdma_connect(raw, &parameters) != 0) return SystemError("asking to be connected", uri);
  const absl::StatusOr<VerbsCmEvent> answer =
      Expect((*queue)->id(), RDMA_CM_EVENT_CONNECT_RESPONSE, deadline_ns, uri);
  if (!answer.ok()) return answer.status();
  const absl::StatusOr<LinkReply> reply =
      ParseReply(VerbsBackend::kScheme, answer->private_data(), *hello, options.secret);
  if (answer->type == RDMA_CM_EVENT_REJECTED) {
    if (!reply.ok() && absl::IsInvalidArgument(reply.status())) {
      return CmError(*answer, uri.ToString());  // carries no reply of ours
    }
    if (!reply.ok()) return reply.status();
    absl::Status refused = RefusalError(*reply, *hello);
    return refused.ok() ? CmError(*answer, uri.ToString()) : refused;
  }
  if (!reply.ok()) return reply.status();
  if (absl::Status refused = RefusalError(*reply, *hello); !refused.ok()) return refused;

  (*queue)->SetPeer(reply->port_word);
  if (absl::Status up = (*queue)->BringUp(); !up.ok()) return up;
  absl::StatusOr<std::shared_ptr<VerbsReaper>> reaper = VerbsReaper::Create({});
  if (!reaper.ok()) return reaper.status();
  // EINVAL: the connection ended meanwhile. That passes.
  if (rdma_establish(raw) != 0) {
    return absl::UnavailableError(absl::StrCat("the connection to ", uri.ToString(),
                                               " ended while it was made: ", std::strerror(errno)));
  }
  if (options.report) {
    for (const absl::string_view line : absl::StrSplit((*queue)->Describe(), '\n')) {
      options.report({line.data(), line.size()});
    }
  }
  return std::make_unique<VerbsLink>(
      VerbsPort(*std::move(queue), *std::move(reaper)),
      SettledOptions(options.link, *hello, *reply),
      LinkIdentity{options.peer_key, options.epoch, {hello->nonce, reply->nonce}},
      int64_t{reply->heartbeat_ms} * kNsPerMs);
}

}  // namespace

absl::StatusOr<std::unique_ptr<VerbsLink>> VerbsConnect(const Uri& uri,
                                                        const ConnectOptions& options) {
  if (uri.host.empty()) return absl::InvalidArgumentError("an rdma address is rdma://host:port");
  if (absl::Status valid = ValidateConnectOptions(options); !valid.ok()) return valid;
  const int64_t deadline_ns = MonotonicNowNs() + options.timeout_ns;
  for (int64_t attempt_ns = kFirstAttemptNs;; attempt_ns *= 2) {
    const int64_t until_ns = std::min(deadline_ns, MonotonicNowNs() + attempt_ns);
    absl::StatusOr<std::unique_ptr<VerbsLink>> link = Attempt(uri, options, until_ns);
    if (!absl::IsDeadlineExceeded(link.status()) || until_ns == deadline_ns) return link;
  }
}

}  // namespace ringway
