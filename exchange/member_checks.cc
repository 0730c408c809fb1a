#include "exchange/member_checks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "transport/stream/stream_options.h"

namespace ringway::exchange {

bool MayTrade(const std::vector<std::string>& symbols, const InstrumentConfig& instrument) {
  return symbols.empty() || std::ranges::find(symbols, instrument.symbol) != symbols.end();
}

void MemberChecks::CheckListen(const std::string& listen, const std::string& protocol,
                               const std::string& at) {
  if (listen.empty()) return;
  StreamListenOptions options;
  options.address = listen;
  for (const StreamFault& fault : FaultsOf(options)) {
    findings_.AddAt(at + ".listen", fault.what, fault.remedy);
  }
  const bool is_any_port = listen.ends_with(":0");
  const auto first = protocols_.emplace(listen, protocol).first;
  if (is_any_port || first->second == protocol) return;
  findings_.AddAt(at + ".listen", absl::StrCat(first->second, " members come to ", listen),
                  absl::StrCat("give ", protocol, " members another port"));
}

void MemberChecks::CheckNumber(uint32_t number, const std::string& at) {
  CheckUnique(numbers_, number == 0 ? "" : absl::StrCat(number), at, ".member", "number");
}

void MemberChecks::CheckSymbols(const std::vector<std::string>& symbols, const std::string& at) {
  for (const std::string& symbol : symbols) {
    if (std::ranges::find(instruments_, symbol, &InstrumentConfig::symbol) != instruments_.end()) {
      continue;
    }
    findings_.AddAt(at + ".symbols", "\"" + symbol + "\" is no instrument's symbol",
                    "add its [[instrument]], or remove it");
  }
}

void MemberChecks::CheckUnique(Taken& taken, const std::string& value, const std::string& at,
                               const char* key, const char* what) {
  if (value.empty()) return;
  const auto [first, is_new] = taken.emplace(value, at);
  if (is_new) return;
  findings_.AddAt(at + key, absl::StrCat(what, " ", value, " is taken by ", first->second),
                  "give every member its own");
}

}  // namespace ringway::exchange
