// Counts how much each account bought and sold of each instrument.
//
// Counts the reports that go to sessions, independently of the engine's positions, so that the two
// can be compared (position = bought - sold, as long as no trade was corrected). Thread rule: the
// engine's thread. Allocates only for a pair beyond `pairs_max`.
#pragma once

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "gateway/core/step.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

struct Traded {
  uint64_t bought = 0;
  uint64_t sold = 0;
};

class TradeTally {
 public:
  explicit TradeTally(uint32_t pairs_max) { traded_.reserve(pairs_max); }

  // REQUIRES: an effect addressed to a session.
  void Count(const EffectView& effect) {
    if (effect.type != FrameType::kExecutionReport) return;
    using R = ExecutionReport;
    const auto quantity = FieldAt<uint64_t>(effect.payload, offsetof(R, last_qty));
    const auto type = FieldAt<ExecType>(effect.payload, offsetof(R, exec_type));
    const bool trade = type == ExecType::kPartialFill || type == ExecType::kFill;
    if (quantity == 0 || !(trade || type == ExecType::kBusted)) return;
    Traded& traded = traded_[Key(FieldAt<uint32_t>(effect.payload, offsetof(R, account)),
                                 FieldAt<uint32_t>(effect.payload, offsetof(R, instrument)))];
    const auto side = FieldAt<Side>(effect.payload, offsetof(R, side));
    (side == Side::kBuy ? traded.bought : traded.sold) += trade ? quantity : -quantity;
  }

  Traded Of(uint32_t account, uint32_t instrument) const {
    const auto found = traded_.find(Key(account, instrument));
    return found == traded_.end() ? Traded{} : found->second;
  }

 private:
  static uint64_t Key(uint32_t account, uint32_t instrument) {
    return uint64_t{account} << 32 | instrument;
  }

  absl::flat_hash_map<uint64_t, Traded> traded_;
};

}  // namespace ringway
