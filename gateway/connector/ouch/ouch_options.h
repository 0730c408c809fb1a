// OuchOptions: the keys of a venue that speaks OUCH, beside those of its stream.
//
// Plain data with defaults and units. Thread rule: set-up code.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config/config_reader.h"
#include "protocol/ouch/codes.h"
#include "schema/instrument.h"

namespace ringway {

enum class OuchVersion : uint8_t { k42, k50 };
enum class OuchDay : uint8_t { kMarketHours, kSystemHours };

// [[venue.ouch.symbol]]
struct OuchSymbol {
  uint32_t instrument = 0;
  std::string symbol;
};

// [[venue.ouch.firm_of]]
struct OuchFirm {
  uint32_t account = 0;
  std::string firm;
};

struct OuchOptions {
  OuchVersion version = OuchVersion::k50;
  std::string user;
  std::string password_file;
  std::string token_prefix;
  std::string time_zone = "America/New_York";
  std::string firm;  // blank: the port's own
  OuchDay day = OuchDay::kMarketHours;
  ouch::Capacity capacity = ouch::Capacity::kAgency;
  ouch::CustomerType customer = ouch::CustomerType::kDefault;
  // A new order or replace whose arrival is not known is sent again up to this age.
  int64_t resend_age_max_ns = 500 * kNsPerMs;
  int64_t silence_max_ns = 15 * kNsPerS;
  uint32_t requests_max = 1u << 20;    // of UserRefNums, in a day; 5.0 alone
  uint32_t executions_max = 1u << 18;  // of a session, that a bust or correction can find
  bool details = true;
  std::vector<OuchSymbol> symbols;
  std::vector<OuchFirm> firms;
};

inline constexpr uint32_t kOuchTableMax = 1u << 26;

inline constexpr std::array kOuchVersionChoices{
    ConfigChoice{"4.2", static_cast<uint32_t>(OuchVersion::k42), "orders are named by tokens"},
    ConfigChoice{"5.0", static_cast<uint32_t>(OuchVersion::k50), "orders are named by UserRefNum"},
};
inline constexpr std::array kOuchDayChoices{
    ConfigChoice{"market-hours", static_cast<uint32_t>(OuchDay::kMarketHours),
                 "until the market closes"},
    ConfigChoice{"system-hours", static_cast<uint32_t>(OuchDay::kSystemHours),
                 "as long as the venue's system is open (5.0: extended hours)"},
};
inline constexpr std::array kOuchCapacityChoices{
    ConfigChoice{"agency", static_cast<uint32_t>(ouch::Capacity::kAgency), "for customers"},
    ConfigChoice{"principal", static_cast<uint32_t>(ouch::Capacity::kPrincipal),
                 "for its own account"},
    ConfigChoice{"riskless-principal", static_cast<uint32_t>(ouch::Capacity::kRiskless),
                 "for its own account, against a customer's order"},
    ConfigChoice{"other", static_cast<uint32_t>(ouch::Capacity::kOther), "none of these"},
};
inline constexpr std::array kOuchCustomerChoices{
    ConfigChoice{"port", static_cast<uint32_t>(ouch::CustomerType::kDefault), "the port's default"},
    ConfigChoice{"retail", static_cast<uint32_t>(ouch::CustomerType::kRetail), "retail"},
    ConfigChoice{"not-retail", static_cast<uint32_t>(ouch::CustomerType::kNotRetail), "not retail"},
};

template <class V>
void Fields(V& v, OuchSymbol& symbol) {
  v.Integer("instrument", symbol.instrument, ConfigForm::kWhole, {1, kInstrumentIdMax},
            "The instrument's id.", ConfigNeed::kRequired);
  v.Text("symbol", symbol.symbol, "What the venue calls it, up to 8 characters.",
         ConfigNeed::kRequired);
}

template <class V>
void Fields(V& v, OuchFirm& firm) {
  v.Integer("account", firm.account, ConfigForm::kWhole, {1, kInstrumentIdMax}, "The account's id.",
            ConfigNeed::kRequired);
  v.Text("firm", firm.firm, "The firm that its orders are entered for, up to 4 characters.",
         ConfigNeed::kRequired);
}

template <class V>
void Fields(V& v, OuchOptions& ouch) {
  v.Choice("version", ouch.version, kOuchVersionChoices, "Which OUCH the venue speaks:");
  v.Text("user", ouch.user, "The user of the SoupBinTCP login, up to 6 characters; needed.");
  v.Text("password_file", ouch.password_file,
         "A file that only its owner can read, with the login's password on one line, up to 10 "
         "characters; needed.");
  v.Text("token_prefix", ouch.token_prefix,
         "One character, A-Z or 0-9, that begins every order token (5.0: ClOrdID), and tells the "
         "orders of this gateway from those of another program on the same account. Empty: none.");
  v.Text("time_zone", ouch.time_zone,
         "Where the venue is: its times count from midnight there. A name of the IANA database.");
  v.Text("firm", ouch.firm,
         "The firm that orders are entered for, up to 4 characters. Empty: the port's own.");
  v.Choice("day_orders", ouch.day, kOuchDayChoices, "How long a day order lives:");
  v.Choice("capacity", ouch.capacity, kOuchCapacityChoices,
           "The capacity of orders that name none:");
  v.Choice("customer_type", ouch.customer, kOuchCustomerChoices,
           "The customer type of all orders:");
  v.Integer("resend_age_max", ouch.resend_age_max_ns, ConfigForm::kDuration, {0, 10 * kNsPerS},
            "A new order or replace is sent again, under the same token or UserRefNum, up to this "
            "age, if the venue cannot tell after a reconnection whether it arrived; an older one "
            "is canceled instead. \"0s\": none is sent again.");
  v.Integer("silence_max", ouch.silence_max_ns, ConfigForm::kDuration, {kNsPerS, 600 * kNsPerS},
            "The connection ends when the venue is silent for this long; it sends a heartbeat "
            "every second.");
  v.Integer("requests_max", ouch.requests_max, ConfigForm::kWhole, {1, kOuchTableMax},
            "5.0: new orders and replaces of one day at most, by every user of the account; "
            "further ones are refused. 8 bytes each.");
  v.Integer("executions_max", ouch.executions_max, ConfigForm::kWhole, {1, kOuchTableMax},
            "Executions of one day of which the venue can break or correct every one; 48 to 96 "
            "bytes each.");
  v.Flag("details", ouch.details,
         "Whether sessions get the venue's own order number, match number and codes, as an "
         "ExecutionDetail behind each report.");
  v.Sections("symbol", ouch.symbols,
             "What the venue calls an instrument, where that is not the instrument's symbol.");
  v.Sections("firm_of", ouch.firms, "The firm of an account's orders, where it has its own.");
}

}  // namespace ringway
