// Judges the trades of venues over the records of all gateways.
//
// Each has a buyer and a seller, of one gateway or of two, who are told the same of it, once.
#include <array>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "schema/codec.h"
#include "tests/sim/checker.h"

namespace ringway::sim {

std::vector<Finding> CheckTrades(std::span<const std::span<const Event>> records) {
  Findings findings;
  absl::flat_hash_map<std::pair<uint32_t, uint64_t>, std::array<ExecutionReport, 2>> trades;
  for (const std::span<const Event> record : records) {
    for (const Event& event : record) {
      ExecutionReport report;
      if (event.kind != EventKind::kVenueSaid || event.type != FrameType::kExecutionReport ||
          Decode(event.bytes(), report) != DecodeStatus::kOk || report.match_id == 0) {
        continue;
      }
      auto& sides = trades[{event.id, report.match_id}];
      ExecutionReport& side = sides[report.side == Side::kBuy ? 0 : 1];
      // A report may be said again.
      if (side.exec_id != 0 && side.exec_id != report.exec_id) {
        findings.Add(Violation::kTradeDiffers, Text(event));
      }
      side = report;
    }
  }
  for (const auto& [trade, sides] : trades) {
    const auto& [buy, sell] = sides;
    if (buy.exec_id == 0 || sell.exec_id == 0 || buy.last_qty != sell.last_qty ||
        buy.last_price != sell.last_price || buy.instrument != sell.instrument) {
      findings.Add(Violation::kTradeDiffers,
                   absl::StrCat("trade ", trade.second, " of venue ", trade.first, ": bought ",
                                buy.last_qty, ", sold ", sell.last_qty));
    }
  }
  return findings.all();
}

}  // namespace ringway::sim
