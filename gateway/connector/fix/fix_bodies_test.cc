// What is written for each request in each version: every field, in its order.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>

#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_options.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/fix/testing/fix_pen.h"
#include "schema/messages.h"

namespace ringway {
namespace {

using namespace fix_pen;  // NOLINT(google-build-using-namespace)

TEST(FixBodies, AnOrderHasEveryFieldOfItsTermsOrIsRefused) {
  for (std::size_t at = 0; at != kVersions.size(); ++at) {
    Pen pen(Generic(kVersions[at]));
    const std::string begin = std::string("11=R5|") + (at == 0 ? "21=1|" : "") + "1=ACC|55=RING|";
    for (const Said& said : Orders()) {
      const std::string terms = said.terms[at];
      EXPECT_EQ(pen.Enter(said.request), terms == "refused" ? terms : begin + terms + kTime)
          << said.what << ", version " << at;
    }
  }
}

TEST(FixBodies, WhatADialectHasNoWordForIsRefused) {
  FixDialect dialect;
  dialect.post_only.clear();
  dialect.display_tag = FixDialect::kOff;
  dialect.capacity_tag = 0;
  Pen pen(dialect);
  EXPECT_NE(pen.Enter(Buy()), "refused");
  EXPECT_EQ(pen.Enter(Buy([](NewOrder& o) { o.post_only = 1; })), "refused");
  EXPECT_EQ(pen.Enter(Buy([](NewOrder& o) { o.display_qty = 10; })), "refused");
  EXPECT_EQ(pen.Enter(Buy([](NewOrder& o) { o.capacity = Capacity::kAgency; })), "refused");
  const FixOrder order = pen.Entered(Buy());
  Replace replace{.cl_ord_id = 6, .orig_cl_ord_id = 5, .price = 13 * kUnit, .qty = 150};
  replace.changes_display = 1;
  EXPECT_NE(pen.Replace(order, replace), "refused") << "it is to be shown in full";
  replace.display_qty = 10;
  EXPECT_EQ(pen.Replace(order, replace), "refused");
}

TEST(FixBodies, ADialectsOwnWordsAreUsed) {
  FixDialect dialect;
  dialect.post_only = "p";
  dialect.intermarket_sweep = "f";
  dialect.display_tag = 210;
  dialect.capacity_tag = 47;
  dialect.capacities = {{"unset", "I"}, {"agency", "A"}};
  dialect.times_in_force = {{"atCrossing", "X"}};
  Pen pen(dialect);
  const auto crossing = [](NewOrder& order) {
    order.time_in_force = TimeInForce::kAtCrossing;
    order.post_only = 1;
    order.instructions = Bit(Instruction::kIntermarketSweep);
    order.display_qty = 10;
  };
  EXPECT_EQ(
      pen.Enter(Buy(crossing)),
      std::string("11=R5|1=ACC|55=RING|54=1|38=100|40=2|44=12.5|59=X|210=10|18=p f|47=I|") + kTime);
  EXPECT_EQ(pen.Enter(Buy()), "refused") << "only what is listed is supported";
}

TEST(FixBodies, ChangesDescribeTheirOrder) {
  for (std::size_t at = 0; at != kVersions.size(); ++at) {
    FixDialect dialect = Generic(kVersions[at]);
    dialect.order_id = true;
    Pen pen(dialect);
    NewOrder request = Buy([](NewOrder& order) {
      order.ord_type = OrdType::kStopLimit;
      order.stop_price = 11 * kUnit;
      order.display_qty = 10;
      order.side = Side::kSell;
    });
    const FixOrder order = pen.Entered(request);
    EXPECT_EQ(pen.Cancel(order, 6),
              std::string("41=R5|11=R6|37=V1|1=ACC|55=RING|54=2|38=100|") + kTime);
    EXPECT_EQ(pen.AskFor(order, 6),
              std::string("11=R6|37=V1|") + (at == 0 ? "" : "790=R6|") + "1=ACC|55=RING|54=2|");
    const std::string begin =
        std::string("41=R5|11=R6|37=V1|") + (at == 0 ? "21=1|" : "") + "1=ACC|55=RING|54=2|38=150|";
    const std::string display = at == 2 ? "1138=" : "111=";
    Replace replace{.cl_ord_id = 6, .orig_cl_ord_id = 5, .price = 13 * kUnit, .qty = 150};
    EXPECT_EQ(pen.Replace(order, replace),
              begin + "40=4|44=13|99=11|59=0|" + display + "10|" + kTime);
    replace.stop_price = 12 * kUnit;
    replace.changes_display = 1;
    replace.display_qty = 20;
    EXPECT_EQ(pen.Replace(order, replace),
              begin + "40=4|44=13|99=12|59=0|" + display + "20|" + kTime);
    replace.display_qty = 0;
    EXPECT_EQ(pen.Replace(order, replace), begin + "40=4|44=13|99=12|59=0|" + kTime);
    replace.changes_expiry = 1;
    replace.time_in_force = TimeInForce::kGoodTillDate;
    replace.expire_date = 20'717;
    EXPECT_EQ(pen.Replace(order, replace), begin + "40=4|44=13|99=12|59=6|432=20260921|" + kTime);
    replace.time_in_force = TimeInForce::kAtCrossing;
    EXPECT_EQ(pen.Replace(order, replace) == "refused", at != 2);
  }
}

TEST(FixBodies, ARequestsProfileGoesWithIt) {
  FixDialect dialect;
  dialect.profile_algo_tag = 7928;
  dialect.profile_trader_tag = 9701;
  dialect.profile_client_tag = 109;
  dialect.profile_manual_tag = 1028;
  dialect.profile_locate_tag = 5700;
  Pen pen(dialect);
  NewOrder order = Buy([](NewOrder& o) { o.profile = 3; });
  const std::string about = "1=ACC|55=RING|54=1|7928=ALGO|9701=TIM|109=CARA|1028=Y|38=";
  EXPECT_EQ(pen.Enter(order), "11=R5|" + about + "100|40=2|44=12.5|59=0|" + kTime);
  const FixOrder entered = pen.Entered(order);
  EXPECT_EQ(pen.Cancel(entered, 6, 3), "41=R5|11=R6|" + about + "100|" + kTime);
  EXPECT_EQ(
      pen.Replace(
          entered,
          {.cl_ord_id = 6, .orig_cl_ord_id = 5, .price = 13 * kUnit, .qty = 150, .profile = 3}),
      "41=R5|11=R6|" + about + "150|40=2|44=13|59=0|" + kTime);
  order.profile = 4;
  EXPECT_NE(pen.Enter(order).find("|54=1|1028=N|38=100|"), std::string::npos);
  order.profile = 3;
  EXPECT_EQ(Pen(FixDialect{}).Enter(order), Pen(FixDialect{}).Enter(Buy())) << "no tags, no fields";
}

TEST(FixBodies, AShortSaleSaysWhetherItsStockIsLocated) {
  FixDialect dialect;
  dialect.profile_locate_tag = 5700;
  for (const auto& [side, code] :
       {std::pair(Side::kSellShort, "54=5|"), std::pair(Side::kSellShortExempt, "54=6|")}) {
    Pen pen(dialect);
    NewOrder order = Buy();
    order.side = side;
    const std::string begin = std::string("11=R5|1=ACC|55=RING|") + code;
    const std::string end = std::string("38=100|40=2|44=12.5|59=0|") + kTime;
    EXPECT_EQ(pen.Enter(order), begin + "114=Y|" + end);
    order.profile = 3;
    EXPECT_EQ(pen.Enter(order), begin + "114=N|5700=LEND|" + end);
    EXPECT_NE(
        pen.Replace(
               pen.Entered(order),
               {.cl_ord_id = 6, .orig_cl_ord_id = 5, .price = 13 * kUnit, .qty = 150, .profile = 3})
            .find("|114=N|5700=LEND|38=150|"),
        std::string::npos);
    FixDialect plain;
    plain.locate_required = false;
    EXPECT_EQ(Pen(plain).Enter(order), begin + end);
  }
}

TEST(FixBodies, AnAccountAndAnInstrumentHaveFieldsOfTheirOwn) {
  FixOptions options = Pen::Options();
  options.symbols = {{7, "RNG", "US0378331005", "4"}};
  options.account_fields = {{1, "DF", 439, "FIRM"}, {1, "H", 440, "X"}, {2, "DFGH", 441, "Y"}};
  FixDialect dialect;
  dialect.statics = {{"DFGH", 100, "V"}};
  Pen pen(dialect, options);
  EXPECT_EQ(pen.Enter(Buy()),
            std::string("11=R5|100=V|1=ACC|439=FIRM|55=RNG|48=US0378331005|22=4|54=1|38=100|40=2|"
                        "44=12.5|59=0|") +
                kTime);
  const FixOrder order = pen.Entered(Buy());
  const std::string about = "55=RNG|48=US0378331005|22=4|54=1|";
  EXPECT_EQ(pen.Cancel(order, 6), "41=R5|11=R6|100=V|1=ACC|439=FIRM|" + about + "38=100|" + kTime);
  EXPECT_EQ(
      pen.Replace(order, {.cl_ord_id = 6, .orig_cl_ord_id = 5, .price = 13 * kUnit, .qty = 150}),
      "41=R5|11=R6|100=V|1=ACC|" + about + "38=150|40=2|44=13|59=0|" + kTime);
  EXPECT_EQ(pen.AskFor(order, 6), "11=R6|790=R6|100=V|1=ACC|440=X|" + about);
  NewOrder other = Buy();
  other.account = 2;
  EXPECT_NE(pen.Enter(other).find("|1=2|441=Y|55="), std::string::npos) << "without a name";
  EXPECT_EQ(pen.writer().InstrumentOf("RNG"), 7u);
  EXPECT_EQ(pen.writer().InstrumentOf("RING"), 0u);
  EXPECT_EQ(pen.writer().AccountOf("ACC"), 1u);
  EXPECT_EQ(pen.writer().AccountOf("2"), 2u);
}

TEST(FixBodies, AnInstrumentWithoutASymbolIsUnknown) {
  FixOptions options = Pen::Options();
  options.symbols = {{7, ""}};
  Pen pen(FixDialect{}, options);
  FixOrder order;
  EXPECT_EQ(pen.writer().TermsOf(Buy(), order), RejectReason::kUnknownSymbol);
}

TEST(FixBodies, TimesAreAsPreciseAsTheDialectSays) {
  for (const auto& [precision, time] :
       {std::pair(fix::TimePrecision::kSeconds, "60=20260921-14:13:20|"),
        std::pair(fix::TimePrecision::kMillis, "60=20260921-14:13:20.123|"),
        std::pair(fix::TimePrecision::kMicros, "60=20260921-14:13:20.123456|"),
        std::pair(fix::TimePrecision::kNanos, "60=20260921-14:13:20.123456789|")}) {
    FixDialect dialect;
    dialect.time_precision = precision;
    EXPECT_TRUE(Pen(dialect).Enter(Buy()).ends_with(time)) << time;
  }
}

}  // namespace
}  // namespace ringway
