// A pen that writes requests as a venue with a given dialect gets them, and what is to be written
// of every kind of order in each version.
//
// Thread rule: one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
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

namespace ringway::fix_pen {

inline constexpr int64_t kUnit = 1'000'000'000;
inline constexpr int64_t kNow = 1'790'000'000 * kNsPerS + 123'456'789;
inline constexpr const char* kTime = "60=20260921-14:13:20.123|";
inline constexpr std::array kVersions{FixVersion::k42, FixVersion::k44, FixVersion::k50Sp2};

// The dialect that ships for a version.
inline FixDialect Generic(FixVersion version) {
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

inline NewOrder Buy() {
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

inline std::vector<Said> Orders() {
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

}  // namespace ringway::fix_pen
