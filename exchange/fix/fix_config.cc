// Checks [[fix_member]] tables, and makes options of them.
#include "exchange/fix/fix_config.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/padded_text.h"
#include "base/secret_file.h"
#include "protocol/fix/session_config.h"
#include "protocol/fix/writer.h"

namespace ringway::exchange {
namespace {

constexpr std::size_t kCredentialBytesMax = 128;
// Longer messages end the connection.
constexpr uint32_t kMessageBytesMax = 16 * 1024;
constexpr uint32_t kOutputBytes = 128 * 1024;

bool IsText(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && IsPrintable(text.data(), text.size());
}

void CheckName(const std::string& name, std::size_t bytes_max, const std::string& at,
               const char* what, ConfigFindings& findings) {
  if (name.empty() || IsText(name, bytes_max)) return;
  findings.AddAt(at, absl::StrCat("it is no ", what),
                 absl::StrCat("write 1 to ", bytes_max, " printable characters"));
}

void CheckHeartbeats(const FixMemberConfig& member, const std::string& at,
                     ConfigFindings& findings) {
  for (const auto& [key, value] : {std::pair(".heartbeat_min", member.heartbeat_min_ns),
                                   std::pair(".heartbeat_max", member.heartbeat_max_ns)}) {
    if (value % kNsPerS == 0) continue;
    findings.AddAt(at + key, "HeartBtInt (108) has no fractions", "write whole seconds");
  }
  if (member.heartbeat_min_ns <= member.heartbeat_max_ns) return;
  findings.AddAt(at + ".heartbeat_min", "it is above heartbeat_max",
                 "lower it, or raise heartbeat_max");
}

void Check(const FixMemberConfig& member, const std::string& at, MemberChecks& checks) {
  ConfigFindings& findings = checks.findings();
  checks.CheckListen(member.listen, "FIX", at);
  constexpr std::size_t kIdBytesMax = fix::Encoder::kCompIdBytesMax;
  CheckName(member.comp_id, kIdBytesMax, at + ".comp_id", "CompID", findings);
  CheckName(member.exchange_comp_id, kIdBytesMax, at + ".exchange_comp_id", "CompID", findings);
  if (member.exchange_comp_id.empty()) {
    findings.AddAt(at + ".exchange_comp_id", "it is empty", "write what clients call the exchange");
  }
  CheckName(member.username, kCredentialBytesMax, at + ".username", "user name", findings);
  if (member.username.empty() != member.password_file.empty()) {
    const bool name_lacks = member.username.empty();
    findings.AddAt(at + (name_lacks ? ".password_file" : ".username"),
                   name_lacks ? "it is of no username" : "it has no password_file",
                   "write both, or none of them");
  }
  checks.CheckNumber(member.member, at);
  MemberChecks::Taken names;
  for (std::size_t i = 0; i < member.account_of.size(); ++i) {
    const std::string of = absl::StrCat(at, ".account_of[", i, "]");
    CheckName(member.account_of[i].name, kFixNameBytesMax, of + ".name", "account", findings);
    checks.CheckUnique(names, member.account_of[i].name, of, ".name", "account");
  }
  checks.CheckSymbols(member.symbols, at);
  for (const InstrumentConfig& instrument : checks.instruments()) {
    if (instrument.symbol.empty() || IsText(instrument.symbol, kFixNameBytesMax) ||
        !MayTrade(member.symbols, instrument)) {
      continue;
    }
    findings.AddAt(at + ".symbols",
                   "FIX members cannot trade \"" + instrument.symbol +
                       "\": its symbol is not 1 to 40 printable characters",
                   "list the symbols that it may trade, without this one");
  }
  CheckHeartbeats(member, at, findings);
  if (member.next_expected && member.version == FixVersion::k42) {
    findings.AddAt(at + ".next_expected", "FIX 4.2 has no NextExpectedMsgSeqNum (789)",
                   "remove it, or let the client speak 4.4 or 5.0 SP2");
  }
}

fix::SessionConfig SessionConfigOf(const FixMemberConfig& member) {
  fix::SessionConfig config;
  config.role = fix::Role::kAcceptor;
  config.version = member.version == FixVersion::k42   ? fix::Version::kFix42
                   : member.version == FixVersion::k44 ? fix::Version::kFix44
                                                       : fix::Version::kFixt11;
  config.sender_comp_id = member.exchange_comp_id;
  config.target_comp_id = member.comp_id;
  config.heartbeat_s_min = static_cast<uint32_t>(member.heartbeat_min_ns / kNsPerS);
  config.heartbeat_s_max = static_cast<uint32_t>(member.heartbeat_max_ns / kNsPerS);
  config.next_expected = member.next_expected;
  config.precision = PrecisionOf(member.version);
  // slow_after decides.
  config.output_timeout_ns = member.slow_after_ns + kNsPerS;
  config.message_bytes_max = kMessageBytesMax;
  config.output_bytes = kOutputBytes;
  return config;
}

}  // namespace

void CheckFixMembers(const std::vector<FixMemberConfig>& members, MemberChecks& checks) {
  MemberChecks::Taken sessions;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const FixMemberConfig& member = members[i];
    const std::string at = absl::StrCat("fix_member[", i, "]");
    Check(member, at, checks);
    if (member.comp_id.empty()) continue;
    checks.CheckUnique(
        sessions,
        absl::StrCat(member.comp_id, " to ", member.exchange_comp_id, " at ", member.listen), at,
        ".comp_id", "the session of");
  }
}

absl::StatusOr<FixMemberOptions> MakeFixMemberOptions(
    const FixMemberConfig& member, const std::vector<InstrumentConfig>& instruments,
    uint64_t hash_seed) {
  FixMemberOptions options;
  options.version = member.version;
  options.session = SessionConfigOf(member);
  options.username = member.username;
  if (!member.password_file.empty()) {
    absl::StatusOr<std::string> text =
        ReadSecretFile(member.password_file, kCredentialBytesMax + 64);
    if (!text.ok()) return text.status();
    absl::StripTrailingAsciiWhitespace(&*text);
    if (!IsText(*text, kCredentialBytesMax)) {
      return absl::InvalidArgumentError(
          absl::StrCat(member.password_file,
                       " must hold a password of 1 to 128 printable characters, and nothing else"));
    }
    options.password = *std::move(text);
  }
  options.number = member.member;
  options.account = member.account;
  for (const FixAccountConfig& of : member.account_of) {
    options.account_of.push_back({of.name, of.account});
  }
  for (const InstrumentConfig& instrument : instruments) {
    if (MayTrade(member.symbols, instrument)) {
      options.instruments.push_back({instrument.symbol, instrument.id});
    }
  }
  options.messages_max = member.messages_max;
  options.hash_seed = hash_seed;
  return options;
}

}  // namespace ringway::exchange
