// Flags of the tools' command lines, on CLI11: their values are checked as they are read.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <functional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway::flow {

inline CLI::Validator MustBe(const std::string& what,
                             std::function<bool(const std::string&)> holds) {
  return CLI::Validator(
      [what, holds = std::move(holds)](const std::string& word) {
        return holds(word) ? "" : absl::StrCat(word, " must be ", what);
      },
      "");
}

template <class T>
CLI::Validator Between(T min, T max) {
  constexpr const char* kKind = std::is_integral_v<T> ? "a whole number" : "a number";
  return MustBe(absl::StrCat(kKind, ", ", min, " to ", max), [=](const std::string& word) {
    T number{};
    const char* const end = word.data() + word.size();
    const auto result = std::from_chars(word.data(), end, number);
    return result.ec == std::errc() && result.ptr == end && number >= min && number <= max;
  });
}

inline CLI::Validator Path() {
  return MustBe("a path", [](const std::string& word) { return !word.empty(); });
}

// `type` is the help's word for the value.
template <class T>
void AddFlag(CLI::App& app, const char* name, const char* type, T& value,
             const CLI::Validator& check, const char* what) {
  app.add_option(name, value, what)->type_name(type)->transform(check);
}

}  // namespace ringway::flow
