// The options of the demo's command line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ringway::demo {

struct DemoOptions {
  uint32_t strategies = 2;
  uint64_t orders = 200'000;  // of all strategies together; 0: --seconds decides
  double seconds = 0;
  uint64_t seed = 1;
  double rate_per_s = 0;  // requests of each strategy; 0: a closed window
  uint32_t window = 4;    // most requests in flight per strategy

  std::string replay_file;  // "": generated flow
  uint64_t events_max = UINT64_MAX;
  double speed = 0;  // times real time; 0: as fast as possible

  std::string transport = "shm";
  std::string wait = "auto";
  std::string pin = "auto";  // or "none"
  std::string json_file;
  std::string keep_directory;
  std::string journal = "auto";  // "none", or a folder
  bool help = false;
};

// Parses the words after the program's name. Errors: InvalidArgument, naming the word and its
// allowed values.
absl::StatusOr<DemoOptions> ParseOptions(std::span<const std::string_view> words);

std::string UsageText();

}  // namespace ringway::demo
