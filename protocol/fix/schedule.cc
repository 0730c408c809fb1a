#include "protocol/fix/schedule.h"

#include <array>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"

namespace ringway::fix {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::optional<int32_t> DayNamed(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
  for (size_t i = 0; i != kDays.size(); ++i) {
    if (lower == kDays[i]) return static_cast<int32_t>(i);
  }
  return std::nullopt;
}

std::optional<int32_t> SecondsOf(const std::string& text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  std::array<int32_t, 3> parts{};
  for (size_t i = 0; i != parts.size(); ++i) {
    for (size_t at = 3 * i; at != 3 * i + 2; ++at) {
      if (text[at] < '0' || text[at] > '9') return std::nullopt;
      parts[i] = parts[i] * 10 + (text[at] - '0');
    }
  }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  return parts[0] * 3600 + parts[1] * 60 + parts[2];
}

absl::Status Bad(std::string_view key, const std::string& value, std::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat("schedule: ", std::string(key), " = \"", value, "\": ", std::string(wanted)));
}

}  // namespace

absl::StatusOr<Schedule> Schedule::Make(const ScheduleConfig& config) {
  Schedule schedule;
  if (!absl::LoadTimeZone(config.time_zone, &schedule.zone_))
    return Bad("time_zone", config.time_zone, "no such zone in this machine's tz database");
  const auto start = SecondsOf(config.start);
  if (!start) return Bad("start", config.start, "a time is \"HH:MM:SS\"");
  const auto end = SecondsOf(config.end);
  if (!end) return Bad("end", config.end, "a time is \"HH:MM:SS\"");
  schedule.start_s_ = *start;
  schedule.end_s_ = *end;
  if (config.start_day.empty() != config.end_day.empty())
    return Bad("start_day", config.start_day, "a week has both start_day and end_day");
  if (!config.start_day.empty()) {
    if (!config.days.empty())
      return Bad("days", config.days, "a week has start_day and end_day instead");
    const auto first = DayNamed(config.start_day);
    if (!first) return Bad("start_day", config.start_day, "a day is \"mon\" to \"sun\"");
    const auto last = DayNamed(config.end_day);
    if (!last) return Bad("end_day", config.end_day, "a day is \"mon\" to \"sun\"");
    schedule.start_days_ = static_cast<uint8_t>(1u << *first);
    schedule.days_long_ = (*last - *first + 7) % 7;
    if (schedule.days_long_ == 0 && *end <= *start) schedule.days_long_ = 7;
    return schedule;
  }
  schedule.days_long_ = *end <= *start ? 1 : 0;
  for (const auto& name : absl::StrSplit(config.days, ' ', absl::SkipEmpty())) {
    const auto day = DayNamed({name.data(), name.size()});
    if (!day) return Bad("days", config.days, "a day is \"mon\" to \"sun\"");
    schedule.start_days_ = static_cast<uint8_t>(schedule.start_days_ | 1u << *day);
  }
  if (schedule.start_days_ == 0) schedule.start_days_ = 0x7f;
  return schedule;
}

bool Schedule::StartsOn(absl::CivilDay day) const noexcept {
  return (start_days_ >> static_cast<int>(absl::GetWeekday(day)) & 1) != 0;
}

Schedule::Bounds Schedule::BoundsOf(absl::CivilDay day) const noexcept {
  const auto at = [&](absl::CivilDay date, int32_t seconds) {
    const absl::TimeZone::TimeInfo info = zone_.At(absl::CivilSecond(date) + seconds);
    const absl::Time time = info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
    return absl::ToUnixNanos(time);
  };
  return {at(day, start_s_), at(day + days_long_, end_s_)};
}

Schedule::Period Schedule::At(int64_t unix_ns) const noexcept {
  const absl::CivilDay today(zone_.At(absl::FromUnixNanos(unix_ns)).cs);
  // Starts of a week back and of a week ahead: at least one lies on either side of now.
  constexpr int kDaysAround = 8;
  Period period;
  for (int days = -kDaysAround; days <= kDaysAround; ++days) {
    const absl::CivilDay day = today + days;
    if (!StartsOn(day)) continue;
    const Bounds bounds = BoundsOf(day);
    if (bounds.start_ns > unix_ns) {
      if (!period.on || bounds.start_ns < period.until_ns) period.until_ns = bounds.start_ns;
      break;
    }
    period = {unix_ns < bounds.end_ns, bounds.start_ns, bounds.end_ns};
  }
  return period;
}

}  // namespace ringway::fix
