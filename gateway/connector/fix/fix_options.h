// FixOptions: the keys of a venue that speaks FIX, beside its dialect and its stream.
//
// Plain data with defaults and units. Thread rule: set-up code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config/config_reader.h"
#include "protocol/fix/schedule.h"
#include "protocol/fix/writer.h"
#include "schema/instrument.h"

namespace ringway {

// [[venue.fix.symbol]]
struct FixSymbol {
  uint32_t instrument = 0;
  std::string symbol;
  std::string security_id = {};
  std::string security_id_source = {};
};

// [[venue.fix.account]]
struct FixAccount {
  uint32_t account = 0;
  std::string name;
};

// [[venue.fix.account_field]]
struct FixAccountField {
  uint32_t account = 0;
  std::string messages = "DFG";
  uint32_t tag = 0;
  std::string value;
};

struct FixOptions {
  static constexpr std::size_t kCredentialBytesMax = 128;

  std::string dialect_file;
  std::string sender_comp_id;
  std::string target_comp_id;
  std::string sender_sub_id;
  std::string sender_location_id;
  std::string target_sub_id;
  std::string target_location_id;
  std::string username;
  std::string password_file;
  std::string id_prefix;
  int64_t heartbeat_ns = 30 * kNsPerS;
  bool reset_on_logon = false;
  bool reset_at_start = true;
  bool next_expected = false;
  bool details = true;
  bool has_schedule = false;
  fix::ScheduleConfig schedule;
  std::vector<FixSymbol> symbols;
  bool accounts_named = false;
  std::vector<FixAccount> accounts;
  std::vector<FixAccountField> account_fields;
};

template <class V>
void Fields(V& v, FixSymbol& symbol) {
  v.Integer("instrument", symbol.instrument, ConfigForm::kWhole, {1, kInstrumentIdMax},
            "The instrument's id.", ConfigNeed::kRequired);
  v.Text("symbol", symbol.symbol, "Symbol (55) at this venue.", ConfigNeed::kRequired);
  v.Text("security_id", symbol.security_id,
         "SecurityID (48), which every request has too. Empty: it is not sent.");
  v.Text("security_id_source", symbol.security_id_source,
         "SecurityIDSource (22) of it: \"4\" for an ISIN, \"8\" for the venue's own.");
}

template <class V>
void Fields(V& v, FixAccount& account) {
  v.Integer("account", account.account, ConfigForm::kWhole, {1, kInstrumentIdMax},
            "The account's id.", ConfigNeed::kRequired);
  v.Text("name", account.name, "What the venue calls it.", ConfigNeed::kRequired);
}

template <class V>
void Fields(V& v, FixAccountField& field) {
  v.Integer("account", field.account, ConfigForm::kWhole, {1, kInstrumentIdMax},
            "The account's id.", ConfigNeed::kRequired);
  v.Text("messages", field.messages,
         "The types of the messages that carry it, as in a dialect's [[static]].");
  v.Integer("tag", field.tag, ConfigForm::kWhole, {1, fix::Tag::kMax}, "The tag.",
            ConfigNeed::kRequired);
  v.Text("value", field.value, "Its value.", ConfigNeed::kRequired);
}

template <class V>
void Fields(V& v, FixOptions& fix) {
  v.Text("dialect_file", fix.dialect_file,
         "The file that says how the venue speaks FIX (docs/fix-dialects.md), with its whole path, "
         "as \"/etc/ringway/dialects/generic-44.toml\"; deploy/dialects has some. Needed.");
  v.Text("sender_comp_id", fix.sender_comp_id, "SenderCompID (49) of this gateway; needed.");
  v.Text("target_comp_id", fix.target_comp_id, "TargetCompID (56), the venue's; needed.");
  v.Text("sender_sub_id", fix.sender_sub_id,
         "SenderSubID (50), in the header of every message. Empty: it is not sent.");
  v.Text("sender_location_id", fix.sender_location_id, "SenderLocationID (142), likewise.");
  v.Text("target_sub_id", fix.target_sub_id, "TargetSubID (57), likewise.");
  v.Text("target_location_id", fix.target_location_id, "TargetLocationID (143), likewise.");
  v.Text("username", fix.username,
         "Username (553) of the Logon, also in FIX 4.2, whose standard has none. Empty: it is not "
         "sent.");
  v.Text("password_file", fix.password_file,
         "A file that only its owner can read, with Password (554) on one line. Empty: it is not "
         "sent.");
  v.Text(
      "id_prefix", fix.id_prefix,
      "What every ClOrdID begins with. It tells the orders of this gateway from those of another "
      "program on the same session or account: without one any number is taken for this gateway's. "
      "Its last character is no digit of the dialect's id_format.");
  v.Integer("heartbeat", fix.heartbeat_ns, ConfigForm::kDuration, {kNsPerS, 3'600 * kNsPerS},
            "HeartBtInt (108), whole seconds.");
  v.Flag(
      "reset_on_logon", fix.reset_on_logon,
      "Every connection begins with number 1 (ResetSeqNumFlag). Reports that were missed are lost "
      "then, and every open order is asked for: only for venues that demand it.");
  v.Flag("reset_at_start", fix.reset_at_start,
         "The first Logon of a period of the schedule has ResetSeqNumFlag (141). Off: both ends "
         "begin with 1 without a word.");
  v.Flag("next_expected", fix.next_expected,
         "The Logon has NextExpectedMsgSeqNum (789); FIX 4.4 and later.");
  v.Flag("details", fix.details,
         "Whether sessions get the venue's OrderID, ExecID and codes, as an ExecutionDetail behind "
         "each report.");
  v.Flag("accounts_named", fix.accounts_named,
         "Whether every account needs a name below. Otherwise the number of an account without one "
         "is sent.");
  v.Flag("scheduled", fix.has_schedule,
         "Whether the session is on only from `start` to `end`. Otherwise it is always on, and its "
         "numbers go on for ever.");
  v.Text("time_zone", fix.schedule.time_zone, "Of `start` and `end`; a name of the IANA database.");
  v.Text("start", fix.schedule.start, "When a period of the session starts, as \"07:00:00\".");
  v.Text("end", fix.schedule.end, "When it ends; not after `start`: on the next day.");
  v.Text("days", fix.schedule.days,
         "The days on which a period may start, as \"mon tue wed thu fri\". Empty: every day.");
  v.Text("start_day", fix.schedule.start_day,
         "Of a weekly session: the day of `start`, as \"sun\"; then without `days`.");
  v.Text("end_day", fix.schedule.end_day, "And the day of `end`.");
  v.Sections("symbol", fix.symbols,
             "What the venue calls an instrument, where that is not the instrument's symbol.");
  v.Sections("account", fix.accounts,
             "What the venue calls an account, where that is not the account's number.");
  v.Sections("account_field", fix.account_fields,
             "A field that requests of one account always carry, such as a client or a give-up.");
}

}  // namespace ringway
