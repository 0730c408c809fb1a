// What is written for each request in each version: every field, in its order.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_options.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/fix/fix_setup.h"
#include "gateway/connector/fix/fix_writer.h"
#include "gateway/connector/venue_kind.h"
#include "protocol/fix/tags.h"
#include "protocol/fix/writer.h"
#include "schema/instrument.h"
#include "schema/messages.h"

namespace ringway {
namespace {

constexpr int64_t kUnit = 1'000'000'000;
constexpr int64_t kNow = 1'790'000'000 * kNsPerS + 123'456'789;
constexpr const char* kTime = "60=20260921-14:13:20.123|";
constexpr std::array kVersions{FixVersion::k42, FixVersion::k44, FixVersion::k50Sp2};

// The dialect that ships for a version.
FixDialect Generic(FixVersion version) {
  FixOptions options;
  options.dialect_file = std::string("deploy/dialects/generic-") +
                         (version == FixVersion::k42   ? "42"
                          : version == FixVersion::k44 ? "44"
                                                       : "50sp2") +
                         ".toml";
  FixDialect dialect;
  const std::vector<InstrumentConfig> none;
  EXPECT_TRUE(ReadFixDialect(options, {.instruments = none}, dialect).empty());
  return dialect;
}

// Writes requests as a venue with this dialect gets them.
class Pen {
 public:
  explicit Pen(const FixDialect& dialect, const FixOptions& options = Options())
      : writer_(options, dialect, Instruments(), Profiles()) {}

  static FixOptions Options() {
    FixOptions options;
    options.id_prefix = "R";
    options.accounts = {{1, "ACC"}};
    return options;
  }
  static std::vector<InstrumentConfig> Instruments() {
    std::vector<InstrumentConfig> instruments(1);
    instruments[0].id = 7;
    instruments[0].symbol = "RING";
    return instruments;
  }

  static std::vector<ProfileConfig> Profiles() {
    std::vector<ProfileConfig> profiles(2);
    profiles[0] = {.id = 3,
                   .name = "",
                   .algo = "ALGO",
                   .trader = "TIM",
                   .client = "CARA",
                   .short_locate = "LEND",
                   .manual = true};
    profiles[1].id = 4;
    return profiles;
  }

  std::string Enter(const NewOrder& request) {
    FixOrder order;
    if (writer_.TermsOf(request, order) != RejectReason::kNone) return "refused";
    order.id = request.cl_ord_id;
    return Body([&](fix::Writer& to) { writer_.Enter(order, request.profile, kNow, to); });
  }
  std::string Replace(const FixOrder& order, const ringway::Replace& request) {
    FixOrder changed = order;
    if (writer_.TermsOf(request, changed) != CancelRejectReason::kNone) return "refused";
    changed.replace_id = request.cl_ord_id;
    return Body([&](fix::Writer& to) { writer_.Replace(changed, request.profile, kNow, to); });
  }
  std::string Cancel(const FixOrder& order, uint64_t id, uint8_t profile = 0) {
    return Body([&](fix::Writer& to) { writer_.Cancel(order, id, profile, kNow, to); });
  }
  std::string AskFor(const FixOrder& order, uint64_t id) {
    return Body([&](fix::Writer& to) { writer_.AskFor(order, id, to); });
  }
  FixOrder Entered(const NewOrder& request) {
    FixOrder order;
    EXPECT_EQ(writer_.TermsOf(request, order), RejectReason::kNone);
    order.id = request.cl_ord_id;
    order.venue_id = {'V', '1'};
    order.venue_id_bytes = 2;
    return order;
  }
  const FixWriter& writer() const { return writer_; }

 private:
  template <class F>
  std::string Body(F&& write) {
    std::array<char, 1024> room;
    fix::Writer to(room.data(), room.data() + room.size());
    write(to);
    EXPECT_EQ(to.error(), fix::WriteError::kNone);
    std::string text(to.fields());
    std::ranges::replace(text, fix::kSoh, '|');
    return text;
  }

  FixWriter writer_;
};

NewOrder Buy() {
  NewOrder order;
  order.cl_ord_id = 5;
  order.price = 12 * kUnit + kUnit / 2;
  order.qty = 100;
  order.instrument = 7;
  order.account = 1;
  order.side = Side::kBuy;
  order.ord_type = OrdType::kLimit;
  return order;
}
template <class F>
NewOrder Buy(F&& change) {
  NewOrder order = Buy();
  change(order);
  return order;
}

constexpr uint16_t Bit(Instruction instruction) {
  return static_cast<uint16_t>(1u << static_cast<uint32_t>(instruction));
}

// What follows ClOrdID, static fields, Account, Symbol and Side: the body's middle, up to
// TransactTime. "refused": it is not written at all.
struct Said {
  const char* what;
  NewOrder request;
  std::array<const char*, 3> terms;  // in 4.2, 4.4 and 5.0 SP2
};

std::vector<Said> Orders() {
  const auto all = [](const char* terms) { return std::array{terms, terms, terms}; };
  using O = NewOrder;
  return {
      {"a limit order", Buy(), all("54=1|38=100|40=2|44=12.5|59=0|")},
      {"a market order", Buy([](O& o) { o.ord_type = OrdType::kMarket, o.price = 0; }),
       all("54=1|38=100|40=1|59=0|")},
      {"a stop order",
       Buy([](O& o) { o.ord_type = OrdType::kStop, o.price = 0, o.stop_price = 11 * kUnit; }),
       all("54=1|38=100|40=3|99=11|59=0|")},
      {"a stop limit order",
       Buy([](O& o) { o.ord_type = OrdType::kStopLimit, o.stop_price = 11 * kUnit; }),
       all("54=1|38=100|40=4|44=12.5|99=11|59=0|")},
      {"a sale", Buy([](O& o) { o.side = Side::kSell; }), all("54=2|38=100|40=2|44=12.5|59=0|")},
      {"good till cancel", Buy([](O& o) { o.time_in_force = TimeInForce::kGoodTillCancel; }),
       all("54=1|38=100|40=2|44=12.5|59=1|")},
      {"immediate or cancel", Buy([](O& o) { o.time_in_force = TimeInForce::kImmediateOrCancel; }),
       all("54=1|38=100|40=2|44=12.5|59=3|")},
      {"fill or kill", Buy([](O& o) { o.time_in_force = TimeInForce::kFillOrKill; }),
       all("54=1|38=100|40=2|44=12.5|59=4|")},
      {"until a time", Buy([](O& o) {
         o.time_in_force = TimeInForce::kGoodTillDate;
         o.expire_time = static_cast<uint64_t>(kNow + 60 * kNsPerS);
       }),
       all("54=1|38=100|40=2|44=12.5|59=6|126=20260921-14:14:20.123|")},
      {"until a date", Buy([](O& o) {
         o.time_in_force = TimeInForce::kGoodTillDate;
         o.expire_date = 20'717;
       }),
       all("54=1|38=100|40=2|44=12.5|59=6|432=20260921|")},
      {"in the opening auction", Buy([](O& o) { o.time_in_force = TimeInForce::kAtTheOpening; }),
       all("54=1|38=100|40=2|44=12.5|59=2|")},
      {"in the closing auction",
       Buy([](O& o) { o.time_in_force = TimeInForce::kAtTheClose; }),
       {"refused", "54=1|38=100|40=2|44=12.5|59=7|", "54=1|38=100|40=2|44=12.5|59=7|"}},
      {"at crossing",
       Buy([](O& o) { o.time_in_force = TimeInForce::kAtCrossing; }),
       {"refused", "refused", "54=1|38=100|40=2|44=12.5|59=9|"}},
      {"an iceberg",
       Buy([](O& o) { o.display_qty = 10; }),
       {"54=1|38=100|40=2|44=12.5|59=0|111=10|", "54=1|38=100|40=2|44=12.5|59=0|111=10|",
        "54=1|38=100|40=2|44=12.5|59=0|1138=10|"}},
      {"post only", Buy([](O& o) { o.post_only = 1; }), all("54=1|38=100|40=2|44=12.5|59=0|18=6|")},
      {"all or none, post only", Buy([](O& o) {
         o.post_only = 1;
         o.instructions = Bit(Instruction::kAllOrNone);
       }),
       all("54=1|38=100|40=2|44=12.5|59=0|18=6 G|")},
      {"an intermarket sweep",
       Buy([](O& o) { o.instructions = Bit(Instruction::kIntermarketSweep); }),
       {"refused", "refused", "54=1|38=100|40=2|44=12.5|59=0|18=f|"}},
      {"hidden", Buy([](O& o) { o.instructions = Bit(Instruction::kHidden); }), all("refused")},
      {"an agent's",
       Buy([](O& o) { o.capacity = Capacity::kAgency; }),
       {"54=1|38=100|40=2|44=12.5|59=0|47=A|", "54=1|38=100|40=2|44=12.5|59=0|528=A|",
        "54=1|38=100|40=2|44=12.5|59=0|528=A|"}},
      {"a principal's",
       Buy([](O& o) { o.capacity = Capacity::kPrincipal; }),
       {"54=1|38=100|40=2|44=12.5|59=0|47=P|", "54=1|38=100|40=2|44=12.5|59=0|528=P|",
        "54=1|38=100|40=2|44=12.5|59=0|528=P|"}},
      {"a riskless principal's",
       Buy([](O& o) { o.capacity = Capacity::kRisklessPrincipal; }),
       {"refused", "54=1|38=100|40=2|44=12.5|59=0|528=R|", "54=1|38=100|40=2|44=12.5|59=0|528=R|"}},
  };
}

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
