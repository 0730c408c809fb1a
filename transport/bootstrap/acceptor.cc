// Implements acceptor.h: judges a hello.
#include "transport/bootstrap/acceptor.h"

#include <algorithm>

#include "transport/epoch.h"

namespace ringway {

LinkReply AcceptorRules::Refusal(LinkStatus status) const noexcept {
  LinkReply reply;
  reply.status = status;
  reply.ring_bytes_max = options_.link.ring_bytes;
  return reply;
}

Admission AcceptorRules::Judge(const Asking& asking) {
  Admission admission;
  LinkReply& reply = admission.reply;
  reply = Refusal(LinkStatus::kOk);
  reply.status = Decide(asking, admission);
  if (reply.status != LinkStatus::kOk) return admission;
  const LinkHello& hello = admission.hello;
  reply.payload_bytes_max = static_cast<uint16_t>(
      std::min<uint32_t>(hello.payload_bytes_max, options_.link.payload_bytes_max));
  reply.heartbeat_ms = HeartbeatMs(options_.link);
  if (options_.link.crc || (hello.flags & kLinkCrc) != 0) reply.flags |= kLinkCrc;
  return admission;
}

LinkStatus AcceptorRules::Decide(const Asking& asking, Admission& admission) {
  LinkHello& hello = admission.hello;
  const LinkStatus parsed = ParseHello(asking.bytes, options_, hello);
  if (parsed == LinkStatus::kBadMessage || parsed == LinkStatus::kVersion) return parsed;
  admission.reply.epoch = hello.epoch;
  if (options_.secret_of) {
    const std::span<const std::byte> known = options_.secret_of(hello.peer_key);
    // A wrong proof counts as none.
    if (!known.empty() && Verify(scheme_, known, hello)) admission.secret = known;
  }
  const bool proved = !admission.secret.empty();
  admission.full_service = proved || !options_.secret_of;
  admission.identity = {.peer_key = hello.peer_key,
                        .epoch = hello.epoch,
                        .key_proved = proved,
                        .holder = asking.holder};
  if (!admission.full_service && carrier_ == Carrier::kNetwork) return LinkStatus::kNotAuthentic;
  if (parsed != LinkStatus::kOk) return parsed;
  admission.reply.admitted_epoch = admitted_.Of(hello.peer_key);
  if (!EpochIsLater(hello.epoch, admission.reply.admitted_epoch)) return LinkStatus::kStaleEpoch;
  if (asking.waiting >= options_.finished_max) return LinkStatus::kFull;
  if (!admission.full_service &&
      (asking.waiting >= kUnprovedWaitingMax || !unproved_.Take(asking.holder, asking.now_ns))) {
    return LinkStatus::kFull;
  }
  return LinkStatus::kOk;
}

void AcceptorRules::Seal(Admission& admission) const {
  if (!admission.secret.empty()) {
    Sign(scheme_, admission.secret, admission.hello, admission.reply);
  }
}

}  // namespace ringway
