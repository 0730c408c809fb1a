#include "gateway/connector/fix/fix_setup.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/secret_file.h"
#include "schema/features.h"
#include "schema/messages.h"

namespace ringway {

namespace {

bool IsDigit(char c, FixIdFormat format) {
  if (c >= '0' && c <= '9') return true;
  switch (format) {
    case FixIdFormat::kDecimal:
      return false;
    case FixIdFormat::kHex:
      return c >= 'A' && c <= 'F';
    case FixIdFormat::kBase36:
      return c >= 'A' && c <= 'Z';
  }
  return false;
}

// What the venue's `instructions` list and the dialect has no words for.
void CheckInstructions(const FixOptions& options, const VenueContext& context,
                       const FixDialect& dialect, std::vector<std::string>& faults) {
  const auto says = [&](TimeInForce one) { return !FixCodeOf(dialect, one).empty(); };
  const auto check = [&](Feature feature, bool said, absl::string_view lacks) {
    if ((context.features & BitOf(feature)) == 0 || said) return;
    const std::string_view name = kFeatureNames[static_cast<std::size_t>(feature)];
    faults.push_back(absl::StrCat("instructions: ", options.dialect_file, " has no ", lacks,
                                  ", so that orders which ask for \"", std::string(name),
                                  "\" are refused; remove it, or add that there"));
  };
  check(Feature::kIntermarketSweep, !dialect.intermarket_sweep.empty(), "intermarket_sweep");
  check(Feature::kAuction,
        says(TimeInForce::kAtTheOpening) || says(TimeInForce::kAtTheClose) ||
            says(TimeInForce::kAtCrossing),
        "time_in_force of an auction");
  check(Feature::kExpireDate, says(TimeInForce::kGoodTillDate), "time_in_force goodTillDate");
  check(Feature::kReplaceDisplay, dialect.replace && FixDisplayTagOf(dialect) != 0,
        "display_tag or replace");
  check(Feature::kReplaceExpiry, dialect.replace, "replace");
}

void CheckProfiles(const FixOptions& options, const VenueContext& context,
                   const FixDialect& dialect, std::vector<std::string>& faults) {
  for (const ProfileConfig& profile : context.profiles) {
    const auto check = [&](absl::string_view key, uint32_t tag, const std::string& value) {
      if (tag == 0 || value.empty() || IsFixText(value, 64)) return;
      faults.push_back(absl::StrCat("profile ", profile.id, ": its ", key, " is field ", tag,
                                    " at this venue (", options.dialect_file,
                                    "); write up to 64 printable characters of ASCII"));
    };
    check("algo", dialect.profile_algo_tag, profile.algo);
    check("trader", dialect.profile_trader_tag, profile.trader);
    check("client", dialect.profile_client_tag, profile.client);
    check("short_locate", dialect.profile_locate_tag, profile.short_locate);
  }
}

// Fields of one account or instrument that would be in a message twice.
void CheckFields(const FixOptions& options, const FixDialect& dialect,
                 std::vector<std::string>& faults) {
  const auto check = [&](const std::string& key, uint32_t tag, std::string_view messages) {
    const std::string holder = FixTagHolder(dialect, tag, messages);
    if (holder.empty()) return;
    faults.push_back(absl::StrCat("fix.", key, ": tag ", tag, " is that of ", holder, " (",
                                  options.dialect_file, "); correct one of them"));
  };
  for (std::size_t i = 0; i < options.account_fields.size(); ++i) {
    const FixAccountField& field = options.account_fields[i];
    check(absl::StrCat("account_field[", i, "].tag"), field.tag, field.messages);
  }
  for (std::size_t i = 0; i < options.symbols.size(); ++i) {
    if (options.symbols[i].security_id.empty()) continue;
    for (const uint32_t tag : {48, 22}) {
      check(absl::StrCat("symbol[", i, "].security_id"), tag, "DFGH");
    }
  }
}

void CheckTicks(const FixOptions& options, const VenueContext& context, const FixDialect& dialect,
                std::vector<std::string>& faults) {
  int64_t step = 1;
  for (uint32_t decimals = dialect.price_decimals; decimals < 9; ++decimals) step *= 10;
  for (const InstrumentConfig& instrument : context.instruments) {
    if (instrument.tick % step == 0) continue;
    faults.push_back(absl::StrCat("instrument ", instrument.id, ": its tick is finer than the ",
                                  dialect.price_decimals, " decimals of a price in ",
                                  options.dialect_file,
                                  "; make the tick coarser, or, where the instrument is not traded "
                                  "there, raise price_decimals"));
  }
}

}  // namespace

std::vector<std::string> ReadFixDialect(const FixOptions& options, const VenueContext& context,
                                        FixDialect& dialect) {
  const absl::StatusOr<std::string> text =
      ReadConfigFile(options.dialect_file, "deploy/dialects has some to start from");
  if (!text.ok()) return {absl::StrCat("fix.dialect_file: ", text.status().message())};
  LoadedFixDialect loaded = LoadFixDialect(*text);
  std::vector<std::string> faults;
  for (const ConfigError& error : loaded.errors) {
    faults.push_back(Format(options.dialect_file, error));
  }
  if (!faults.empty()) return faults;
  dialect = std::move(loaded.dialect);
  const std::size_t longest = options.id_prefix.size() + FixIdDigitsMax(dialect.id_format);
  if (longest > dialect.id_length_max) {
    faults.push_back(absl::StrCat("fix.id_prefix: with the prefix an identifier has up to ",
                                  longest, " characters, and ", options.dialect_file, " allows ",
                                  dialect.id_length_max,
                                  "; write a shorter prefix, or another id_format there"));
  }
  if (!options.id_prefix.empty() && IsDigit(options.id_prefix.back(), dialect.id_format)) {
    faults.push_back(
        absl::StrCat("fix.id_prefix: it ends in a digit of the identifiers, so that another "
                     "gateway's prefix may begin with it; end it in a character that is none in ",
                     options.dialect_file, ", such as \"-\""));
  }
  if (options.reset_on_logon && !dialect.status) {
    faults.push_back(absl::StrCat(
        "fix.reset_on_logon: reports that a lost connection leaves behind are lost with it, and ",
        options.dialect_file,
        " says that the venue cannot be asked for orders (status = false); correct one of them"));
  }
  if (options.next_expected && dialect.version == FixVersion::k42) {
    faults.push_back("fix.next_expected: FIX 4.2 has no NextExpectedMsgSeqNum; remove it");
  }
  CheckInstructions(options, context, dialect, faults);
  CheckProfiles(options, context, dialect, faults);
  CheckFields(options, dialect, faults);
  CheckTicks(options, context, dialect, faults);
  return faults;
}

absl::StatusOr<fix::SessionConfig> ReadFixSession(const FixOptions& options,
                                                  const FixDialect& dialect) {
  if (options.password_file.empty()) return SessionConfigOf(options, dialect, {});
  const auto error = [](absl::StatusCode code, absl::string_view what) {
    return absl::Status(code, absl::StrCat("fix.password_file: ", what));
  };
  absl::StatusOr<std::string> password =
      ReadSecretFile(options.password_file, FixOptions::kCredentialBytesMax + 1);
  if (!password.ok()) return error(password.status().code(), password.status().message());
  if (password->ends_with('\n')) password->pop_back();
  if (!IsFixText(*password, FixOptions::kCredentialBytesMax)) {
    return error(absl::StatusCode::kInvalidArgument,
                 absl::StrCat(options.password_file,
                              " holds no password: write one line of 1 to 128 printable "
                              "characters, which ends in no carriage return"));
  }
  return SessionConfigOf(options, dialect, *password);
}

absl::StatusOr<fix::SessionConfig> SessionConfigOf(const FixOptions& options,
                                                   const FixDialect& dialect,
                                                   std::string_view password) {
  fix::SessionConfig config;
  config.role = fix::Role::kInitiator;
  config.version = SessionVersionOf(dialect.version);
  config.sender_comp_id = options.sender_comp_id;
  config.target_comp_id = options.target_comp_id;
  config.sender_sub_id = options.sender_sub_id;
  config.sender_location_id = options.sender_location_id;
  config.target_sub_id = options.target_sub_id;
  config.target_location_id = options.target_location_id;
  config.username = options.username;
  config.password = std::string(password);
  config.heartbeat_s = static_cast<uint32_t>(options.heartbeat_ns / kNsPerS);
  config.reset_on_logon = options.reset_on_logon;
  config.next_expected = options.next_expected;
  config.precision = dialect.time_precision;
  if (options.has_schedule) {
    absl::StatusOr<fix::Schedule> schedule = fix::Schedule::Make(options.schedule);
    if (!schedule.ok()) return schedule.status();
    config.schedule = *std::move(schedule);
  }
  if (absl::Status checked = fix::CheckSessionConfig(config); !checked.ok()) return checked;
  return config;
}

}  // namespace ringway
