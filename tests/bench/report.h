// The results of a bench run: rows of ours beside a reference, printed as a table and as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace ringway::bench {

// One figure. The ratio is ours / reference; a row without a reference stands alone.
struct Row {
  std::string name;
  std::string unit;
  double ours = 0;
  std::optional<double> reference = {};
  std::string reference_name = {};
  std::optional<double> ratio =
      {};  // set by the bench if it is a median of paired ratios, not of the two medians
  std::optional<double> target =
      {};                  // the largest ratio (or, without a reference, value) that is good enough
  std::string note = {};   // processes, wait policy, distance class, sample count
  std::string group = {};  // set by Report
};

// A row without a reference.
Row Plain(std::string name, std::string unit, double ours, std::optional<double> target,
          std::string note);

class Report {
 public:
  // The rows that follow belong to this group of the bench.
  void Begin(std::string group) { group_ = std::move(group); }
  void Add(Row row);
  void Print() const;
  // {"date", "host": {...}, "results": [...]}; docs/performance.md is made of it by
  // performance_page.py. Errors: the path cannot be written.
  absl::Status WriteJson(const std::string& path) const;
  bool empty() const { return rows_.empty(); }

 private:
  std::vector<Row> rows_;
  std::string group_;
};

// What at least `fraction` (0 to 1) of `values` do not exceed, and their median; 0 if there are
// none. Reorder their copy.
double Percentile(std::vector<double> values, double fraction);
double Median(std::vector<double> values);

}  // namespace ringway::bench
