// Checks [[ouch_member]] tables, and makes options of them.
#include "exchange/ouch/ouch_config.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/config/config_value.h"
#include "base/secret_file.h"
#include "protocol/ouch/units.h"

namespace ringway::exchange {
namespace {

constexpr int64_t kPriceLimit = int64_t{ouch::kLimitPriceMax} * ouch::kNanosPerTick;

bool IsUserName(const std::string& name) {
  return !name.empty() && name.size() <= 6 &&
         std::ranges::all_of(name, [](unsigned char each) { return std::isalnum(each) != 0; });
}

// Why OUCH cannot name the instrument or its prices; empty: it can.
std::string Unspeakable(const InstrumentConfig& instrument) {
  const auto symbol = OuchSymbol::Of(instrument.symbol);
  if (!symbol || symbol->bytes[0] == ' ') return "its symbol has more than 8 characters";
  if (instrument.tick % ouch::kNanosPerTick != 0) return "its tick has more than 4 decimal places";
  if (instrument.price_max > kPriceLimit) {
    return absl::StrCat("its price_max is above ", FormatPrice(kPriceLimit));
  }
  return "";
}

void Check(const OuchMemberConfig& member, const std::string& at, MemberChecks& checks) {
  ConfigFindings& findings = checks.findings();
  checks.CheckListen(member.listen, "OUCH", at);
  if (!member.user.empty() && !IsUserName(member.user)) {
    findings.AddAt(at + ".user", "it is no user name", "write 1 to 6 letters or digits");
  }
  checks.CheckNumber(member.member, at);
  MemberChecks::Taken firms;
  for (std::size_t i = 0; i < member.account_of.size(); ++i) {
    const std::string& firm = member.account_of[i].firm;
    const std::string of = absl::StrCat(at, ".account_of[", i, "]");
    const auto text = PaddedText<4>::Of(firm);
    if (!firm.empty() && (!text || text->bytes[0] == ' ')) {
      findings.AddAt(of + ".firm", "it is no firm", "write 1 to 4 printable characters");
    }
    checks.CheckUnique(firms, firm, of, ".firm", "firm");
  }
  checks.CheckSymbols(member.symbols, at);
  for (const InstrumentConfig& instrument : checks.instruments()) {
    const std::string why = Unspeakable(instrument);
    if (why.empty() || !MayTrade(member.symbols, instrument)) continue;
    findings.AddAt(at + ".symbols",
                   "OUCH has no way to trade \"" + instrument.symbol + "\": " + why,
                   "list the symbols that it may trade, without this one");
  }
}

}  // namespace

void CheckOuchMembers(const std::vector<OuchMemberConfig>& members, MemberChecks& checks) {
  MemberChecks::Taken users;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string at = absl::StrCat("ouch_member[", i, "]");
    Check(members[i], at, checks);
    checks.CheckUnique(users, members[i].user, at, ".user", "user");
  }
}

absl::StatusOr<OuchLogin> ReadOuchLogin(const OuchMemberConfig& member) {
  constexpr std::size_t kBytesMax = 64;
  absl::StatusOr<std::string> text = ReadSecretFile(member.password_file, kBytesMax);
  if (!text.ok()) return text.status();
  absl::StripTrailingAsciiWhitespace(&*text);
  const auto password = PaddedText<10>::Of(*text);
  if (!password || password->blank() || password->bytes[0] == ' ') {
    return absl::InvalidArgumentError(
        absl::StrCat(member.password_file,
                     " must hold a password of 1 to 10 printable characters, and nothing else"));
  }
  return OuchLogin{*PaddedText<6>::Of(member.user), *password};
}

OuchMemberOptions MakeOuchMemberOptions(const OuchMemberConfig& member,
                                        const std::vector<InstrumentConfig>& instruments,
                                        uint64_t hash_seed) {
  OuchMemberOptions options;
  options.version = member.version;
  options.number = member.member;
  options.account = member.account;
  for (const OuchAccountConfig& of : member.account_of) {
    options.account_of.push_back({*PaddedText<4>::Of(of.firm), of.account});
  }
  options.messages_max = member.messages_max;
  options.hash_seed = hash_seed;
  for (const InstrumentConfig& instrument : instruments) {
    if (!MayTrade(member.symbols, instrument)) continue;
    options.instruments.push_back({*OuchSymbol::Of(instrument.symbol), instrument.id});
  }
  return options;
}

}  // namespace ringway::exchange
