#include "protocol/fix/session_config.h"

#include "absl/strings/str_cat.h"
#include "protocol/fix/session.h"

namespace ringway::fix {
namespace {

// Of one field of a Logon, so that all of them fit.
constexpr size_t kCredentialBytesMax = 128;

bool IsFieldText(std::string_view text, size_t bytes_max) noexcept {
  if (text.size() > bytes_max) return false;
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

absl::Status Bad(const char* key, const char* wanted) {
  return absl::InvalidArgumentError(absl::StrCat("FIX session: ", key, " ", wanted));
}

}  // namespace

std::string_view BeginStringOf(Version version) noexcept {
  switch (version) {
    case Version::kFix42:
      return "FIX.4.2";
    case Version::kFix44:
      return "FIX.4.4";
    case Version::kFixt11:
      return "FIXT.1.1";
  }
  return "";
}

absl::Status CheckSessionConfig(const SessionConfig& config) {
  for (const auto& [key, text] : {std::pair("sender_comp_id", &config.sender_comp_id),
                                  std::pair("target_comp_id", &config.target_comp_id)}) {
    if (text->empty() || !IsFieldText(*text, Encoder::kCompIdBytesMax))
      return Bad(key, "must be 1 to 64 printable ASCII characters");
  }
  static_assert(4 * (sizeof("142=") + SessionConfig::kSubIdBytesMax) <= Encoder::kMoreBytesMax);
  for (const auto& [key, text] : {std::pair("sender_sub_id", &config.sender_sub_id),
                                  std::pair("sender_location_id", &config.sender_location_id),
                                  std::pair("target_sub_id", &config.target_sub_id),
                                  std::pair("target_location_id", &config.target_location_id)}) {
    if (!IsFieldText(*text, SessionConfig::kSubIdBytesMax))
      return Bad(key, "must be at most 32 printable ASCII characters");
  }
  for (const auto& [key, text] :
       {std::pair("username", &config.username), std::pair("password", &config.password)}) {
    if (!IsFieldText(*text, kCredentialBytesMax))
      return Bad(key, "must be at most 128 printable ASCII characters");
  }
  if (config.version == Version::kFixt11 &&
      (config.default_appl_ver_id.empty() || !IsFieldText(config.default_appl_ver_id, 8)))
    return Bad("default_appl_ver_id", "must be 1 to 8 printable ASCII characters");
  if (config.heartbeat_s > 3'600) return Bad("heartbeat_s", "must be at most 3600");
  if (config.heartbeat_s_min > config.heartbeat_s_max || config.heartbeat_s_max > 3'600)
    return Bad("heartbeat_s_min", "to heartbeat_s_max must be a range up to 3600");
  if (config.role == Role::kAcceptor && config.reset_on_logon)
    return Bad("reset_on_logon", "is an initiator's");
  if (config.version == Version::kFix42 && config.next_expected)
    return Bad("next_expected", "needs FIX 4.4 or later");
  if (config.sending_time_tolerance_ns < 0)
    return Bad("sending_time_tolerance", "must not be negative");
  if (config.logon_timeout_ns <= 0 || config.logout_timeout_ns <= 0 || config.gap_timeout_ns <= 0 ||
      config.output_timeout_ns <= 0)
    return Bad("timeouts", "must be positive");
  if (config.message_bytes_max < 1'024 || config.message_bytes_max > 16u << 20)
    return Bad("message_bytes_max", "must be 1 KiB to 16 MiB");
  if (config.output_bytes < 2 * (config.message_bytes_max + Session::kReserveBytes) ||
      config.output_bytes > 1u << 30)
    return Bad("output_bytes", "must be twice message_bytes_max and 8 KiB more, at most 1 GiB");
  return absl::OkStatus();
}

}  // namespace ringway::fix
