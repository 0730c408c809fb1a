// Ringway's reasons for the codes of an OUCH venue. Pure functions; a code that is unknown here is
// "the venue's option", never nothing.
#pragma once

#include "protocol/ouch/codes.h"
#include "protocol/ouch/codes42.h"
#include "protocol/ouch/codes50.h"
#include "protocol/ouch/fault.h"
#include "schema/messages.h"

namespace ringway {

RejectReason ReasonOf(ouch42::RejectReason code) noexcept;
RejectReason ReasonOf(ouch50::RejectReason code) noexcept;
// Why a replace is refused, where an order would be for `reason`.
CancelRejectReason ChangeReasonOf(RejectReason reason) noexcept;
CancelRejectReason ChangeReasonOf(ouch50::RejectReason code) noexcept;
RejectReason ReasonOf(ouch::CancelReason code) noexcept;
// Whether its time was over, rather than that somebody ended it.
bool IsExpiry(ouch::CancelReason code) noexcept;
// Unset for crosses and codes that do not say.
Liquidity LiquidityOf(char flag) noexcept;
Side SideOf(ouch::Side side) noexcept;
// Why a message cannot be written.
RejectReason ReasonOf(ouch::Fault fault) noexcept;

}  // namespace ringway
