// The end of a link: closing and severing.
//
// Included by ring_link.h only.
#pragma once

#include "transport/ring_link.h"

namespace ringway {

template <MemoryPort P>
void RingLink<P>::End(CloseReason reason) noexcept {
  if (!IsUp()) return;
  state_ = LinkState::kClosed;
  close_reason_ = reason;
  send_status_ = SendStatus::kClosed;
  send_.claim_limit = 0;
  send_.claim = kNoClaim;
  receive_.ring = kNothing;
  receive_.mask = 0;
  if (reason != CloseReason::kPeerDead && reason != CloseReason::kDeviceGone &&
      reason != CloseReason::kLocal) {
    SetStateFlags(own_line_.flags | kStateClosed);
  }
}

template <MemoryPort P>
void RingLink<P>::Close(uint8_t code) noexcept {
  receive_.held = false;
  if (!IsUp() || !born_here_.Here()) return;
  if (!peer_gone_) PutControl(ControlKind::kClose, code);
  End(CloseReason::kLocal);
}

template <MemoryPort P>
bool RingLink<P>::Sever() noexcept {
  if (!IsUp()) return true;
  PeerIsGone(CloseReason::kSupersededEpoch);
  return CutOff();
}

// True once the peer can write no more. What has arrived by then is whole or never will be, so
// Poll() must look again.
template <MemoryPort P>
bool RingLink<P>::CutOff() noexcept {
  if (severed_) return true;
  if constexpr (!P::kOrderedStores) {
    if (gone_reason_ == CloseReason::kPeerDead && port_.DeviceGone()) {
      gone_reason_ = CloseReason::kDeviceGone;
    }
    if (!port_.Sever()) return false;
  }
  severed_ = true;
  receive_.torn_pos = UINT64_MAX;
  return true;
}

}  // namespace ringway
