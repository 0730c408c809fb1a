// Implements table.h: the table, and how each of its rows is reached.
#include "tests/e2e/kills/table.h"

#include <cstring>
#include <iterator>
#include <optional>
#include <vector>

namespace ringway::kills {
namespace {

constexpr int kStrategy = kStrategies + 1;
constexpr int kExchange = kExchanges + 1;

constexpr Row kRows[] = {
    // A strategy, from its claim to its successor's logon.
    {kStrategy, "session_request_claimed"},
    {kStrategy, "link_claimed"},
    {kStrategy, "link_filled"},
    {kStrategy, "link_published"},
    {kStrategy, "session_request_put"},
    {kStrategy, "session_request_kept"},
    {kStrategy, "link_seen"},
    {kStrategy, "link_copied"},
    {kStrategy, "session_report_counted"},
    {kStrategy, "session_report_delivered"},
    {kStrategy, "link_credit_due", When::kTrading, 5},
    {kStrategy, "link_credit_given", When::kTrading, 5},
    {kStrategy, "session_acknowledged", When::kTrading, 2},
    {kStrategy, "session_logon_sent", When::kStarting, 1},
    {kStrategy, "session_logged_on", When::kStarting, 1},
    {kStrategy, "session_gap_told", When::kStarting, 1},

    // The gateway's links and sessions.
    {kGateway, "link_seen"},
    {kGateway, "link_copied"},
    {kGateway, "gateway_request_taken"},
    {kGateway, "link_claimed"},
    {kGateway, "link_filled"},
    {kGateway, "link_gathered"},
    {kGateway, "link_flushed"},
    {kGateway, "link_padded", When::kTrading, 5},
    {kGateway, "link_credit_due", When::kTrading, 5},
    {kGateway, "link_credit_given", When::kTrading, 5},
    {kGateway, "gateway_acknowledged", When::kTrading, 5},
    {kGateway, "gateway_link_accepted", When::kStrategyLost, 1},
    {kGateway, "gateway_session_over", When::kStrategyLost, 1},
    {kGateway, "gateway_logon_checked", When::kStrategyLost, 1},
    {kGateway, "gateway_logon_answered", When::kStrategyLost, 1},

    // Its step, from the request to what leaves.
    {kGateway, "gateway_step_begins"},
    {kGateway, "gateway_step_made"},
    {kGateway, "journal_body_written"},
    {kGateway, "journal_sealed"},
    {kGateway, "journal_published"},
    {kGateway, "gateway_effects_queued"},
    {kGateway, "gateway_reports_waiting"},
    {kGateway, "gateway_reports_flushed"},
    {kGateway, "gateway_held_released"},
    {kGateway, "connector_request_kept"},
    {kGateway, "connector_requests_flushed"},
    {kGateway, "gateway_burst_sent"},
    {kGateway, "connector_report_counted"},
    {kGateway, "gateway_venue_heard"},
    {kGateway, "connector_confirm_sent", When::kTrading, 5},
    {kGateway, "connector_logon_sent", When::kExchangeLost, 1},
    {kGateway, "connector_logged_on", When::kExchangeLost, 1},
    {kGateway, "gateway_cursor_due", When::kExchangeLost, 1},
    {kGateway, "gateway_cursor_recorded", When::kExchangeLost, 1},
    {kGateway, "gateway_unsent_answered", When::kExchangeLost, 1},

    // Its journal's segments and threads.
    {kGateway, "journal_segment_spent", When::kTrading, 1},
    {kGateway, "journal_segment_taken", When::kTrading, 1},
    {kGateway, "journal_segment_begun", When::kTrading, 1},
    {kGateway, "journal_mark_due", When::kTrading, 5},
    {kGateway, "sync_begins", When::kTrading, 20},
    {kGateway, "sync_copied", When::kTrading, 20},
    {kGateway, "sync_synced", When::kTrading, 20},
    {kGateway, "sync_durable", When::kTrading, 20},
    {kGateway, "sync_segment_home", When::kTrading, 1},
    {kGateway, "prepare_written", When::kTrading, 1},
    {kGateway, "prepare_synced", When::kTrading, 1},
    {kGateway, "prepare_renamed", When::kTrading, 1},
    {kGateway, "prepare_mapped", When::kTrading, 1},
    {kGateway, "prepare_ready", When::kTrading, 1},
    {kGateway, "prepare_image_released", When::kTrading, 1},

    // Its recovery.
    {kGateway, "recovery_image_copied", When::kStarting, 1},
    {kGateway, "recovery_image_home", When::kStarting, 1},
    {kGateway, "recovery_record_replayed", When::kStarting, 500},
    {kGateway, "recovery_replayed", When::kStarting, 1},
    {kGateway, "recovery_segment_adopted", When::kStarting, 1},
    {kGateway, "recovery_running_noted", When::kStarting, 1},
    {kGateway, "recovery_storage_started", When::kStarting, 1},
    {kGateway, "recovery_recalled", When::kStarting, 1},
    {kGateway, "journal_segment_taken", When::kStarting, 1},
    {kGateway, "recovery_start_due", When::kStarting, 1},
    {kGateway, "recovery_start_recorded", When::kStarting, 1},
    {kGateway, "gateway_step_made", When::kStarting, 3},
    {kGateway, "connector_lost_answered", When::kStarting, 1},

    // An exchange.
    {kExchange, "link_seen"},
    {kExchange, "link_copied"},
    {kExchange, "exchange_request_polled"},
    {kExchange, "exchange_report_stored"},
    {kExchange, "exchange_request_matched"},
    {kExchange, "link_claimed"},
    {kExchange, "link_gathered"},
    {kExchange, "exchange_report_committed"},
    {kExchange, "link_flushed"},
    {kExchange, "exchange_reports_flushed"},
    {kExchange, "exchange_confirm_seen", When::kTrading, 5},
    {kExchange, "exchange_confirm_sent", When::kTrading, 5},
    {kExchange, "exchange_logon_checked", When::kStarting, 1},
    {kExchange, "exchange_logon_answered", When::kStarting, 1},
};

// The kill whose successor reaches the row's probe.
std::optional<Trap> FirstOf(const Row& row) {
  // Recorded but not sent, so that the successor has something to answer or to give up.
  if (row.process == kGateway) return Trap{"connector_request_kept", 20};
  if (std::strcmp(row.probe, "session_gap_told") == 0) return Trap{"session_request_claimed", 5};
  return std::nullopt;
}

}  // namespace

std::span<const Row> Table() {
  static const std::vector<Row> table = [] {
    std::vector<Row> rows(std::begin(kRows), std::end(kRows));
    for (uint32_t venue = 2; venue <= kVenues; ++venue) {
      for (Row row : kRows) {
        if (row.process != kExchange) continue;
        row.process = kExchanges + static_cast<int>(venue);
        rows.push_back(row);
      }
    }
    return rows;
  }();
  return table;
}

absl::Status Kill(KillRun& run, const Row& row, Random& random) {
  const Trap trap{row.probe, 1 + static_cast<uint32_t>(random.Below(row.hits_max))};
  switch (row.when) {
    case When::kTrading:
      return run.KillAt(row.process, trap);
    case When::kStarting:
      // Only a strategy that asserts numbers has to give some up.
      if (std::strcmp(row.probe, "session_gap_told") == 0) run.NextMemory("numbers");
      return run.KillWhenStarted(row.process, trap, FirstOf(row));
    case When::kStrategyLost:
      return run.KillAtLossOf(row.process, trap, kStrategy);
    case When::kExchangeLost:
      return run.KillAtLossOf(row.process, trap,
                              kExchange + static_cast<int>(random.Below(kVenues)));
  }
  return absl::InternalError("no such row");
}

}  // namespace ringway::kills
