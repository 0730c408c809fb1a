// A row of a list of counters: the name under which one is printed, and the member that counts.
//
// Beside a struct of counters stands its list, from which whoever prints it takes names and order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringway {

template <class Counters>
struct CounterRow {
  std::string_view name;
  uint64_t Counters::*count;
};

// Whether the lists have one row for every member of a struct that has only counters.
template <class Counters, size_t... kRows>
constexpr bool HaveEvery(const CounterRow<Counters> (&... lists)[kRows]) noexcept {
  uint64_t Counters::*members[(kRows + ...)] = {};
  size_t count = 0;
  bool once = true;
  const auto add = [&](const CounterRow<Counters>& row) {
    for (size_t i = 0; i != count; ++i) once &= members[i] != row.count;
    members[count++] = row.count;
  };
  const auto add_all = [&](const auto& list) {
    for (const CounterRow<Counters>& row : list) add(row);
  };
  (add_all(lists), ...);
  return once && count * sizeof(uint64_t) == sizeof(Counters);
}

}  // namespace ringway
