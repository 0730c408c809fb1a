// The limits of an account in single instruments, in addition to its limits in all instruments.
//
// Configured for an account, a desk or the firm. Per order the tightest of the three applies; a
// position limit applies to the owner that it is configured for. Those of accounts and desks are
// looked up when an account first trades an instrument, never per order; operators can change the
// firm's.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/core/indices.h"
#include "gateway/engine/engine_config.h"

namespace ringway {

class InstrumentLimitTable {
 public:
  // REQUIRES: every row names an instrument, and no owner has two rows for one instrument; CHECKed.
  explicit InstrumentLimitTable(const EngineConfig& config);

  // Whether accounts or desks have any.
  bool has_pairs() const noexcept { return !desks_.empty() || !accounts_.empty(); }
  // Whether nobody has any.
  bool empty() const noexcept { return !any_; }

  // By indices, as in the constructor's configuration. Of the account, and per order of its desk.
  PairLimits Of(AccountIndex account, InstrumentIndex instrument) const noexcept;
  // Of the firm. Whoever changes them calls OfFirmChanged().
  PairLimits& OfFirm(InstrumentIndex instrument) noexcept { return firm_[instrument]; }
  const PairLimits& OfFirm(InstrumentIndex instrument) const noexcept { return firm_[instrument]; }
  void OfFirmChanged() noexcept { any_ = true; }
  int64_t DeskPositionMax(uint32_t desk, InstrumentIndex instrument) const noexcept {
    return Find(desks_, desk, instrument).position_max;
  }
  int64_t FirmPositionMax(InstrumentIndex instrument) const noexcept {
    return firm_[instrument].position_max;
  }
  // Whether there is any such limit.
  bool LimitsPositionOfDesk(uint32_t desk) const noexcept;
  bool LimitsPositionOfFirm() const noexcept;

 private:
  struct Row {
    uint64_t key;  // owner << 32 | instrument
    PairLimits limits;
  };
  using Rows = std::vector<Row>;  // by key

  static PairLimits Find(const Rows& rows, uint32_t owner, InstrumentIndex instrument) noexcept;

  std::vector<PairLimits> firm_;  // by instrument
  bool any_ = false;
  Rows desks_;
  Rows accounts_;
  std::vector<uint32_t> desk_of_account_;  // indices; kNoDesk: none
};

// The desk of every account, by indices; kNoDesk: none. REQUIRES: desks that accounts name exist.
inline constexpr uint32_t kNoDesk = UINT32_MAX;
std::vector<uint32_t> DesksOfAccounts(const EngineConfig& config);

}  // namespace ringway
