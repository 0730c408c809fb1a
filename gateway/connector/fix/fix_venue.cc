// Checks the configuration of a venue that speaks FIX, and its dialect.
#include "gateway/connector/fix/fix_venue.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

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
    CheckAccounts();
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
    std::set<std::string> symbols;
    for (const FixSymbol& each : fix_.symbols) {
      const auto found =
          std::ranges::find(context.instruments, each.instrument, &InstrumentConfig::id);
      if (found == context.instruments.end()) {
        Add("symbol", absl::StrCat("instrument ", each.instrument, " is not configured"),
            "name one of the [[instrument]]s");
      }
      if (!IsText(each.symbol)) {
        Add("symbol", absl::StrCat("\"", each.symbol, "\" is no symbol"),
            "write 1 to 48 printable characters");
      }
      if (!named.insert(each.instrument).second) {
        Add("symbol", absl::StrCat("instrument ", each.instrument, " has two symbols"),
            "remove one");
      }
    }
    for (const InstrumentConfig& instrument : context.instruments) {
      const auto own = std::ranges::find(fix_.symbols, instrument.id, &FixSymbol::instrument);
      const std::string& symbol = own == fix_.symbols.end() ? instrument.symbol : own->symbol;
      if (symbols.insert(symbol).second) continue;
      Add("symbol", absl::StrCat("two instruments are \"", symbol, "\" at this venue"),
          "give each a symbol of its own");
    }
  }

  void CheckAccounts() {
    std::set<uint32_t> named;
    std::set<std::string> names;
    for (const FixAccount& each : fix_.accounts) {
      if (!IsText(each.name)) {
        Add("account", absl::StrCat("\"", each.name, "\" is no account"),
            "write 1 to 48 printable characters");
      }
      if (!named.insert(each.account).second) {
        Add("account", absl::StrCat("account ", each.account, " has two names"), "remove one");
      }
      if (!names.insert(each.name).second) {
        Add("account", absl::StrCat("two accounts are \"", each.name, "\" at this venue"),
            "give each a name of its own");
      }
    }
  }

  static bool IsText(const std::string& text) {
    return !text.empty() && text.size() <= 48 &&
           std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
  }

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
