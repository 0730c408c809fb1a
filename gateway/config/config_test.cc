// Tests that a sound configuration is loaded whole, and that every fault of an unsound one is
// reported at once, with its position.
#include "gateway/config/config.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/config/config_document.h"
#include "exchange/options.h"
#include "gateway/connector/in_process/in_process_venue.h"
#include "gateway/engine/engine_config.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

constexpr const char* kSmall = R"(listen = ["shm:/tmp/gw.sock"]

[routing]
default_venue = 1

[[instrument]]
id = 1
symbol = "AAPL"
tick = 0.01

[[account]]
id = 1

[[session]]
id = 1
key_file = "one.key"
accounts = [1]

[[venue]]
id = 1
connector = "exchange"
)";

std::vector<std::string> ErrorsOf(const std::string& toml) {
  std::vector<std::string> lines;
  for (const ConfigError& error : LoadConfig(toml).errors)
    lines.push_back(Format("gw.toml", error));
  return lines;
}

// kSmall with one text replaced by another.
std::string SmallWith(const std::string& what, const std::string& by) {
  std::string text = kSmall;
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(Config, ASmallFileLoadsWithDefaults) {
  const LoadedConfig loaded = LoadConfig(kSmall);
  ASSERT_TRUE(loaded.ok()) << Format("gw.toml", loaded.errors.front());
  EXPECT_EQ(loaded.config.instruments.at(0).tick, 10'000'000);
  EXPECT_EQ(loaded.config.sessions.at(0).engine.limits.collar_bps, SessionLimits{}.collar_bps);
  const EngineConfig engine = MakeEngineConfig(loaded.config);
  EXPECT_EQ(engine.default_venue, 1);
  EXPECT_EQ(engine.sessions.at(0).accounts, std::vector<uint32_t>{1});
  const GatewayVenueConfig& venue = loaded.config.venues.at(0);
  const exchange::ExchangeOptions options =
      std::get<InProcessVenue>(venue.kind).OptionsFor(ContextOf(loaded.config, venue));
  EXPECT_EQ(options.venue, 1);
  EXPECT_EQ(options.instruments.at(0).tick, 10'000'000);
}

// Versions before kinds of venues printed the keys of all kinds.
TEST(Config, WhatAnEarlierVersionKeptIsStillRead) {
  std::string text(kSmall);
  text.replace(text.find("connector = \"exchange\""), 22,
               "connector = \"exchange\"\nuri = \"\"\nmember_id = 1\nretired = 7");
  EXPECT_EQ(LoadConfig(text).errors.size(), 3u);
  const LoadedConfig kept = LoadKeptConfig(text);
  ASSERT_TRUE(kept.ok()) << Format("gw.toml", kept.errors.front());
  EXPECT_EQ(PrintConfig(kept.config), PrintConfig(LoadConfig(kSmall).config));
}

TEST(Config, WhatIsPrintedLoadsToTheSame) {
  const LoadedConfig first = LoadConfig(SmallWith("id = 1\n\n[[session]]", R"(id = 1
name = "a \"quoted\" \\ name"
restricted = [1]
limits = {quantity_max = "off", notional_max = 5_000}
[[session]])"));
  ASSERT_TRUE(first.ok()) << Format("gw.toml", first.errors.front());
  const std::string printed = PrintConfig(first.config);
  const LoadedConfig second = LoadConfig(printed);
  ASSERT_TRUE(second.ok()) << Format("gw.toml", second.errors.front()) << "\n" << printed;
  EXPECT_EQ(PrintConfig(second.config), printed);
  EXPECT_EQ(second.config.accounts.at(0).name, "a \"quoted\" \\ name");
  EXPECT_EQ(second.config.accounts.at(0).limits.quantity_max, kNoLimit);
  EXPECT_EQ(second.config.accounts.at(0).limits.notional_max, 5'000);
}

TEST(Config, LimitsInLayersReachTheEngine) {
  const LoadedConfig loaded = LoadConfig(SmallWith("id = 1\n\n[[session]]", R"(id = 1
desk = 4
[firm.limits]
gross_notional_max = 7_000
[[desk]]
id = 4
limits = {position_max = 500, open_orders_max = 20}
[[instrument_limit]]
instrument = 1
desk = 4
notional_max = 900
[[session]]
limits = {position_max = 30, gross_notional_max = 40})"));
  ASSERT_TRUE(loaded.ok()) << Format("gw.toml", loaded.errors.front());
  const EngineConfig engine = MakeEngineConfig(loaded.config);
  EXPECT_EQ(engine.firm.gross_notional_max, 7'000);
  EXPECT_EQ(engine.firm.open_orders_max, kNoOrderLimit);
  EXPECT_EQ(engine.desks.at(0).limits.position_max, 500);
  EXPECT_EQ(engine.desks.at(0).limits.open_orders_max, 20u);
  EXPECT_EQ(engine.accounts.at(0).desk, 4u);
  EXPECT_EQ(engine.instrument_limits.at(0).notional_max, 900);
  EXPECT_EQ(engine.instrument_limits.at(0).position_max, kNoLimit);
  EXPECT_EQ(engine.sessions.at(0).limits.position_max, 30);
  EXPECT_EQ(engine.sessions.at(0).limits.gross_notional_max, 40);
  const LoadedConfig again = LoadConfig(PrintConfig(loaded.config));
  ASSERT_TRUE(again.ok()) << Format("printed", again.errors.front());
  EXPECT_EQ(PrintConfig(again.config), PrintConfig(loaded.config));
}

TEST(Config, PricesAreExactHoweverTheyAreWritten) {
  for (const char* tick : {"0.07", "\"0.07\"", "7e-2", "0.070_000"}) {
    const LoadedConfig loaded = LoadConfig(SmallWith(
        "tick = 0.01", std::string("price_max = 700.07\n# \xc3\xa4\xe2\x82\xac\ntick = ") + tick));
    ASSERT_TRUE(loaded.ok()) << tick << ": " << Format("gw.toml", loaded.errors.front());
    EXPECT_EQ(loaded.config.instruments.at(0).tick, 70'000'000) << tick;
    EXPECT_EQ(loaded.config.instruments.at(0).price_max, 700'070'000'000);
  }
  // Multi-byte characters before a number in the same line do not shift it.
  const LoadedConfig loaded = LoadConfig(
      "instrument = [{id = 1, symbol = \"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\", tick = 0.03, "
      "price_max = 3}]");
  ASSERT_EQ(loaded.config.instruments.size(), 1u);
  EXPECT_EQ(loaded.config.instruments.at(0).tick, 30'000'000);
}

TEST(Config, EveryErrorComesWithPlaceCauseAndRemedy) {
  struct Case {
    const char* what;
    const char* by;
    std::vector<std::string> errors;
  };
  const std::vector<Case> cases = {
      {"tick = 0.01",
       "tik = 0.01",
       {"gw.toml:9:1: instrument[0].tik: unknown key; did you mean \"tick\"?"}},
      {"tick = 0.01",
       "zzzzzzzz = 1",
       {"gw.toml:9:1: instrument[0].zzzzzzzz: unknown key; remove it; the keys here are id, "
        "symbol, currency, "
        "currency_rate, units_per_price, contract_multiplier, inverse, tick, lot, price_min, "
        "price_max, quantity_max, "
        "reference_price, reference_age_max, reference_jump_bps, reference_confirmations, "
        "collar_width_min"}},
      {"tick = 0.01",
       "tick = 0.01\nprice_min = -5.005",
       {"gw.toml:10:13: instrument[0].price_min: -5.005 is not a multiple of the tick 0.01; write "
        "-5"}},
      {"tick = 0.01",
       "tick = 0.01\nprice_min = -1000000\nquantity_max = 1000000",
       {"gw.toml:11:16: instrument[0].quantity_max: an order of this quantity at price_min would "
        "be "
        "worth 1e12 or more; write a lower quantity_max or a higher price_min"}},
      {"tick = 0.01",
       "tick = 0.01\nreference_price = -1",
       {"gw.toml:10:19: instrument[0].reference_price: it is not between price_min and price_max; "
        "correct one of them",
        "gw.toml:20:1: venue[0].exchange: instrument 1: opening_price must be from 0 to price_max; "
        "correct these values"}},
      {"tick = 0.01",
       "tick = 0.00000000001",
       {"gw.toml:9:8: instrument[0].tick: 0.00000000001 is wrong: it has more than 9 decimal "
        "places; write a decimal "
        "number such as 0.01 or \"0.01\""}},
      {"tick = 0.01",
       "tick = \"1 cent\"",
       {"gw.toml:9:8: instrument[0].tick: \"1 cent\" is wrong: it is not a decimal number; write a "
        "decimal number such "
        "as 0.01 or \"0.01\""}},
      {"tick = 0.01",
       "tick = 0",
       {"gw.toml:9:8: instrument[0].tick: 0 is out of range; write 0.000000001 or more"}},
      {"tick = 0.01",
       "tick = -inf",
       {"gw.toml:9:8: instrument[0].tick: -inf is wrong: it is not a decimal number; write a "
        "decimal number such as "
        "0.01 or \"0.01\""}},
      {"tick = 0.01",
       "tick = 0.01\nprice_max = 10.005",
       {"gw.toml:10:13: instrument[0].price_max: 10.005 is not a multiple of the tick 0.01; write "
        "10"}},
      {"tick = 0.01",
       "tick = 0.01\nlot = 100\nquantity_max = 150",
       {"gw.toml:11:16: instrument[0].quantity_max: 150 is not a multiple of the lot 100; write "
        "100"}},
      {"tick = 0.01",
       "tick = 0.01\nreference_age_max = \"5\"",
       {"gw.toml:10:21: instrument[0].reference_age_max: \"5\" is wrong: it has no unit (ns, us, "
        "ms, s, min, h); write "
        "a number with its unit, such as \"10ms\", or \"off\""}},
      {"tick = 0.01",
       "tick = 0.01\nquantity_max = 100_000_000",
       {"gw.toml:10:16: instrument[0].quantity_max: an order of this quantity at price_max would "
        "be worth 1e12 or "
        "more; write a lower quantity_max or price_max"}},
      {"tick = 0.01",
       "tick = 0.01\nunits_per_price = 1_000_000_007",
       {"gw.toml:10:19: instrument[0].units_per_price: currency_rate * contract_multiplier / "
        "units_per_price has too many places for orders of this size; write a power of ten, a "
        "currency_rate with fewer decimal places, or a lower quantity_max"}},
      {"symbol = \"AAPL\"\n",
       "",
       {"gw.toml:6:1: instrument[0].symbol: it is missing and has no default; write a text in "
        "quotes"}},
      {"accounts = [1]",
       "accounts = [1, 7]",
       {"gw.toml:17:16: session[0].accounts[1]: there is no account 7; add a [[account]] with this "
        "id, or correct the "
        "number"}},
      {"accounts = [1]",
       "accounts = [\"one\"]",
       {"gw.toml:17:12: session[0].accounts: the session has no account, so it could send no "
        "order; write for example "
        "[1]",
        "gw.toml:17:13: session[0].accounts[0]: it is a string; write a whole number such as 100"}},
      {"accounts = [1]",
       "accounts = [1]\n[session.limits]\nmessage_burst = 10\ncancel_reserve = 10",
       {"gw.toml:20:18: session[0].limits.cancel_reserve: 10 leaves nothing of message_burst, 10, "
        "for orders; write "
        "less than message_burst"}},
      {"accounts = [1]",
       "accounts = [1]\n[[session]]\nid = 1\nkey_file = \"one.key\"\naccounts = [1]",
       {"gw.toml:19:6: session[1].id: number 1 is taken by session[0]; give every session its own",
        "gw.toml:20:12: session[1].key_file: it is also the key of session[0], who could log on as "
        "this one; make "
        "another with `ringway keygen FILE`"}},
      {"default_venue = 1",
       "default_venue = 2",
       {"gw.toml:4:17: routing.default_venue: there is no venue 2; add a [[venue]] with this id, "
        "or correct the "
        "number"}},
      {"default_venue = 1",
       "default_venue = 1\ndefault_fallback = 1",
       {"gw.toml:5:20: routing.default_fallback: it is the venue that it should replace; name "
        "another, or 0 for none"}},
      {"connector = \"exchange\"",
       "connector = \"nyse\"",
       {"gw.toml:21:13: venue[0].connector: \"nyse\" is not a choice; write one of \"exchange\" "
        "\"exchange-link\" \"ouch\" \"fix\""}},
      {"connector = \"exchange\"",
       "connector = \"exchange\"\ntrading_day = \"17:00\"",
       {"gw.toml:22:15: venue[0].trading_day: \"17:00\" is not a time of day and a time zone with "
        "one space between them; write for example \"17:00 America/Chicago\", \"00:00 UTC\" or "
        "\"06:00 +09:00\""}},
      {"connector = \"exchange\"",
       "connector = \"exchange\"\ntrading_day = \"17:00 America/Nowhere\"",
       {"gw.toml:22:15: venue[0].trading_day: this machine knows no time zone \"America/Nowhere\"; "
        "write for example \"17:00 America/Chicago\", \"00:00 UTC\" or \"06:00 +09:00\", and "
        "install the time zone database (package tzdata) where it is missing"}},
      {"connector = \"exchange\"",
       "connector = \"exchange\"\noverdue_orders = \"ended\"",
       {"gw.toml:22:18: venue[0].overdue_orders: without a trading_day no order is overdue; write "
        "trading_day too, or remove this"}},
      {"connector = \"exchange\"",
       "connector = \"exchange-link\"",
       {"gw.toml:19:1: venue[0].uri: an exchange-link has to know where the exchange is; write for "
        "example uri = "
        "\"shm:/run/ringway/exchange.sock\""}},
      {"connector = \"exchange\"",
       "connector = \"exchange-link\"\nuri = \"rdma://10.0.0.1:18702\"",
       {"gw.toml:19:1: venue[0].key_file: without a key neither the exchange nor this gateway "
        "knows the other; make one with `ringway keygen FILE`, and give the exchange a copy"}},
      {"connector = \"exchange\"",
       "connector = \"exchange\"\nkey_file = \"/x\"",
       {"gw.toml:22:1: venue[0].key_file: it has a meaning only with connector = "
        "\"exchange-link\"; remove it, or choose that"}},
      {"connector = \"exchange\"",
       "connector = \"exchange\"\nuri = \"shm:/x\"",
       {"gw.toml:22:1: venue[0].uri: it has a meaning only with connector = \"exchange-link\"; "
        "remove it, or choose that"}},
      {"connector = \"exchange\"",
       "connector = \"exchange_link\"\nuri = \"shm:/x\"\nkey_file = \"/x\"",
       {"gw.toml:21:13: venue[0].connector: \"exchange_link\" is not a choice; write one of "
        "\"exchange\" \"exchange-link\" \"ouch\" \"fix\""}},
      {"connector = \"exchange\"",
       "connector = \"exchange\"\ninstructions = [\"replace-expiry\", \"hidden\", \"iceberg\"]",
       {"gw.toml:22:35: venue[0].instructions[1]: the exchange does not know \"hidden\"; remove "
        "it: "
        "orders that ask for it are refused here",
        "gw.toml:22:45: venue[0].instructions[2]: there is no instruction \"iceberg\"; write some "
        "of "
        "\"hidden\", \"all-or-none\", \"intermarket-sweep\", \"reduce-only\", \"slide\", "
        "\"min-quantity\", \"peg\", \"auction\", \"expire-date\", \"self-trade-id\", "
        "\"replace-display\", \"replace-expiry\""}},
      {"[[venue]]",
       "profiles = [7]\ndefault_profile = 8\n[[profile]]\nid = 8\n[[profile]]\nid = 8\n[[venue]]",
       {"gw.toml:19:13: session[0].profiles[0]: there is no profile 7; add a [[profile]] with this "
        "id, or correct the number",
        "gw.toml:20:19: session[0].default_profile: profile 8 is not among the session's profiles; "
        "add it to profiles, or name one of them",
        "gw.toml:24:6: profile[1].id: number 8 is taken by profile[0]; give every profile its "
        "own"}},
      {"listen = [\"shm:/tmp/gw.sock\"]",
       "listen = []",
       {"gw.toml:1:10: listen: the gateway listens nowhere; write listen = "
        "[\"shm:/run/ringway/gateway.sock\"]"}},
      {"listen = [\"shm:/tmp/gw.sock\"]",
       "listen = [\"shm:/a\", \"shm:/a\"]\n[link]\nring_bytes = \"100KiB\"",
       {"gw.toml:1:21: listen[1]: \"shm:/a\" is there twice; remove one of them",
        "gw.toml:3:14: link.ring_bytes: 102400 bytes are not a power of two; write for example "
        "\"256KiB\""}},
      {"listen = [\"shm:/tmp/gw.sock\"]",
       "listen = \"shm:/tmp/gw.sock\"",
       {"gw.toml:1:10: listen: it is a string, not an array; write a list such as [\"a\", \"b\"]",
        "gw.toml:1:10: listen: the gateway listens nowhere; write listen = "
        "[\"shm:/run/ringway/gateway.sock\"]"}},
      {"[routing]\n",
       "[admin]\nsocket = 1\n[host]\nlock_memory = \"yes\"\ncore = 9_000\n[routing]\n",
       {"gw.toml:4:10: admin.socket: it is an integer, not a string; write a text in quotes",
        "gw.toml:6:15: host.lock_memory: it is a string, not true or false; write true or false, "
        "without quotes",
        "gw.toml:7:8: host.core: 9000 is out of range; write 0 to 4095, or \"off\""}},
      {"[[venue]]",
       "[[route]]\ninstrument = 9\nvenue = 3\nfallback = 3\n[[venue]]",
       {"gw.toml:20:14: route[0].instrument: there is no instrument 9; add a [[instrument]] with "
        "this id, or correct "
        "the number",
        "gw.toml:21:9: route[0].venue: there is no venue 3; add a [[venue]] with this id, or "
        "correct the number",
        "gw.toml:22:12: route[0].fallback: there is no venue 3; add a [[venue]] with this id, or "
        "correct the number",
        "gw.toml:22:12: route[0].fallback: it is the venue that it should replace; name another, "
        "or 0 for none"}},
      {"[[venue]]",
       "[[desk]]\nid = 3\n[[desk]]\nid = 3\n[[instrument_limit]]\ninstrument = 9\naccount = 8\n"
       "desk = 3\n[[instrument_limit]]\ninstrument = 1\nquantity_max = 5\n[[instrument_limit]]\n"
       "instrument = 1\nposition_max = 5\n[[venue]]",
       {"gw.toml:22:6: desk[1].id: number 3 is taken by desk[0]; give every desk its own",
        "gw.toml:23:1: instrument_limit[0]: it limits nothing; set quantity_max, notional_max or "
        "position_max, or remove it",
        "gw.toml:24:14: instrument_limit[0].instrument: there is no instrument 9; add a "
        "[[instrument]] with this id, or correct the number",
        "gw.toml:25:11: instrument_limit[0].account: there is no account 8; add a [[account]] with "
        "this id, or correct the number",
        "gw.toml:26:8: instrument_limit[0].desk: the limit already is that of account 8; remove "
        "one of them, or write two limits",
        "gw.toml:30:1: instrument_limit[2]: it is about the same as instrument_limit[1]; make one "
        "of the two"}},
      {"id = 1\n\n[[session]]",
       "id = 1\nlimits = {daily_sold_max = 5}\n\n[[session]]",
       {"gw.toml:13:10: account[0].limits: without a trading_day at any venue a daily limit would "
        "never begin anew; write trading_day for a venue, or turn the daily limits off"}},
      {"id = 1\n\n[[session]]",
       "id = 1\ndesk = 2\n\n[[session]]",
       {"gw.toml:13:8: account[0].desk: there is no desk 2; add a [[desk]] with this id, or "
        "correct "
        "the number"}},
      {"[[venue]]",
       "[venue]",
       {"gw.toml:4:17: routing.default_venue: there is no venue 1; add a [[venue]] with this id, "
        "or correct the number",
        "gw.toml:19:1: venue: it is a table, not an array; write each one as [[venue]]",
        "gw.toml:19:1: venue: there is none; add at least one [[venue]]"}},
  };
  for (const Case& c : cases) EXPECT_EQ(ErrorsOf(SmallWith(c.what, c.by)), c.errors) << c.by;
}

TEST(Config, TextThatIsNotTomlNamesTheLine) {
  const std::vector<std::string> errors = ErrorsOf("listen = [\n\nbroken");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].rfind("gw.toml:3:", 0), 0u) << errors[0];
  EXPECT_NE(errors[0].find("not TOML"), std::string::npos) << errors[0];
}

TEST(Config, ATableWithoutANameIsAnError) {
  for (const char* toml : {"[=\n", "[[=", "[\n", "[", "[#", "[[", "= 1\n", "x.= 1\n"})
    EXPECT_FALSE(LoadConfig(toml).errors.empty()) << toml;
}

// Letters that share a block of code points with white space: sanitizers detect a wrong assumption.
TEST(Config, LettersOutsideAsciiAreNoWhiteSpace) {
  for (const char* letter : {"\u00d3", "\u00a1", "\u1700", "\u2070", "\u3001", "\ufdfd"}) {
    SCOPED_TRACE(letter);
    EXPECT_FALSE(LoadConfig(std::string(letter) + "m#x").errors.empty());
    EXPECT_FALSE(LoadConfig("listen = " + std::string(letter)).errors.empty());
  }
}

TEST(Config, AnEmptyFileSaysWhatIsNeeded) {
  EXPECT_EQ(ErrorsOf(""), (std::vector<std::string>{
                              "gw.toml: listen: the gateway listens nowhere; write listen = "
                              "[\"shm:/run/ringway/gateway.sock\"]",
                              "gw.toml: instrument: there is none; add at least one [[instrument]]",
                              "gw.toml: account: there is none; add at least one [[account]]",
                              "gw.toml: session: there is none; add at least one [[session]]",
                              "gw.toml: venue: there is none; add at least one [[venue]]"}));
}

TEST(Config, CoinsAndInverseContractsCanBeConfigured) {
  const LoadedConfig coin =
      LoadConfig(SmallWith("tick = 0.01",
                           "tick = 0.01\ncurrency = \"EUR\"\ncurrency_rate = 1.087312345\n"
                           "units_per_price = 100_000_000\nquantity_max = 100_000_000_000"));
  EXPECT_TRUE(coin.ok()) << Format("gw.toml", coin.errors.front());
  const LoadedConfig inverse = LoadConfig(
      SmallWith("tick = 0.01", "tick = 0.01\ninverse = true\ncontract_multiplier = 100"));
  ASSERT_TRUE(inverse.ok()) << Format("gw.toml", inverse.errors.front());
  EXPECT_TRUE(MakeEngineConfig(inverse.config).instruments.at(0).inverse);
}

TEST(Config, NotionalBoundIsExact) {
  // 100,000 * 9,999,999 * 1 < 1e12; one more unit of quantity reaches it.
  EXPECT_TRUE(ErrorsOf(SmallWith("tick = 0.01", "tick = 0.01\nquantity_max = 9_999_999")).empty());
  EXPECT_EQ(ErrorsOf(SmallWith("tick = 0.01", "tick = 0.01\nquantity_max = 10_000_000")).size(),
            1u);
}

}  // namespace
}  // namespace ringway
