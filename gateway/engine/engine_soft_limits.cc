// Alerts about limits that an accepted order has come near to.
//
// Runs where warn_at_percent is configured, after the order or replace counts: it compares with the
// sums as they are now. What fills and busts add shows with the next order.

#include "gateway/engine/engine.h"

namespace ringway {

void Engine::LookAtSoftLimits(SessionIndex session, uint32_t position) noexcept {
  const Position& held = exposure_.position(position);
  const AccountIndex account = held.account;
  exposure_.MarkSoftLimits(
      SoftLimit(warn_at_percent_), session, position, account_limits_[account],
      session_limits_[session].open_orders_max, [&](const SoftCrossing& crossing) {
        ++counters_.soft_limits;
        uint32_t owner = 0;
        switch (crossing.owner) {
          case AlertOwner::kSession:
            owner = sessions_[session].id;
            break;
          case AlertOwner::kAccount:
            owner = account_ids_[account];
            break;
          case AlertOwner::kDesk:
            owner = desk_ids_[exposure_.groups().DeskOf(account)];
            break;
          case AlertOwner::kFirm:
          case AlertOwner::kNone:
            break;
        }
        const bool of_instrument = crossing.bit == kMarkPosition;
        Alert(AlertKind::kSoftLimit,
              {.limit = crossing.limit,
               .value = crossing.value,
               .owner = owner,
               .instrument = of_instrument ? instruments_[held.instrument].id : 0,
               .owner_kind = crossing.owner,
               .check = crossing.check});
      });
}

}  // namespace ringway
