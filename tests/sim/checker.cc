// Runs the checker's parts over a record, and names their findings.
#include "tests/sim/checker.h"

#include "tests/sim/checker_parts.h"

namespace ringway::sim {

std::string_view Name(Violation violation) noexcept {
  switch (violation) {
    case Violation::kRequestLost:
      return "request lost";
    case Violation::kRequestForeign:
      return "request that nobody sent";
    case Violation::kRequestMisnumbered:
      return "request misnumbered";
    case Violation::kReportLost:
      return "report lost";
    case Violation::kReportForeign:
      return "report that was not said";
    case Violation::kReportMisnumbered:
      return "report misnumbered";
    case Violation::kVenueRequestLost:
      return "request to a venue lost";
    case Violation::kVenueRequestTwice:
      return "request to a venue twice";
    case Violation::kVenueRequestForeign:
      return "venue took what was not asked";
    case Violation::kVenueReportLost:
      return "venue's report lost";
    case Violation::kVenueReportForeign:
      return "venue's report that was not said";
    case Violation::kVenueReportMisnumbered:
      return "venue's report misnumbered";
    case Violation::kReportOfAnother:
      return "told of another's order";
    case Violation::kEndedUnasked:
      return "order ended unasked";
    case Violation::kMemberTaken:
      return "another gateway's place at a venue";
    case Violation::kForgotten:
      return "forgotten without loss of power";
    case Violation::kPromiseBroken:
      return "durable and gone";
    case Violation::kForeignUncounted:
      return "forgotten requests not counted";
    case Violation::kUnanswered:
      return "request unanswered";
    case Violation::kAnsweredTwice:
      return "request answered twice";
    case Violation::kNotAsAsked:
      return "venue asked for something else";
    case Violation::kIllegalTransition:
      return "illegal transition";
    case Violation::kWrongQuantity:
      return "wrong quantity";
    case Violation::kExecutionForeign:
      return "execution that no venue said, or twice";
    case Violation::kExecutionDropped:
      return "execution not passed on";
    case Violation::kStillPending:
      return "change without a final answer";
    case Violation::kOpenOrdersDiffer:
      return "open orders differ";
    case Violation::kPositionsDiffer:
      return "positions differ";
    case Violation::kCountsDiffer:
      return "nonsense not counted";
    case Violation::kAgainstOperator:
      return "against an operator's word";
    case Violation::kOutlivesCancel:
      return "open though operators canceled it";
    case Violation::kOutlivesDay:
      return "open though its day is over";
    case Violation::kDurableLate:
      return "durable too late";
    case Violation::kReportLate:
      return "told too late";
    case Violation::kOrderLate:
      return "order left too late";
    case Violation::kCancelLate:
      return "cancel too late";
    case Violation::kVenueLate:
      return "venue up too late";
    case Violation::kGapUnneeded:
      return "gap without a loss";
    case Violation::kNoNamedOutcome:
      return "no named outcome";
    case Violation::kTradeDiffers:
      return "trade differs";
  }
  return "unknown";
}

namespace {

void See(uint32_t index, Orders& orders, Operators& operators) {
  const size_t known = orders.orders().size();
  orders.On(index);
  operators.On(index, orders, orders.orders().size() != known);
}

}  // namespace

std::vector<Finding> Check(std::span<const Event> events) {
  Findings findings;
  Forgotten forgotten(events);
  Deliveries deliveries(events, forgotten, findings);
  Operators operators(events, findings);
  Orders orders(events, forgotten, operators, findings);
  Holdings holdings(events, orders, operators, forgotten, findings);
  Liveness liveness(events, orders, forgotten, findings);
  for (uint32_t index = 0; index != events.size() && !findings.full(); ++index) {
    const Event& event = events[index];
    if (event.id >= kPartiesMax && event.kind < EventKind::kProbe) {
      findings.Add(Violation::kRequestForeign, "a party beyond kPartiesMax");
      break;
    }
    holdings.On(index);  // first: a probe is judged by what was before the next event
    if (event.kind == EventKind::kGatewayRecovered && forgotten.Recover(index)) {
      // The orders are what is left of them makes of them.
      Findings known;
      Operators said(events, known);
      Orders left(events, forgotten, said, known);
      for (uint32_t before = 0; before != index; ++before) {
        if (!forgotten.Has(before)) See(before, left, said);
      }
      orders.Become(std::move(left));
      operators.Become(std::move(said));
    }
    deliveries.On(index);
    See(index, orders, operators);
    liveness.On(index);
  }
  deliveries.End();
  orders.End();
  holdings.End();
  liveness.End();
  return findings.all();
}

}  // namespace ringway::sim
