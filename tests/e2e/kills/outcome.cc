// Implements outcome.h: counts and judges a history, and adds up outcomes.
#include "tests/e2e/kills/outcome.h"

#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::kills {

void Judge(std::span<const sim::Event> history, Outcome& outcome) {
  using sim::Violation;
  outcome.events = history.size();
  for (const sim::Event& event : history) {
    if (event.kind == sim::EventKind::kGatewayTook) {
      outcome.orders += event.type == FrameType::kNewOrder;
    } else if (event.kind == sim::EventKind::kStrategyReceived) {
      outcome.acks += event.type == FrameType::kOrderAck;
      outcome.refusals += event.type == FrameType::kOrderReject;
      ExecutionReport report;
      MassCancelReport mass;
      if (event.type == FrameType::kExecutionReport &&
          Decode(event.bytes(), report) == DecodeStatus::kOk) {
        outcome.fills += report.last_qty != 0;
        outcome.replaces += report.exec_type == ExecType::kReplaced;
      }
      outcome.mass_cancels += event.type == FrameType::kMassCancelReport &&
                              Decode(event.bytes(), mass) == DecodeStatus::kOk &&
                              mass.reason == CancelRejectReason::kNone;
    }
  }
  outcome.findings = sim::Check(history);
  for (const sim::Finding& finding : outcome.findings) {
    switch (finding.violation) {
      case Violation::kRequestLost:
      case Violation::kReportLost:
      case Violation::kVenueRequestLost:
      case Violation::kVenueReportLost:
      case Violation::kExecutionDropped:
      case Violation::kUnanswered:
      case Violation::kStillPending:
        ++outcome.lost;
        break;
      case Violation::kVenueRequestTwice:
      case Violation::kAnsweredTwice:
      case Violation::kExecutionForeign:
        ++outcome.doubled;
        break;
      case Violation::kRequestMisnumbered:
      case Violation::kReportMisnumbered:
      case Violation::kVenueReportMisnumbered:
        ++outcome.out_of_order;
        break;
      default:
        break;
    }
  }
}

void Outcome::Add(const Outcome& other) {
  orders += other.orders;
  acks += other.acks;
  refusals += other.refusals;
  fills += other.fills;
  replaces += other.replaces;
  mass_cancels += other.mass_cancels;
  halts += other.halts;
  halt_refusals += other.halt_refusals;
  books_lost += other.books_lost;
  events += other.events;
  gateway_starts += other.gateway_starts;
  journal_records += other.journal_records;
  lost += other.lost;
  doubled += other.doubled;
  out_of_order += other.out_of_order;
  for (const auto& [kill, count] : other.kills) kills[kill] += count;
  findings.insert(findings.end(), other.findings.begin(), other.findings.end());
  halt_findings.insert(halt_findings.end(), other.halt_findings.begin(), other.halt_findings.end());
}

}  // namespace ringway::kills
