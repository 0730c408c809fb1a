// How a trading calendar parses the time of day and the zone, and computes days.
#include "gateway/core/trading_calendar.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ringway {
namespace {

constexpr const char* kRemedy =
    "write for example \"17:00 America/Chicago\", \"00:00 UTC\" or \"06:00 +09:00\"";

// Two digits, at most `max`.
std::optional<int32_t> TwoDigits(absl::string_view text, int32_t max) {
  int32_t value = 0;
  if (text.size() != 2 || text.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(text, &value) || value > max) {
    return std::nullopt;
  }
  return value;
}

// HH:MM or HH:MM:SS.
std::optional<int32_t> SecondOfDay(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto hour = TwoDigits(parts[0], 23);
  const auto minute = TwoDigits(parts[1], 59);
  const auto second = parts.size() == 3 ? TwoDigits(parts[2], 59) : std::optional<int32_t>(0);
  if (!hour || !minute || !second) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

// +HH:MM or -HH:MM, at most 14 hours.
std::optional<int32_t> OffsetSeconds(absl::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const std::optional<int32_t> seconds = SecondOfDay(text.substr(1));
  if (!seconds || *seconds > 14 * 3600) return std::nullopt;
  return text[0] == '-' ? -*seconds : *seconds;
}

}  // namespace

absl::StatusOr<TradingCalendar> TradingCalendar::Parse(std::string_view text) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), ' ');
  const std::optional<int32_t> second = SecondOfDay(parts[0]);
  if (parts.size() != 2 || !second) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", absl::string_view(text.data(), text.size()),
        "\" is not a time of day and a time zone with one space between them; ", kRemedy));
  }
  const absl::string_view zone = parts[1];
  if (const std::optional<int32_t> offset = OffsetSeconds(zone)) {
    return TradingCalendar(*second, absl::FixedTimeZone(*offset));
  }
  absl::TimeZone named = absl::UTCTimeZone();
  if (zone == "UTC") return TradingCalendar(*second, named);
  // Excludes "localtime" and paths, which mean something else on every machine.
  const bool name = zone.find('/') != absl::string_view::npos && zone[0] != '/' &&
                    zone.find("..") == absl::string_view::npos;
  if (!name || !absl::LoadTimeZone(zone, &named)) {
    return absl::InvalidArgumentError(
        absl::StrCat("this machine knows no time zone \"", zone, "\"; ", kRemedy,
                     ", and install the time zone database (package tzdata) where it is missing"));
  }
  return TradingCalendar(*second, named);
}

int64_t TradingCalendar::BeginOf(absl::CivilDay date) const {
  const absl::TimeZone::TimeInfo begins = zone_.At(absl::CivilSecond(date) + second_of_day_);
  return absl::ToUnixNanos(begins.kind == absl::TimeZone::TimeInfo::SKIPPED ? begins.trans
                                                                            : begins.pre);
}

TradingCalendar::Day TradingCalendar::DayAt(int64_t unix_ns) const {
  absl::CivilDay date(absl::ToCivilDay(absl::FromUnixNanos(unix_ns), zone_));
  if (unix_ns < BeginOf(date)) --date;
  return {static_cast<uint32_t>(date - absl::CivilDay(1970, 1, 1)), BeginOf(date),
          BeginOf(date + 1)};
}

}  // namespace ringway
