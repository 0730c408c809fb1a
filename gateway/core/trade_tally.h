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
  void Count(const Effect& effect) {
    if (effect.type != FrameType::kExecutionReport) return;
    ExecutionReport report;
    if (Decode(effect.bytes(), report) != DecodeStatus::kOk || report.last_qty == 0) return;
    const bool buy = report.side == Side::kBuy;
    if (report.exec_type == ExecType::kPartialFill || report.exec_type == ExecType::kFill) {
      Traded& traded = traded_[Key(report.account, report.instrument)];
      (buy ? traded.bought : traded.sold) += report.last_qty;
    } else if (report.exec_type == ExecType::kBusted) {
      Traded& traded = traded_[Key(report.account, report.instrument)];
      (buy ? traded.bought : traded.sold) -= report.last_qty;
    }
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
