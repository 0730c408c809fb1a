#include "tests/bench/check_load.h"

#include <tuple>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/risk/checks.h"
#include "tests/bench/engine_load.h"

namespace ringway::bench {
namespace {

constexpr int64_t kStartNs = 1'700'000'000 * kNsPerS;

// Everything that a request refers to, as looked up by the engine.
struct Scene {
  EngineConfig config = EngineLoad::Config({});
  std::vector<Instrument> instruments = MakeInstruments(config);
  Exposure exposure{config, instruments, TableSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f}};
  OrderChecks checks = MakeChecks(config, static_cast<OrderChecks*>(nullptr));
  Position* position = exposure.FindOrMake(AccountIndex{0}, InstrumentIndex{0});

  static std::vector<Instrument> MakeInstruments(const EngineConfig& config) {
    std::vector<Instrument> out;
    for (const InstrumentConfig& instrument : config.instruments) {
      out.push_back(MakeInstrument(instrument));
      out.back().reference_time_ns = kStartNs;
    }
    return out;
  }
  template <class... Cs>
  static OrderChecks MakeChecks(const EngineConfig& config, std::tuple<Cs...>*) {
    return OrderChecks(Cs(config)...);
  }

  RiskRequest Request(int64_t now_ns, uint64_t quantity) const {
    const Instrument& instrument = instruments[0];
    const int64_t price = config.instruments[0].reference_price - config.instruments[0].tick;
    return RiskRequest{.now_ns = now_ns,
                       .session_limits = config.sessions[0].limits,
                       .account_limits = config.accounts[0].limits,
                       .instrument = instrument,
                       .position = *position,
                       .account_exposure = exposure.account(AccountIndex{0}),
                       .exposure = exposure,
                       .session = SessionIndex{0},
                       .account = AccountIndex{0},
                       .instrument_index = InstrumentIndex{0},
                       .venue = VenueIndex{0},
                       .book_side = kBuySide,
                       .side = Side::kBuy,
                       .ord_type = OrdType::kLimit,
                       .is_replace = false,
                       .reduce_only = false,
                       .profile = 0,
                       .wanted = 0,
                       .price = price,
                       .stop_price = 0,
                       .stop_before = 0,
                       .risk_price = price,
                       .quantity = quantity,
                       .open_before = 0,
                       .open_after = quantity,
                       .notional_before = 0,
                       .notional_after = instrument.Notional(price, quantity),
                       .grows = true,
                       .price_moves = true};
  }
};

}  // namespace

// One instance for each check; callgrind is told to count all of them, but only one runs.
template <class C>
[[gnu::noinline]] Verdict CheckOnce(C& check, const RiskRequest& request) noexcept {
  return check.Check(request);
}

std::vector<std::string> CheckNames() {
  std::vector<std::string> names;
  const auto add = [&]<class... Cs>(std::tuple<Cs...>*) {
    (names.emplace_back(Name(Cs::kCheck)), ...);
  };
  add(static_cast<OrderChecks*>(nullptr));
  return names;
}

double RunCheck(const std::string& name, uint32_t count) {
  Scene scene;
  double ns = 0;
  const double ns_per_tick = MeasureTscNsPerTick();
  const auto run = [&]<class C>(C& check) {
    if (name != Name(C::kCheck)) return;
    int64_t now_ns = kStartNs;
    const uint64_t start = ReadTsc();
    for (uint32_t i = 0; i < count; ++i) {
      const Verdict verdict = CheckOnce(check, scene.Request(now_ns += 1'000, 1 + i % 90'000));
      RINGWAY_CHECK(verdict.passed(), "a risk check refused the bench's order");
    }
    ns = static_cast<double>(ReadTsc() - start) * ns_per_tick / count;
  };
  std::apply([&](auto&... checks) { (run(checks), ...); }, scene.checks);
  return ns;
}

}  // namespace ringway::bench
