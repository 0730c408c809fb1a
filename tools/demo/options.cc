// Implements options.h: parses the command line and explains mistakes in it.
#include "tools/demo/options.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tools/demo/board.h"

namespace ringway::demo {
namespace {

constexpr std::string_view kUsage = R"(usage: ./run demo [FLAGS]

Starts an exchange, the gateway and strategies as processes of their own, sends orders through them and
prints what became of every one, how long it took, and whether all books balance.

What is sent
  --strategies N     strategy processes, each a session and an account of its own (2)
  --orders N         new orders in all; cancels and replaces come on top (200000). With fewer than
                     strategies, some send nothing
  --seconds S        send for so long instead
  --seed S           of the generated flow (1)
  --replay FILE      send the events of a LOBSTER message file, .csv or .csv.xz, instead
  --events N         only the first N events of the file
  --speed max|X      replay as fast as possible, or X times real time (max)

How it is sent
  --window N         requests of each strategy under way at most, so that latencies measure the
                     system and not a queue that the demo itself builds (4)
  --rate R           requests per second of each strategy, Poisson arrivals instead of a window;
                     latencies then count from when a request was due, not from when it went
  --transport T      between strategies, gateway and exchange: shm, or rdma, with the gateway on
                     one device and the others on a second (shm)
  --wait POLICY      how idle processes wait: auto, spin, yield or park (auto)
  --pin auto|none    auto: the gateway on a core of its own, everything else on the others

What is left behind
  --json FILE        write all figures
  --keep DIR         keep configuration, logs and reports there
  --journal DIR|none the gateway's journal: in a new folder, or none (~/.cache/ringway/demo-journal, in
                     place of the last run's, where the run is of at most 1000000 orders)

Exit status: 0 when everything balanced, 1 otherwise.
)";

absl::Status Bad(std::string_view flag, std::string_view value, std::string_view may_be) {
  return absl::InvalidArgumentError(absl::StrCat("--", std::string(flag), " ", std::string(value),
                                                 ": it must be ", std::string(may_be)));
}

absl::Status ParseWhole(std::string_view flag, std::string_view value, uint64_t min, uint64_t max,
                        uint64_t& out) {
  uint64_t parsed = 0;
  const char* end = value.data() + value.size();
  const auto result = std::from_chars(value.data(), end, parsed);
  if (result.ec != std::errc() || result.ptr != end || parsed < min || parsed > max) {
    return Bad(flag, value, absl::StrCat("a whole number, ", min, " to ", max));
  }
  out = parsed;
  return absl::OkStatus();
}

absl::Status ParseBetween(std::string_view flag, std::string_view value, double min, double max,
                          double& out) {
  double parsed = 0;
  const char* end = value.data() + value.size();
  const auto result = std::from_chars(value.data(), end, parsed);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(parsed) || parsed < min ||
      parsed > max) {
    return Bad(flag, value, absl::StrCat("a number, ", min, " to ", max));
  }
  out = parsed;
  return absl::OkStatus();
}

absl::Status ParseWord(std::string_view flag, std::string_view value,
                       std::initializer_list<std::string_view> words, std::string& out) {
  std::string list;
  for (const std::string_view word : words) {
    if (word == value) {
      out = value;
      return absl::OkStatus();
    }
    absl::StrAppend(&list, list.empty() ? "" : " or ", std::string(word));
  }
  return Bad(flag, value, list);
}

absl::Status ParsePath(std::string_view flag, std::string_view value, std::string& out) {
  if (value.empty()) return Bad(flag, value, "a path");
  out = value;
  return absl::OkStatus();
}

// Sets the option that `flag` names; nullopt if there is no such flag.
std::optional<absl::Status> Set(std::string_view flag, std::string_view value, DemoOptions& out) {
  uint64_t whole = 0;
  absl::Status status;
  if (flag == "strategies") {
    status = ParseWhole(flag, value, 1, kStrategiesMax, whole);
    if (status.ok()) out.strategies = static_cast<uint32_t>(whole);
    return status;
  }
  if (flag == "window") {
    status = ParseWhole(flag, value, 1, 1024, whole);
    if (status.ok()) out.window = static_cast<uint32_t>(whole);
    return status;
  }
  if (flag == "orders") return ParseWhole(flag, value, 1, 100'000'000, out.orders);
  if (flag == "seed") return ParseWhole(flag, value, 0, UINT64_MAX, out.seed);
  if (flag == "events") return ParseWhole(flag, value, 1, UINT64_MAX, out.events_max);
  if (flag == "seconds") return ParseBetween(flag, value, 0.001, 604'800, out.seconds);
  if (flag == "rate") return ParseBetween(flag, value, 0.001, 1e8, out.rate_per_s);
  if (flag == "speed") {
    if (value == "max") return absl::OkStatus();
    return ParseBetween(flag, value, 1e-6, 1e9, out.speed);
  }
  if (flag == "transport") return ParseWord(flag, value, {"shm", "rdma"}, out.transport);
  if (flag == "wait") return ParseWord(flag, value, {"auto", "spin", "yield", "park"}, out.wait);
  if (flag == "pin") return ParseWord(flag, value, {"auto", "none"}, out.pin);
  if (flag == "replay") return ParsePath(flag, value, out.replay_file);
  if (flag == "json") return ParsePath(flag, value, out.json_file);
  if (flag == "keep") return ParsePath(flag, value, out.keep_directory);
  if (flag == "journal") return ParsePath(flag, value, out.journal);
  return std::nullopt;
}

}  // namespace

std::string_view UsageText() noexcept { return kUsage; }

absl::StatusOr<DemoOptions> ParseOptions(std::span<const std::string_view> words) {
  DemoOptions options;
  bool orders_set = false;
  bool flow_set = false;
  for (size_t i = 0; i < words.size(); ++i) {
    std::string_view flag = words[i];
    if (flag == "--help" || flag == "-h" || flag == "help") {
      options.help = true;
      return options;
    }
    if (!flag.starts_with("--")) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", std::string(flag), "\" is not a flag; ./run demo --help lists them"));
    }
    flag.remove_prefix(2);
    std::string_view value;
    if (const size_t equals = flag.find('='); equals != std::string_view::npos) {
      value = flag.substr(equals + 1);
      flag = flag.substr(0, equals);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("--", std::string(flag), " needs a value"));
    }
    const std::optional<absl::Status> status = Set(flag, value, options);
    if (!status) {
      return absl::InvalidArgumentError(
          absl::StrCat("no flag --", std::string(flag), "; ./run demo --help lists them"));
    }
    if (!status->ok()) return *status;
    orders_set = orders_set || flag == "orders";
    flow_set = flow_set || flag == "orders" || flag == "seconds" || flag == "rate" ||
               flag == "strategies" || flag == "seed";
  }
  if (options.seconds > 0 && !orders_set) options.orders = 0;
  if (!options.replay_file.empty() && flow_set) {
    return absl::InvalidArgumentError(
        "--replay sends the file's events in the file's order from two strategies: --orders, "
        "--seconds, --rate, --strategies and --seed do not go with it");
  }
  if (options.replay_file.empty() && (options.events_max != UINT64_MAX || options.speed > 0)) {
    return absl::InvalidArgumentError("--events and --speed go with --replay only");
  }
  return options;
}

}  // namespace ringway::demo
