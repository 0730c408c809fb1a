// The keys of a member that speaks FIX, a [[fix_member]] of the exchange's configuration, and what
// follows from them.
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
#include "exchange/fix/fix_member.h"
#include "exchange/fix/fix_request.h"
#include "exchange/member_checks.h"
#include "schema/instrument.h"

namespace ringway::exchange {

struct FixAccountConfig {
  std::string name;
  uint32_t account = 0;
};

struct FixMemberConfig {
  std::string listen;
  FixVersion version = FixVersion::k44;
  std::string comp_id;
  std::string exchange_comp_id = "RINGWAY";
  std::string username;
  std::string password_file;
  uint32_t member = 0;
  uint32_t account = 1;
  std::vector<FixAccountConfig> account_of;
  std::vector<std::string> symbols;  // empty: all
  uint32_t messages_max = 1u << 16;
  bool cancel_on_disconnect = false;
  int64_t slow_after_ns = 10 * kNsPerS;
  int64_t heartbeat_min_ns = kNsPerS;
  int64_t heartbeat_max_ns = 300 * kNsPerS;
  bool next_expected = false;
};

inline constexpr std::array kFixVersionChoices{
    ConfigChoice{"4.2", static_cast<uint32_t>(FixVersion::k42), "FIX.4.2"},
    ConfigChoice{"4.4", static_cast<uint32_t>(FixVersion::k44), "FIX.4.4"},
    ConfigChoice{"5.0SP2", static_cast<uint32_t>(FixVersion::k50Sp2), "FIX 5.0 SP2 over FIXT.1.1"},
};

template <class V>
void Fields(V& v, FixAccountConfig& of) {
  v.Text("name", of.name, "Account (1) of an order, up to 40 characters.", ConfigNeed::kRequired);
  v.Integer("account", of.account, ConfigForm::kWhole, {0, UINT32_MAX},
            "The account of such an order.", ConfigNeed::kRequired);
}

template <class V>
void Fields(V& v, FixMemberConfig& member) {
  v.Text("listen", member.listen,
         "The address and port to listen at, \"127.0.0.1:9600\"; port 0 takes a free one. No other "
         "address is bound. FIX members with the same one share it.",
         ConfigNeed::kRequired);
  v.Choice("version", member.version, kFixVersionChoices, "What it speaks:");
  v.Text("comp_id", member.comp_id, "SenderCompID (49) of its client.", ConfigNeed::kRequired);
  v.Text("exchange_comp_id", member.exchange_comp_id,
         "TargetCompID (56) of its client, the exchange's name for it.");
  v.Text("username", member.username,
         "Username (553) that its Logon must have. Empty: whoever knows the CompIDs is let in.");
  v.Text("password_file", member.password_file,
         "Holds Password (554), 1 to 128 printable characters, in a file that only its owner can "
         "read; needed with username.");
  v.Integer("member", member.member, ConfigForm::kWhole, {1, UINT32_MAX},
            "Its number, which no other member and no gateway has.", ConfigNeed::kRequired);
  v.Integer("account", member.account, ConfigForm::kWhole, {0, UINT32_MAX},
            "The account that its orders are of, in the exchange's report and for self_trade.");
  v.Sections("account_of", member.account_of, "The account of orders that name one.");
  v.Texts("symbols", member.symbols, "The instruments that it may trade. Empty: all.");
  v.Integer("messages_max", member.messages_max, ConfigForm::kWhole, {256, 1 << 22},
            "Messages that are kept for it, of those that were sent the latest: what it asks for "
            "beyond is gap-filled. As many orders that have ended and ClOrdIDs are known. While as "
            "many wait for its client, nothing more is reported.");
  v.Flag("cancel_on_disconnect", member.cancel_on_disconnect,
         "Its orders are canceled when its connection ends, by a Logout as well.");
  v.Integer("slow_after", member.slow_after_ns, ConfigForm::kDuration, {kNsPerMs, 3600 * kNsPerS},
            "Its connection ends when it takes nothing for this long although something waits.");
  v.Integer("heartbeat_min", member.heartbeat_min_ns, ConfigForm::kDuration, {0, 3600 * kNsPerS},
            "The least HeartBtInt (108) that is taken, in whole seconds; 0 permits none at all.");
  v.Integer("heartbeat_max", member.heartbeat_max_ns, ConfigForm::kDuration,
            {kNsPerS, 3600 * kNsPerS}, "And the greatest.");
  v.Flag(
      "next_expected", member.next_expected,
      "Its Logon is answered with NextExpectedMsgSeqNum (789), after which the client sends what "
      "is missing unasked; from 4.4 on. In the client's Logon it is understood anyway.");
}

// Adds an error for everything that does not fit together.
void CheckFixMembers(const std::vector<FixMemberConfig>& members, MemberChecks& checks);

// The options of the member, with its password read. Errors: the file cannot be read, others can
// read it, or it holds no password; with the remedy, never any part of the content. REQUIRES:
// CheckFixMembers() found nothing.
absl::StatusOr<FixMemberOptions> MakeFixMemberOptions(
    const FixMemberConfig& member, const std::vector<InstrumentConfig>& instruments,
    uint64_t hash_seed);

}  // namespace ringway::exchange
