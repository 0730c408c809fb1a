// The keys of a member that speaks OUCH, an [[ouch_member]] of the exchange's configuration, and
// what follows from them.
//
// Thread rule: set-up only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/config/config_reader.h"
#include "base/padded_text.h"
#include "exchange/member_checks.h"
#include "exchange/ouch/mapping.h"
#include "exchange/ouch/ouch_member.h"
#include "schema/instrument.h"

namespace ringway::exchange {

struct OuchAccountConfig {
  std::string firm;
  uint32_t account = 0;
};

struct OuchMemberConfig {
  std::string listen;
  OuchVersion version = OuchVersion::k50;
  std::string user;
  std::string password_file;
  uint32_t member = 0;
  uint32_t account = 1;
  std::vector<OuchAccountConfig> account_of;
  std::vector<std::string> symbols;  // empty: all
  uint32_t messages_max = 1u << 20;
  bool cancel_on_disconnect = false;
  int64_t slow_after_ns = 10 * kNsPerS;
};

inline constexpr std::array kOuchVersionChoices{
    ConfigChoice{"4.2", static_cast<uint32_t>(OuchVersion::k42), "tokens"},
    ConfigChoice{"5.0", static_cast<uint32_t>(OuchVersion::k50), "UserRefNums"},
};

template <class V>
void Fields(V& v, OuchAccountConfig& of) {
  v.Text("firm", of.firm, "The firm that an order names, up to 4 characters.",
         ConfigNeed::kRequired);
  v.Integer("account", of.account, ConfigForm::kWhole, {0, UINT32_MAX},
            "The account of such an order.", ConfigNeed::kRequired);
}

template <class V>
void Fields(V& v, OuchMemberConfig& member) {
  v.Text("listen", member.listen,
         "The address and port to listen at, \"127.0.0.1:9500\"; port 0 takes a free one. No other "
         "address is bound. OUCH members with the same one share it.",
         ConfigNeed::kRequired);
  v.Choice("version", member.version, kOuchVersionChoices, "Of OUCH, which names orders by:");
  v.Text("user", member.user, "The user name of its login: 1 to 6 letters or digits.",
         ConfigNeed::kRequired);
  v.Text(
      "password_file", member.password_file,
      "Holds its password, 1 to 10 printable characters, in a file that only its owner can read.",
      ConfigNeed::kRequired);
  v.Integer("member", member.member, ConfigForm::kWhole, {1, UINT32_MAX},
            "Its number, which no other member and no gateway (member_id) has.",
            ConfigNeed::kRequired);
  v.Integer("account", member.account, ConfigForm::kWhole, {0, UINT32_MAX},
            "The account that its orders are of, in the exchange's report and for self_trade.");
  v.Sections("account_of", member.account_of, "The account of orders that name a firm.");
  v.Texts("symbols", member.symbols, "The instruments that it may trade. Empty: all.");
  v.Integer("messages_max", member.messages_max, ConfigForm::kWhole, {256, 1 << 24},
            "Sequenced messages that are kept for it; a client may ask for all of them again. When "
            "they are nearly used up, its orders are canceled and its session ends.");
  v.Flag("cancel_on_disconnect", member.cancel_on_disconnect,
         "Its orders are canceled when its connection ends, by a logout as well.");
  v.Integer("slow_after", member.slow_after_ns, ConfigForm::kDuration, {kNsPerMs, 3600 * kNsPerS},
            "Its connection ends when it takes nothing for this long although something waits.");
}

// Adds an error for everything that does not fit together.
void CheckOuchMembers(const std::vector<OuchMemberConfig>& members, MemberChecks& checks);

struct OuchLogin {
  PaddedText<6> user;
  PaddedText<10> password;
};
// Reads the password file. Errors: it cannot be read, others can read it, or it holds no password;
// with the remedy, never any part of the content.
absl::StatusOr<OuchLogin> ReadOuchLogin(const OuchMemberConfig& member);

// REQUIRES: CheckOuchMembers() found nothing.
OuchMemberOptions MakeOuchMemberOptions(const OuchMemberConfig& member,
                                        const std::vector<InstrumentConfig>& instruments,
                                        uint64_t hash_seed);

}  // namespace ringway::exchange
