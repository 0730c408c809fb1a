// Implements options.h with CLI11.
#include "tools/demo/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/demo/board.h"

namespace ringway::demo {
namespace {

CLI::Validator MustBe(const std::string& what, std::function<bool(const std::string&)> holds) {
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

CLI::Validator OneOf(std::vector<std::string> words) {
  const std::string list = absl::StrJoin(words, " or ");
  return MustBe(list, [words = std::move(words)](const std::string& word) {
    return std::ranges::find(words, word) != words.end();
  });
}

CLI::Validator Path() {
  return MustBe("a path", [](const std::string& word) { return !word.empty(); });
}

CLI::Validator Speed() {
  return CLI::Validator(
      [number = Between(1e-6, 1e9)](std::string& word) {
        if (word != "max") return number(word);
        word = "0";
        return std::string();
      },
      "");
}

std::unique_ptr<CLI::App> MakeApp(DemoOptions& out) {
  auto app = std::make_unique<CLI::App>(
      "Starts an exchange, the gateway and strategies as processes of their own, sends orders "
      "through them and\nprints what became of every one, how long it took, and whether all books "
      "balance.",
      "./run demo");
  app->footer("Exit status: 0 when everything balanced, 1 otherwise.");
  app->allow_extras();
  const auto option = [&](const char* name, const char* type, auto& value,
                          const CLI::Validator& check, const char* what) {
    return app->add_option(name, value, what)->type_name(type)->transform(check);
  };

  app->option_defaults()->take_last()->group("What is sent");
  option("--strategies", "N", out.strategies, Between<uint64_t>(1, kStrategiesMax),
         "strategy processes, each a session and an account of its own (2)");
  option("--orders", "N", out.orders, Between<uint64_t>(1, 100'000'000),
         "new orders in all; cancels and replaces come on top (200000). With\n"
         "fewer than strategies, some send nothing");
  option("--seconds", "S", out.seconds, Between(0.001, 604'800.0), "send for so long instead");
  option("--seed", "S", out.seed, Between<uint64_t>(0, UINT64_MAX), "of the generated flow (1)");
  option("--replay", "FILE", out.replay_file, Path(),
         "send the events of a LOBSTER message file, .csv or .csv.xz, instead");
  option("--events", "N", out.events_max, Between<uint64_t>(1, UINT64_MAX),
         "only the first N events of the file");
  option("--speed", "max|X", out.speed, Speed(),
         "replay as fast as possible, or X times real time (max)");

  app->option_defaults()->group("How it is sent");
  option("--window", "N", out.window, Between<uint64_t>(1, 1024),
         "requests of each strategy under way at most, so that latencies measure\n"
         "the system and not a queue that the demo itself builds (4)");
  option("--rate", "R", out.rate_per_s, Between(0.001, 1e8),
         "requests per second of each strategy, Poisson arrivals instead of a\n"
         "window; latencies then count from when a request was due, not from\n"
         "when it went");
  option("--transport", "T", out.transport, OneOf({"shm", "rdma"}),
         "between strategies, gateway and exchange: shm, or rdma, with the gateway\n"
         "on one device and the others on a second (shm)");
  option("--wait", "POLICY", out.wait, OneOf({"auto", "spin", "yield", "park"}),
         "how idle processes wait: auto, spin, yield or park (auto)");
  option("--pin", "auto|none", out.pin, OneOf({"auto", "none"}),
         "auto: the gateway on a core of its own, everything else on the others");

  app->option_defaults()->group("What is left behind");
  option("--json", "FILE", out.json_file, Path(), "write all figures");
  option("--keep", "DIR", out.keep_directory, Path(), "keep configuration, logs and reports there");
  option("--journal", "DIR|none", out.journal, Path(),
         "the gateway's journal: in a new folder, or none\n"
         "(~/.cache/ringway/demo-journal, in place of the last run's, where the\n"
         "run is of at most 1000000 orders)");
  return app;
}

}  // namespace

std::string UsageText() {
  DemoOptions options;
  return MakeApp(options)->help();
}

absl::StatusOr<DemoOptions> ParseOptions(std::span<const std::string_view> words) {
  DemoOptions options;
  const std::unique_ptr<CLI::App> app = MakeApp(options);
  try {
    app->parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    options.help = true;
    return options;
  } catch (const CLI::ArgumentMismatch& error) {
    return absl::InvalidArgumentError(absl::StrCat(error.what(), ": it needs a value"));
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (const std::vector<std::string> rest = app->remaining(); !rest.empty()) {
    options.help = rest[0] == "help";
    if (options.help) return options;
    return absl::InvalidArgumentError(
        absl::StrCat(rest[0].starts_with("-") ? absl::StrCat("no flag ", rest[0])
                                              : absl::StrCat("\"", rest[0], "\" is not a flag"),
                     "; ./run demo --help lists them"));
  }
  if (options.seconds > 0 && app->count("--orders") == 0) options.orders = 0;
  const auto given = [&](std::initializer_list<const char*> flags) {
    return std::ranges::any_of(flags, [&](const char* flag) { return app->count(flag) != 0; });
  };
  const bool replays = given({"--replay"});
  if (replays && given({"--orders", "--seconds", "--rate", "--strategies", "--seed"})) {
    return absl::InvalidArgumentError(
        "--replay sends the file's events in the file's order from two strategies: --orders, "
        "--seconds, --rate, --strategies and --seed do not go with it");
  }
  if (!replays && given({"--events", "--speed"})) {
    return absl::InvalidArgumentError("--events and --speed go with --replay only");
  }
  return options;
}

}  // namespace ringway::demo
