// Messages for tests, written with '|' for SOH.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "protocol/fix/parser.h"

namespace ringway::fix {

// "a|b" with SOH for each '|'.
inline std::string Soh(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c == '|' ? kSoh : c;
  return out;
}

// And back, for messages of failures.
inline std::string Bars(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c == kSoh ? '|' : c;
  return out;
}

// A whole message of `body`, "35=0|34=1|", with the right BodyLength and CheckSum.
inline std::string Whole(std::string_view begin_string, std::string_view body) {
  std::string text = "8=" + std::string(begin_string) + "|9=" + std::to_string(body.size()) + "|";
  text = Soh(text + std::string(body));
  char sum[8];
  std::snprintf(sum, sizeof(sum), "10=%03u", unsigned{CheckSum(text)});
  return text + sum + kSoh;
}

}  // namespace ringway::fix
