// Stores configurations in the journal's folder, and finds them again.
#include "gateway/config/kept_config.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/crc32c.h"
#include "gateway/journal/folder.h"

namespace ringway {
namespace {

// Identifies a configuration, within one gateway's life, by two checksums of its text.
uint64_t HashOf(const std::string& text) noexcept {
  const auto bytes = std::as_bytes(std::span(text));
  return uint64_t{Crc32c(1, bytes)} << 32 | Crc32c(2, bytes.first(bytes.size() / 2));
}

constexpr std::string_view kPrefix = "config-";
constexpr std::string_view kSuffix = ".toml";
constexpr std::size_t kConfigBytesMax = std::size_t{64} << 20;

std::string ConfigName(uint64_t hash) {
  return absl::StrCat("config-", absl::StrFormat("%016x", hash), ".toml");
}

}  // namespace

absl::StatusOr<uint64_t> KeepConfig(const std::string& directory, const GatewayConfig& config) {
  const std::string text = PrintConfig(config);
  const uint64_t hash = HashOf(text);
  const absl::StatusOr<Folder> folder = Folder::Open(directory, FolderUse::kWrite);
  if (!folder.ok()) return folder.status();
  const std::string name = ConfigName(hash);
  const absl::StatusOr<std::string> kept = folder->ReadFile(name, text.size());
  if (kept.ok() && *kept == text) return hash;
  if (!kept.ok() && !absl::IsNotFound(kept.status())) return kept.status();
  if (kept.ok()) {
    return absl::DataLossError(
        absl::StrCat(folder->PathOf(name),
                     " is not the configuration that its name says: put it back from a "
                     "copy. The records that were made under it cannot be replayed else"));
  }
  if (absl::Status written = folder->ReplaceFile(name, text); !written.ok()) return written;
  return hash;
}

namespace {

absl::StatusOr<GatewayConfig> KeptConfig(const Folder& folder, const std::string& name) {
  const std::string path = folder.PathOf(name);
  const absl::StatusOr<std::string> text = folder.ReadFile(name, kConfigBytesMax);
  if (!text.ok()) {
    return absl::NotFoundError(absl::StrCat(
        path, ": the journal was written under this configuration, and it cannot be read (",
        std::string(text.status().message()), "). Remedy: restore the file beside the segments"));
  }
  if (name != ConfigName(HashOf(*text))) {
    return absl::DataLossError(absl::StrCat(
        path,
        " is not the configuration that its name says: it was changed or is damaged, and the "
        "records that were made under it cannot be replayed. Remedy: put it back from a copy"));
  }
  const LoadedConfig loaded = LoadKeptConfig(*text);
  if (!loaded.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Format(path, loaded.errors.front()),
                     ". Remedy: replay with the version of the gateway that wrote the journal"));
  }
  return loaded.config;
}

}  // namespace

absl::StatusOr<EngineConfig> KeptEngineConfig(const std::string& directory, uint64_t hash) {
  const absl::StatusOr<Folder> folder = Folder::Open(directory, FolderUse::kRead);
  if (!folder.ok()) return folder.status();
  const absl::StatusOr<GatewayConfig> config = KeptConfig(*folder, ConfigName(hash));
  if (!config.ok()) return config.status();
  return MakeEngineConfig(*config);
}

absl::StatusOr<ReplayOptions> KeptReplayOptions(const std::string& directory) {
  ReplayOptions options{
      .config_of = [directory](uint64_t hash) { return KeptEngineConfig(directory, hash); },
      .report_slots = 0};
  const absl::StatusOr<Folder> folder = Folder::Open(directory, FolderUse::kRead);
  if (!folder.ok()) return folder.status();
  const absl::StatusOr<std::vector<std::string>> names = folder->Names();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    // A configuration that cannot be read is an error when a record needs it, not before.
    const absl::StatusOr<GatewayConfig> config = KeptConfig(*folder, name);
    if (config.ok()) {
      options.report_slots = std::max(options.report_slots, config->sessions_common.report_slots);
    }
  }
  if (options.report_slots != 0) return options;
  return absl::NotFoundError(absl::StrCat(
      directory, ": no config-*.toml that can be read. Remedy: restore them beside the segments"));
}

}  // namespace ringway
