// Implements options.h with CLI11.
#include "tools/flow/options.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "tools/flow/flags.h"
#include "tools/flow/run_journal.h"

namespace ringway::flow {
namespace {

std::unique_ptr<CLI::App> MakeApp(Flow& flow, RunOptions& out) {
  auto app = std::make_unique<CLI::App>(flow.Description(), absl::StrCat("./run ", flow.Name()));
  app->footer("Exit status: 0 when everything balanced, 1 otherwise.");
  app->allow_extras();
  app->option_defaults()->take_last()->group("What is sent");
  flow.AddFlags(*app);

  app->option_defaults()->group("How it is sent");
  AddFlag(*app, "--window", "N", out.window, Between<uint64_t>(1, 1024),
          "requests of each strategy under way at most, so that latencies measure\n"
          "the system and not a queue that the strategies build (4)");
  AddFlag(*app, "--transport", "T", out.transport, CLI::IsMember({"shm", "rdma"}),
          "between strategies, gateway and exchange: shm, or rdma, with the gateway\n"
          "on one device and the others on a second (shm)");
  AddFlag(*app, "--venue", "V", out.venue,
          CLI::IsMember({"link", "ouch", "ouch-4.2", "fix", "fix-4.2", "fix-5.0"}),
          "what the gateway speaks with the exchange: link, Ringway's own; ouch, OUCH\n"
          "5.0 over TCP on this machine, or ouch-4.2; fix, FIX 4.4, fix-4.2 or fix-5.0 (link)");
  AddFlag(*app, "--wait", "POLICY", out.wait, CLI::IsMember({"auto", "spin", "yield", "park"}),
          "how idle processes wait: auto, spin, yield or park (auto)");
  AddFlag(*app, "--pin", "auto|none", out.pin, CLI::IsMember({"auto", "none"}),
          "auto: the gateway on a core of its own, everything else on the others");

  app->option_defaults()->group("What is left behind");
  AddFlag(*app, "--json", "FILE", out.json_file, Path(), "write all figures");
  AddFlag(*app, "--keep", "DIR", out.keep_directory, Path(),
          "keep configuration, logs and reports there");
  const std::string journal =
      absl::StrCat("the gateway's journal: in a new folder, or none\n(~", OwnJournal(flow.Name()),
                   ", in place of the last run's, where the\nrun is of at most ",
                   kJournaledOrdersMax, " orders)");
  AddFlag(*app, "--journal", "DIR|none", out.journal, Path(), journal.c_str());
  return app;
}

}  // namespace

std::string UsageText(Flow& flow) {
  RunOptions options;
  return MakeApp(flow, options)->help();
}

absl::StatusOr<RunOptions> ParseOptions(Flow& flow, std::span<const std::string_view> words) {
  RunOptions options;
  options.words.assign(words.begin(), words.end());
  options.help = !words.empty() && words[0] == "help";
  if (options.help) return options;
  const std::unique_ptr<CLI::App> app = MakeApp(flow, options);
  const auto wrong = [&](const std::string& what) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, "; ./run ", flow.Name(), " --help lists the flags"));
  };
  try {
    app->parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    options.help = true;
    return options;
  } catch (const CLI::ArgumentMismatch& error) {
    return absl::InvalidArgumentError(absl::StrCat(error.what(), ": it needs a value"));
  } catch (const CLI::RequiredError& error) {
    return wrong(error.what());
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (const std::vector<std::string> rest = app->remaining(); !rest.empty()) {
    return wrong(rest[0].starts_with("-") ? absl::StrCat("no flag ", rest[0])
                                          : absl::StrCat("\"", rest[0], "\" is not a flag"));
  }
  return options;
}

}  // namespace ringway::flow
