// Tests what every input does to an order in every state. This test generates the table in
// docs/order-states.md, and fails when the engine deviates from it.
//
// After an intended change: RINGWAY_ORDER_STATES=docs/order-states.md
// bazel-bin/gateway/engine/engine_matrix_test writes the table anew; then review the difference.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

constexpr const char* kFile = "docs/order-states.md";
constexpr const char* kBegin =
    "# Order states\n\n"
    "Written by gateway/engine/engine_matrix_test.cc, which fails when it is not true. An order to "
    "buy 100 (clOrdId 11) "
    "is\nbrought into each state, and meets each input; 12 is its cancel, 13 a replace. After an "
    "input: the order's "
    "status, leaves\nand cum, the account's position and open quantity, and what is said to the "
    "session and to the "
    "venue, with the clOrdId\nin brackets. *ignored*, *conflict*, *late*, *overfill*, *mismatch* "
    "and *malformed* are "
    "counters that rise. The choices\nbehind it are in docs/adr/0010.\n";

struct State {
  const char* name;
  std::function<void()> reach;
};
struct Case {
  const char* name;
  std::function<void()> give;
};

std::string Text(std::string_view name) { return {name.data(), name.size()}; }

class EngineMatrixTest : public EngineTest {
 protected:
  void Down() {
    SetVenue(1, VenueState::kDown);
    Work();
  }
  void Up() {
    SetVenue(1, VenueState::kUp);
    Work();
  }
  void Work() {
    while (engine().HasWork()) Timer();
  }
  void Begin() { id_ = Live(Buy(11)); }
  void PartOf() {
    Begin();
    FromVenue(ExecType::kPartialFill, id_, 40);
  }
  void Cancel() { cancel_ = SendCancel(12, 11); }
  void Replace(uint64_t qty) { replace_ = SendReplace(13, 11, qty, 9'990); }
  void Says(ExecType type, uint64_t about, uint64_t last = 0, uint64_t cum = 0, uint64_t leaves = 0,
            OrdStatus status = OrdStatus::kUnset) {
    if (about == 0) return;
    ExecutionReport report = Execution(type, about, last);
    report.cum_qty = cum;
    report.leaves_qty = leaves;
    report.ord_status = status;
    FromVenue(report);
  }
  void Refuses(uint64_t request, CancelRejectReason reason) {
    if (request != 0) VenueRefuses(request, reason);
  }

  std::vector<State> States() {
    return {
        {"Sent", [this] { id_ = Accepted(Buy(11)); }},
        {"Sent, cancel pending", [this] { id_ = Accepted(Buy(11)), Cancel(); }},
        {"Sent, replace to 150 pending", [this] { id_ = Accepted(Buy(11)), Replace(150); }},
        {"Live", [this] { Begin(); }},
        {"Live, cancel pending", [this] { Begin(), Cancel(); }},
        {"Live, replace to 150 pending", [this] { Begin(), Replace(150); }},
        {"Live, replace to 150 and cancel pending", [this] { Begin(), Replace(150), Cancel(); }},
        {"Replaced to 150, cancel of the order before pending",
         [this] {
           Begin(), Replace(150), Cancel();
           Says(ExecType::kReplaced, replace_, 0, 0, 150);
         }},
        {"Filled 40", [this] { PartOf(); }},
        {"Filled 40, cancel pending", [this] { PartOf(), Cancel(); }},
        {"Filled 40, replace to 30 pending", [this] { PartOf(), Replace(30); }},
        {"Filled 100 of 100, replace to 150 pending",
         [this] {
           Begin(), Replace(150);
           FromVenue(ExecType::kFill, id_, 100);
         }},
        {"Suspended, filled 40", [this] { PartOf(), (void)FromVenue(ExecType::kSuspended, id_); }},
        {"Done for the day", [this] { Begin(), (void)FromVenue(ExecType::kDoneForDay, id_); }},
        {"In doubt", [this] { id_ = Accepted(Buy(11)), Down(), Up(); }},
        {"In doubt, cancel pending", [this] { id_ = Accepted(Buy(11)), Down(), Up(), Cancel(); }},
        {"Unknown to its venue",
         [this] {
           Begin(), Cancel();
           VenueRefuses(cancel_, CancelRejectReason::kUnknownOrder);
         }},
        {"Live, cancel lost with the venue", [this] { Begin(), Cancel(), Down(), Up(); }},
        {"Live, replace lost with the venue", [this] { Begin(), Replace(150), Down(), Up(); }},
        {"Filled", [this] { Begin(), (void)FromVenue(ExecType::kFill, id_, 100); }},
        {"Canceled after 40",
         [this] { PartOf(), Cancel(), (void)FromVenue(ExecType::kCanceled, cancel_); }},
        {"Expired", [this] { Begin(), (void)FromVenue(ExecType::kExpired, id_); }},
        {"Rejected by its venue",
         [this] { id_ = Accepted(Buy(11)), (void)FromVenue(ExecType::kRejected, id_); }},
    };
  }

  std::vector<Case> Cases() {
    using enum CancelRejectReason;
    return {
        {"New", [this] { Says(ExecType::kNew, id_); }},
        {"Trade 10", [this] { Says(ExecType::kPartialFill, id_, 10); }},
        {"Trade 60", [this] { Says(ExecType::kPartialFill, id_, 60); }},
        {"Fill 100, Filled", [this] { Says(ExecType::kFill, id_, 100, 0, 0, OrdStatus::kFilled); }},
        {"Fill 10 of cum 100, Filled",
         [this] { Says(ExecType::kFill, id_, 10, 100, 0, OrdStatus::kFilled); }},
        {"Trade 130", [this] { Says(ExecType::kFill, id_, 130); }},
        {"Canceled", [this] { Says(ExecType::kCanceled, id_); }},
        {"Canceled, cum 70", [this] { Says(ExecType::kCanceled, id_, 0, 70); }},
        {"Canceled by 12", [this] { Says(ExecType::kCanceled, cancel_); }},
        {"Replaced by 13", [this] { Says(ExecType::kReplaced, replace_, 0, 0, 150); }},
        {"12 refused: too late", [this] { Refuses(cancel_, kTooLateToCancel); }},
        {"12 refused: unknown", [this] { Refuses(cancel_, kUnknownOrder); }},
        {"13 refused: too late", [this] { Refuses(replace_, kTooLateToCancel); }},
        {"13 refused: unknown", [this] { Refuses(replace_, kUnknownOrder); }},
        {"Rejected", [this] { Says(ExecType::kRejected, id_); }},
        {"12 Rejected", [this] { Says(ExecType::kRejected, cancel_); }},
        {"13 Rejected", [this] { Says(ExecType::kRejected, replace_); }},
        {"Expired", [this] { Says(ExecType::kExpired, id_); }},
        {"Triggered", [this] { Says(ExecType::kTriggered, id_); }},
        {"Suspended, cum 50", [this] { Says(ExecType::kSuspended, id_, 0, 50); }},
        {"Done for the day", [this] { Says(ExecType::kDoneForDay, id_); }},
        {"Restated, leaves 60, suspended",
         [this] { Says(ExecType::kRestated, id_, 0, 40, 60, OrdStatus::kSuspended); }},
        {"Bust of 40", [this] { Says(ExecType::kBusted, id_, 40); }},
        {"Bust of 40, leaves 100",
         [this] { Says(ExecType::kBusted, id_, 40, 0, 100, OrdStatus::kNew); }},
        {"Corrected to 30", [this] { Says(ExecType::kCorrected, id_, 30, 30); }},
        {"Corrected to 100, Filled",
         [this] { Says(ExecType::kCorrected, id_, 100, 100, 0, OrdStatus::kFilled); }},
        {"Restated 50, leaves 50", [this] { Says(ExecType::kRestated, id_, 0, 50, 50); }},
        {"Restated 50, Canceled",
         [this] { Says(ExecType::kRestated, id_, 0, 50, 0, OrdStatus::kCanceled); }},
        {"Restated, leaves 2^38",
         [this] { Says(ExecType::kRestated, id_, 0, 0, uint64_t{1} << 38); }},
        {"Venue down", [this] { Down(); }},
        {"Venue lost its book",
         [this] {
           SetVenue(1, VenueState::kBookLost);
           Work();
         }},
        {"Cancel 14", [this] { SendCancel(14, 11); }},
        {"Replace 14 to 110", [this] { SendReplace(14, 11, 110, 10'000); }},
        {"The gateway starts anew",
         [this] { StepBytes(Origin::kStart, 1, FrameType{}, {}), Work(); }},
    };
  }

  std::string Said() const {
    std::string said;
    for (const EffectView& effect : effects()) {
      if (!said.empty()) said += ", ";
      ExecutionReport report;
      CancelReject reject;
      if (effect.target == Target::kVenue) {
        absl::StrAppend(&said, "to the venue: ", Text(Name(effect.type)));
      } else if (effect.type == FrameType::kExecutionReport &&
                 Decode(effect.bytes(), report) == DecodeStatus::kOk) {
        absl::StrAppend(&said, Text(Name(report.exec_type)), " ", Text(Name(report.ord_status)),
                        report.last_qty != 0 ? absl::StrCat(" ", report.last_qty) : "", " [",
                        report.cl_ord_id, "]");
      } else if (effect.type == FrameType::kCancelReject &&
                 Decode(effect.bytes(), reject) == DecodeStatus::kOk) {
        absl::StrAppend(&said, "refused, ", Text(Name(reject.reason)), " [", reject.cl_ord_id, "]");
      } else {
        said += Text(Name(effect.type));
      }
    }
    return said;
  }

  std::string Counted(const EngineCounters& before) {
    const EngineCounters& after = counters();
    std::string text;
    const auto note = [&text](const char* what, uint64_t was, uint64_t is) {
      if (is != was) absl::StrAppend(&text, text.empty() ? "" : " ", "*", what, "*");
    };
    note("ignored", before.ignored_reports, after.ignored_reports);
    note("conflict", before.conflicting_reports, after.conflicting_reports);
    note("late", before.late_fills, after.late_fills);
    note("overfill", before.overfills, after.overfills);
    note("mismatch", before.quantity_mismatches, after.quantity_mismatches);
    note("malformed", before.malformed_reports, after.malformed_reports);
    return text;
  }

  std::optional<OrderView> TheOrder() {
    for (const uint64_t name : {11u, 13u, 14u}) {
      if (auto order = engine().FindOrder(1, name)) return order;
    }
    return std::nullopt;
  }

  // Invariants of every cell, whatever the table says.
  void ExpectWhole(const OrderView& order) {
    const PositionView position = engine().position(100, 7);
    const bool open = engine().open_orders() == 1;
    EXPECT_EQ(position.quantity, static_cast<int64_t>(order.cum_qty));
    if (!open) {
      EXPECT_EQ(order.leaves_qty, 0u);
      EXPECT_EQ(position.open_buy, 0u);
    }
    EXPECT_GE(position.open_buy, order.leaves_qty);
  }

  std::string Row(const State& state, const Case& input) {
    SCOPED_TRACE(absl::StrCat(state.name, " / ", input.name));
    Restart(SmallFirm());
    id_ = cancel_ = replace_ = 0;
    state.reach();
    const uint64_t cancel = cancel_;
    const uint64_t replace = replace_;
    const std::string_view about(input.name);
    // There is no such request in this state.
    if ((about.find("12") != std::string_view::npos && cancel == 0) ||
        (about.find("13 ") != std::string_view::npos && replace == 0) ||
        (about == "Replaced by 13" && replace == 0)) {
      return "";
    }
    const EngineCounters before = counters();
    input.give();
    const auto order = TheOrder();
    EXPECT_TRUE(order.has_value());
    if (!order) return "";
    ExpectWhole(*order);
    const PositionView position = engine().position(100, 7);
    const std::string counted = Counted(before);
    const std::string said = Said();
    return absl::StrCat("| ", input.name, " | ", Text(Name(order->status)), " | ",
                        order->leaves_qty, " | ", order->cum_qty, " | ", position.quantity, " | ",
                        position.open_buy, " | ", said, said.empty() || counted.empty() ? "" : " ",
                        counted, " |\n");
  }

  uint64_t id_ = 0;
  uint64_t cancel_ = 0;
  uint64_t replace_ = 0;
};

TEST_F(EngineMatrixTest, IsAsTheTableSays) {
  std::string table = kBegin;
  for (const State& state : States()) {
    absl::StrAppend(&table, "\n## ", state.name,
                    "\n\n| input | status | leaves | cum | position | open | said |\n"
                    "|---|---|---|---|---|---|---|\n");
    for (const Case& input : Cases()) table += Row(state, input);
  }
  if (const char* path = std::getenv("RINGWAY_ORDER_STATES"); path != nullptr) {
    std::ofstream(path, std::ios::trunc) << table;
  }
  std::ifstream file(kFile);
  const std::string documented{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(documented, table) << "the head of this test's file says how to write " << kFile
                               << " anew";
}

}  // namespace
}  // namespace ringway
