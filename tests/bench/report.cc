#include "tests/bench/report.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/utc.h"
#include "nlohmann/json.hpp"

namespace ringway::bench {
namespace {

std::string CpuModel() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

nlohmann::json OrNull(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

std::string Cell(const std::optional<double>& value) {
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof(text),
                *value < 0.1    ? "%.4f"
                : *value < 10   ? "%.2f"
                : *value < 1000 ? "%.1f"
                                : "%.0f",
                *value);
  return text;
}

}  // namespace

Row Plain(std::string name, std::string unit, double ours, std::optional<double> target,
          std::string note) {
  return {.name = std::move(name),
          .unit = std::move(unit),
          .ours = ours,
          .target = target,
          .note = std::move(note)};
}

double Percentile(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  const auto rank = static_cast<size_t>(fraction * static_cast<double>(values.size()));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(rank, values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double Median(std::vector<double> values) { return Percentile(std::move(values), 0.5); }

void Report::Add(Row row) {
  if (!row.ratio && row.reference && *row.reference > 0) row.ratio = row.ours / *row.reference;
  row.group = group_;
  rows_.push_back(std::move(row));
}

void Report::Print() const {
  std::printf("%-46s %10s %-13s %10s %-34s %6s %7s  %s\n", "name", "ours", "unit", "reference",
              "reference is", "ratio", "target", "note");
  for (const Row& row : rows_) {
    const std::optional<double> judged =
        row.reference ? row.ratio : std::optional<double>(row.ours);
    const char* verdict = !row.target ? "" : *judged <= *row.target ? " ok" : " MISSED";
    std::printf("%-46s %10s %-13s %10s %-34s %6s %7s  %s%s\n", row.name.c_str(),
                Cell(row.ours).c_str(), row.unit.c_str(), Cell(row.reference).c_str(),
                row.reference_name.empty() ? "-" : row.reference_name.c_str(),
                Cell(row.ratio).c_str(), Cell(row.target).c_str(), row.note.c_str(), verdict);
  }
}

absl::Status Report::WriteJson(const std::string& path) const {
  utsname kernel;
  uname(&kernel);
  nlohmann::json results = nlohmann::json::array();
  for (const Row& row : rows_) {
    results.push_back({{"group", row.group},
                       {"name", row.name},
                       {"unit", row.unit},
                       {"ours", row.ours},
                       {"reference", OrNull(row.reference)},
                       {"reference_name", row.reference_name},
                       {"ratio", OrNull(row.ratio)},
                       {"target", OrNull(row.target)},
                       {"note", row.note}});
  }
  const nlohmann::json all = {{"date", FormatUtc(UnixNowNs()).substr(0, 10)},
                              {"host",
                               {{"cpu", CpuModel()},
                                {"cores", AllowedCoreCount()},
                                {"kernel", kernel.release},
                                {"tsc_ns_per_tick", MeasureTscNsPerTick()}}},
                              {"results", results}};
  std::ofstream out(path);
  out << all.dump(2) << "\n";
  out.flush();
  if (!out)
    return absl::InternalError(
        absl::StrCat("cannot write ", path, ": check the folder and its room"));
  return absl::OkStatus();
}

}  // namespace ringway::bench
