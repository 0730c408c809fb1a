// Parses the command line, and prints its help.
#include "base/program_flags.h"

#include <cstdio>
#include <map>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/output.h"

namespace ringway {
namespace {

// The library knows flags with underscores only.
void SpellFlags(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") return;
    if (!argument.starts_with("--")) continue;
    for (char* at = argv[i] + 2; *at != '\0' && *at != '='; ++at) {
      if (*at == '-') *at = '_';
    }
  }
}

bool Asks(int argc, char** argv, std::string_view flag) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") return false;
    if (argument == flag || argument == flag.substr(1)) return true;
  }
  return false;
}

void PrintHelp(const ProgramUsage& usage) {
  std::string text = absl::StrCat(usage.name, ": ", usage.summary, "\n\nFlags:\n");
  std::map<std::string, const absl::CommandLineFlag*> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    const std::string file = flag->Filename();
    if (file.ends_with(usage.source) || usage.source.ends_with(file)) {
      flags.emplace(std::string(name.data(), name.size()), flag);
    }
  }
  for (auto& [name, flag] : flags) {
    const std::string standard = flag->DefaultValue();
    absl::StrAppend(&text, "  --", absl::StrReplaceAll(name, {{"_", "-"}}),
                    standard.empty() ? "" : absl::StrCat(" (", standard, ")"), "\n      ",
                    flag->Help(), "\n");
  }
  if (!usage.version.empty()) absl::StrAppend(&text, "  --version\n");
  absl::StrAppend(&text, "  --help\n");
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

std::optional<int> ReadFlags(int argc, char** argv, const ProgramUsage& usage) {
  if (Asks(argc, argv, "--help") || Asks(argc, argv, "-h")) {
    PrintHelp(usage);
    return EndOutput(usage.name.c_str());
  }
  if (!usage.version.empty() && Asks(argc, argv, "--version")) {
    std::printf("%s %s\n", usage.name.c_str(), std::string(usage.version).c_str());
    return EndOutput(usage.name.c_str());
  }
  absl::SetProgramUsageMessage(usage.summary);
  SpellFlags(argc, argv);
  if (const std::vector<char*> rest = absl::ParseCommandLine(argc, argv); rest.size() > 1) {
    std::fprintf(stderr, "%s: '%s' is no flag; see --help\n", usage.name.c_str(), rest[1]);
    return 2;
  }
  return std::nullopt;
}

}  // namespace ringway
