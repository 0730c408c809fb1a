// Checks [[ouch_member]] tables, and makes options of them.
#include "exchange/ouch/ouch_config.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/config/config_value.h"
#include "base/secret_file.h"
#include "protocol/ouch/units.h"
#include "transport/stream/stream_options.h"

namespace ringway::exchange {
namespace {

constexpr int64_t kPriceLimit = int64_t{ouch::kLimitPriceMax} * ouch::kNanosPerTick;

bool IsUserName(const std::string& name) {
  return !name.empty() && name.size() <= 6 &&
         std::ranges::all_of(name, [](unsigned char each) { return std::isalnum(each) != 0; });
}

bool MayTrade(const OuchMemberConfig& member, const InstrumentConfig& instrument) {
  return member.symbols.empty() ||
         std::ranges::find(member.symbols, instrument.symbol) != member.symbols.end();
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

class Checker {
 public:
  Checker(const std::vector<InstrumentConfig>& instruments, ConfigFindings& findings)
      : instruments_(instruments), findings_(findings) {}

  void Check(const OuchMemberConfig& member, const std::string& at) {
    // What is missing is reported already.
    if (!member.listen.empty()) {
      StreamListenOptions listen;
      listen.address = member.listen;
      for (const StreamFault& fault : FaultsOf(listen)) {
        findings_.AddAt(at + ".listen", fault.what, fault.remedy);
      }
    }
    if (!member.user.empty() && !IsUserName(member.user)) {
      findings_.AddAt(at + ".user", "it is no user name", "write 1 to 6 letters or digits");
    }
    Unique(users_, member.user, at, ".user", "user");
    Unique(numbers_, member.member == 0 ? "" : absl::StrCat(member.member), at, ".member",
           "number");
    std::map<std::string, std::string> firms;
    for (std::size_t i = 0; i < member.account_of.size(); ++i) {
      const std::string& firm = member.account_of[i].firm;
      const std::string of = absl::StrCat(at, ".account_of[", i, "]");
      const auto text = PaddedText<4>::Of(firm);
      if (!firm.empty() && (!text || text->bytes[0] == ' ')) {
        findings_.AddAt(of + ".firm", "it is no firm", "write 1 to 4 printable characters");
      }
      Unique(firms, firm, of, ".firm", "firm");
    }
    for (const std::string& symbol : member.symbols) {
      if (std::ranges::find(instruments_, symbol, &InstrumentConfig::symbol) ==
          instruments_.end()) {
        findings_.AddAt(at + ".symbols", "\"" + symbol + "\" is no instrument's symbol",
                        "add its [[instrument]], or remove it");
      }
    }
    for (const InstrumentConfig& instrument : instruments_) {
      const std::string why = Unspeakable(instrument);
      if (why.empty() || !MayTrade(member, instrument)) continue;
      findings_.AddAt(at + ".symbols",
                      "OUCH has no way to trade \"" + instrument.symbol + "\": " + why,
                      "list the symbols that it may trade, without this one");
    }
  }

 private:
  void Unique(std::map<std::string, std::string>& taken, const std::string& value,
              const std::string& at, const char* key, const char* what) {
    if (value.empty()) return;
    const auto [first, is_new] = taken.emplace(value, at);
    if (is_new) return;
    findings_.AddAt(at + key, absl::StrCat(what, " ", value, " is taken by ", first->second),
                    "give every member its own");
  }

  const std::vector<InstrumentConfig>& instruments_;
  ConfigFindings& findings_;
  std::map<std::string, std::string> users_;
  std::map<std::string, std::string> numbers_;
};

}  // namespace

void CheckOuchMembers(const std::vector<OuchMemberConfig>& members,
                      const std::vector<InstrumentConfig>& instruments, ConfigFindings& findings) {
  Checker checker(instruments, findings);
  for (std::size_t i = 0; i < members.size(); ++i) {
    checker.Check(members[i], absl::StrCat("ouch_member[", i, "]"));
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
    if (!MayTrade(member, instrument)) continue;
    options.instruments.push_back({*OuchSymbol::Of(instrument.symbol), instrument.id});
  }
  return options;
}

}  // namespace ringway::exchange
