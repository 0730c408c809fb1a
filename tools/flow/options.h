// The options that the command lines of all flows have in common.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/flow/flow.h"

namespace ringway::flow {

struct RunOptions {
  std::vector<std::string> words;  // all options, as they were given
  uint32_t window = 4;             // most requests in flight per strategy
  std::string transport = "shm";
  std::string venue = "link";
  std::string wait = "auto";
  std::string pin = "auto";  // or "none"
  std::string json_file;
  std::string keep_directory;
  std::string journal = "auto";  // "none", or a folder
  bool help = false;
};

// Parses the words after the program's name, those of the flow into the flow. Errors:
// InvalidArgument, naming the word and its allowed values.
absl::StatusOr<RunOptions> ParseOptions(Flow& flow, std::span<const std::string_view> words);

std::string UsageText(Flow& flow);

}  // namespace ringway::flow
