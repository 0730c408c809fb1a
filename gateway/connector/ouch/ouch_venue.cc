// Checks the configuration of a venue that speaks OUCH.
#include "gateway/connector/ouch/ouch_venue.h"

#include <string.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/padded_text.h"
#include "base/secret_file.h"
#include "gateway/connector/ouch/ouch_order.h"
#include "protocol/ouch/tokens.h"
#include "protocol/ouch/units.h"

namespace ringway {
namespace {

template <std::size_t kBytes>
bool Fits(const std::string& text) {
  const auto field = PaddedText<kBytes>::Of(text);
  return field && text.find(' ') == std::string::npos;
}

void CheckSymbols(const OuchOptions& ouch, const VenueContext& context,
                  std::vector<VenueFault>& faults) {
  std::string at = "ouch.symbol";
  const auto add = [&](std::string what, std::string remedy) {
    faults.push_back({at, std::move(what), std::move(remedy)});
  };
  std::set<uint32_t> named;
  for (std::size_t i = 0; i < ouch.symbols.size(); ++i) {
    const OuchSymbol& each = ouch.symbols[i];
    at = absl::StrCat("ouch.symbol[", i, "]");
    const auto found =
        std::ranges::find(context.instruments, each.instrument, &InstrumentConfig::id);
    if (found == context.instruments.end()) {
      add(absl::StrCat("instrument ", each.instrument, " is not configured"),
          "name one of the [[instrument]]s");
    } else if (found->tick % ouch::kNanosPerTick != 0) {
      add(absl::StrCat("the tick of instrument ", each.instrument,
                       " has more than the four decimals of an OUCH price"),
          "make it a multiple of 0.0001, or do not trade it here");
    }
    if (!Fits<8>(each.symbol) || each.symbol.empty()) {
      add(absl::StrCat("\"", each.symbol, "\" is no symbol"), "write 1 to 8 characters, no blanks");
    }
    if (!named.insert(each.instrument).second) {
      add(absl::StrCat("instrument ", each.instrument, " has two symbols"), "remove one");
    }
  }
  at = "ouch.symbol";
  std::set<std::string> symbols;
  for (const InstrumentConfig& instrument : context.instruments) {
    const auto own = std::ranges::find(ouch.symbols, instrument.id, &OuchSymbol::instrument);
    const std::string& symbol = own == ouch.symbols.end() ? instrument.symbol : own->symbol;
    if (!Fits<8>(symbol) || symbols.insert(symbol).second) continue;
    add(absl::StrCat("two instruments are \"", symbol, "\" at this venue"),
        "give each a symbol of its own");
  }
}

void CheckFirms(const OuchOptions& ouch, std::vector<VenueFault>& faults) {
  std::set<uint32_t> accounts;
  for (std::size_t i = 0; i < ouch.firms.size(); ++i) {
    const OuchFirm& each = ouch.firms[i];
    const std::string at = absl::StrCat("ouch.firm_of[", i, "]");
    if (!Fits<4>(each.firm) || each.firm.empty()) {
      faults.push_back({at, absl::StrCat("\"", each.firm, "\" is no firm"),
                        "write 1 to 4 characters, no blanks"});
    }
    if (!accounts.insert(each.account).second) {
      faults.push_back(
          {at, absl::StrCat("account ", each.account, " has two firms"), "remove one"});
    }
  }
}

}  // namespace

std::vector<VenueFault> OuchVenue::Faults(const VenueContext& context) const {
  std::vector<VenueFault> faults;
  if (ouch.user.empty() || !Fits<6>(ouch.user)) {
    faults.push_back({"ouch.user", "a login has a user of 1 to 6 characters",
                      "write the one that the venue gave you"});
  }
  if (ouch.password_file.empty()) {
    faults.push_back({"ouch.password_file", "a login needs a password",
                      "name a file with it that only its owner can read"});
  }
  if (ouch.token_prefix.size() > 1 || !ouch42::Tokens::Of(ouch.token_prefix)) {
    faults.push_back(
        {"ouch.token_prefix",
         "behind a longer prefix, or another character, not every identifier has a token",
         "write one character, A-Z or 0-9, or none"});
  }
  if (!Fits<4>(ouch.firm)) {
    faults.push_back({"ouch.firm", "a firm has at most 4 characters", "correct it"});
  }
  if (absl::TimeZone zone; !absl::LoadTimeZone(ouch.time_zone, &zone)) {
    faults.push_back({"ouch.time_zone",
                      absl::StrCat("this machine knows no time zone \"", ouch.time_zone, "\""),
                      "write one of the IANA database, such as \"America/New_York\""});
  }
  CheckSymbols(ouch, context, faults);
  CheckFirms(ouch, faults);
  for (StreamFault& fault : FaultsOf(stream)) {
    faults.push_back({"stream." + fault.key, std::move(fault.what), std::move(fault.remedy)});
  }
  return faults;
}

absl::StatusOr<PaddedText<10>> ReadOuchPassword(const OuchOptions& ouch) {
  constexpr std::size_t kFileBytesMax = 64;
  const auto error = [](absl::StatusCode code, absl::string_view what) {
    return absl::Status(code, absl::StrCat("ouch.password_file: ", what));
  };
  absl::StatusOr<std::string> text = ReadSecretFile(ouch.password_file, kFileBytesMax);
  if (!text.ok()) return error(text.status().code(), text.status().message());
  std::string_view line = *text;
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  const auto password = PaddedText<10>::Of(line);
  explicit_bzero(text->data(), text->size());
  if (!password || password->blank()) {
    return error(absl::StatusCode::kInvalidArgument,
                 absl::StrCat(ouch.password_file,
                              " holds no password: write one line of 1 to 10 "
                              "printable characters"));
  }
  return *password;
}

std::vector<std::string> OuchVenue::FaultsInFiles(const VenueContext&) const {
  const absl::StatusOr<PaddedText<10>> password = ReadOuchPassword(ouch);
  if (password.ok()) return {};
  return {std::string(password.status().message())};
}

VenueNeeds OuchVenue::Needs(const VenueContext& context) const {
  VenueNeeds needs;
  needs.bytes = uint64_t{context.orders_max} * sizeof(OuchOrder) +
                uint64_t{ouch.executions_max} * 3 * sizeof(OuchExecutions::Execution) + (1 << 20);
  if (ouch.version == OuchVersion::k50) needs.bytes += uint64_t{ouch.requests_max} * 8;
  return needs;
}

}  // namespace ringway
