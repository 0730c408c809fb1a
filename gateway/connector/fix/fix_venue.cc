// Checks the configuration of a venue that speaks FIX, and its dialect.
#include "gateway/connector/fix/fix_venue.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_ids.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/fix/fix_setup.h"
#include "protocol/fix/writer.h"

namespace ringway {
namespace {

bool IsWord(const std::string& text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c <= 0x7e; });
}

class Checks {
 public:
  explicit Checks(const FixOptions& fix) : fix_(fix) {}

  std::vector<VenueFault> Run(const VenueContext& context) {
    if (fix_.dialect_file.empty()) {
      Add("dialect_file", "a venue needs a dialect", "name a file, such as one of deploy/dialects");
    } else if (fix_.dialect_file[0] != '/') {
      Add("dialect_file", "it is sought in the folder that the gateway happens to be started in",
          "write the whole path, such as /etc/ringway/dialects/generic-44.toml");
    }
    CheckSession();
    if (fix_.id_prefix.size() > FixIds::kPrefixBytesMax ||
        (!fix_.id_prefix.empty() && !IsWord(fix_.id_prefix, FixIds::kPrefixBytesMax))) {
      Add("id_prefix", "it has more than 32 characters, or blanks", "correct it");
    }
    CheckSymbols(context);
    CheckAccounts(context);
    return std::move(faults_);
  }

 private:
  void Add(std::string_view key, std::string what, std::string remedy) {
    faults_.push_back({"fix." + std::string(key), std::move(what), std::move(remedy)});
  }

  void CheckSession() {
    if (!IsWord(fix_.sender_comp_id, fix::Encoder::kCompIdBytesMax)) {
      Add("sender_comp_id", "a session needs one, of up to 64 characters without blanks",
          "write the one that the venue gave you");
    }
    if (!IsWord(fix_.target_comp_id, fix::Encoder::kCompIdBytesMax)) {
      Add("target_comp_id", "a session needs one, of up to 64 characters without blanks",
          "write the venue's");
    }
    for (const auto& [key, text] : {std::pair("sender_sub_id", &fix_.sender_sub_id),
                                    std::pair("sender_location_id", &fix_.sender_location_id),
                                    std::pair("target_sub_id", &fix_.target_sub_id),
                                    std::pair("target_location_id", &fix_.target_location_id)}) {
      if (text->empty() || IsWord(*text, fix::SessionConfig::kSubIdBytesMax)) continue;
      Add(key, "it has more than 32 characters, or blanks", "correct it");
    }
    if (!fix_.username.empty() && !IsFixText(fix_.username, FixOptions::kCredentialBytesMax)) {
      Add("username", "it has more than 128 characters, or others than printable ASCII",
          "correct it");
    }
    if (fix_.heartbeat_ns % kNsPerS != 0) {
      Add("heartbeat", "HeartBtInt is in whole seconds", "write whole seconds");
    }
    const fix::ScheduleConfig none;
    const fix::ScheduleConfig& own = fix_.schedule;
    if (!fix_.has_schedule) {
      const bool written = own.time_zone != none.time_zone || own.start != none.start ||
                           own.end != none.end || !own.days.empty() || !own.start_day.empty() ||
                           !own.end_day.empty();
      if (written) {
        Add("scheduled", "it is off, and a schedule is written",
            "write scheduled = true, or remove the schedule");
      }
    } else if (const auto schedule = fix::Schedule::Make(own); !schedule.ok()) {
      Add("scheduled", std::string(schedule.status().message()), "correct the schedule");
    }
  }

  void CheckSymbols(const VenueContext& context) {
    std::set<uint32_t> named;
    for (std::size_t i = 0; i < fix_.symbols.size(); ++i) {
      const FixSymbol& each = fix_.symbols[i];
      const std::string at = absl::StrCat("symbol[", i, "].");
      if (std::ranges::find(context.instruments, each.instrument, &InstrumentConfig::id) ==
          context.instruments.end()) {
        Add(at + "instrument", absl::StrCat("instrument ", each.instrument, " is not configured"),
            "name one of the [[instrument]]s");
      }
      if (!named.insert(each.instrument).second) {
        Add(at + "instrument", absl::StrCat("instrument ", each.instrument, " has two symbols"),
            "remove one");
      }
      if (!IsText(each.symbol)) {
        Add(at + "symbol", absl::StrCat("\"", each.symbol, "\" is no symbol"),
            "write 1 to 48 printable characters");
      }
      if (each.security_id.empty() != each.security_id_source.empty()) {
        Add(at + "security_id", "SecurityID and SecurityIDSource go together", "write both");
      } else if (!each.security_id.empty() &&
                 (!IsText(each.security_id) || !IsText(each.security_id_source))) {
        Add(at + "security_id", "it is longer than 48 characters, or not printable ASCII",
            "correct it, or its source");
      }
    }
    std::set<std::string> symbols;
    for (const InstrumentConfig& instrument : context.instruments) {
      const auto own = std::ranges::find(fix_.symbols, instrument.id, &FixSymbol::instrument);
      const bool has_own = own != fix_.symbols.end();
      const std::string& symbol = has_own ? own->symbol : instrument.symbol;
      if (!has_own && !IsText(symbol)) {
        Add("symbol",
            absl::StrCat("instrument ", instrument.id, " is \"", symbol,
                         "\", which is no Symbol (55) in FIX"),
            "give it a [[venue.fix.symbol]] of 1 to 48 printable characters");
      }
      if (symbols.insert(symbol).second) continue;
      Add("symbol", absl::StrCat("two instruments are \"", symbol, "\" at this venue"),
          "give each a symbol of its own");
    }
  }

  void CheckAccounts(const VenueContext& context) {
    const auto check_known = [&](const std::string& at, uint32_t id) {
      if (std::ranges::find(context.accounts, id, &AccountConfig::id) != context.accounts.end()) {
        return;
      }
      Add(at + "account", absl::StrCat("account ", id, " is not configured"),
          "name one of the [[account]]s");
    };
    std::set<uint32_t> named;
    std::set<std::string> names;
    for (std::size_t i = 0; i < fix_.accounts.size(); ++i) {
      const FixAccount& each = fix_.accounts[i];
      const std::string at = absl::StrCat("account[", i, "].");
      check_known(at, each.account);
      if (!IsText(each.name)) {
        Add(at + "name", absl::StrCat("\"", each.name, "\" is no account"),
            "write 1 to 48 printable characters");
      }
      if (!named.insert(each.account).second) {
        Add(at + "account", absl::StrCat("account ", each.account, " has two names"), "remove one");
      }
      if (!names.insert(each.name).second) {
        Add(at + "name", absl::StrCat("two accounts are \"", each.name, "\" at this venue"),
            "give each a name of its own");
      }
    }
    for (const AccountConfig& account : context.accounts) {
      if (named.contains(account.id)) continue;
      if (fix_.accounts_named) {
        Add("accounts_named", absl::StrCat("account ", account.id, " has no name at this venue"),
            "give it a [[venue.fix.account]]");
      } else if (names.contains(absl::StrCat(account.id))) {
        Add("account",
            absl::StrCat("account ", account.id,
                         " has no name, and its number is the name of another"),
            "give it a name of its own");
      }
    }
    std::set<std::tuple<uint32_t, char, uint32_t>> fields;
    for (std::size_t i = 0; i < fix_.account_fields.size(); ++i) {
      const FixAccountField& each = fix_.account_fields[i];
      const std::string at = absl::StrCat("account_field[", i, "].");
      check_known(at, each.account);
      if (each.messages.empty() || each.messages.find_first_not_of("DFGH") != std::string::npos) {
        Add(at + "messages", "it names other messages than D, F, G and H",
            "write some of \"DFGH\"");
      }
      if (!IsFixText(each.value, 64)) {
        Add(at + "value", "it is longer than 64 characters, or not printable ASCII", "correct it");
      }
      for (const char message : each.messages) {
        if (fields.emplace(each.account, message, each.tag).second) continue;
        Add(at + "tag", absl::StrCat("message ", std::string(1, message), " has it twice"),
            "remove one");
      }
    }
  }

  static bool IsText(const std::string& text) { return IsFixText(text, 48); }

  const FixOptions& fix_;
  std::vector<VenueFault> faults_;
};

}  // namespace

std::vector<VenueFault> FixVenue::Faults(const VenueContext& context) const {
  std::vector<VenueFault> faults = Checks(fix).Run(context);
  for (StreamFault& fault : FaultsOf(stream)) {
    faults.push_back({"stream." + fault.key, std::move(fault.what), std::move(fault.remedy)});
  }
  return faults;
}

VenueNeeds FixVenue::Needs(const VenueContext& context) const {
  VenueNeeds needs;
  needs.bytes = uint64_t{context.orders_max} * sizeof(FixOrder) + (2 << 20);
  return needs;
}

std::vector<std::string> FixVenue::FaultsInFiles(const VenueContext& context) const {
  FixDialect dialect;
  std::vector<std::string> faults = ReadFixDialect(fix, context, dialect);
  if (!faults.empty()) return faults;
  if (const auto session = ReadFixSession(fix, dialect); !session.ok()) {
    faults.emplace_back(session.status().message());
  }
  return faults;
}

}  // namespace ringway
