// How is a configuration kept, and found again?
#include "gateway/kept_config.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <span>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/crc32c.h"
#include "gateway/journal/file_layout.h"

namespace ringway {
namespace {

// Told apart are configurations of one gateway's life, by two checksums of their text.
uint64_t HashOf(const std::string& text) noexcept {
  const auto bytes = std::as_bytes(std::span(text));
  return uint64_t{Crc32c(1, bytes)} << 32 | Crc32c(2, bytes.first(bytes.size() / 2));
}

std::string ConfigPath(const std::string& directory, uint64_t hash) {
  return absl::StrCat(directory, "/config-", absl::StrFormat("%016x", hash), ".toml");
}

}  // namespace

absl::StatusOr<uint64_t> KeepConfig(const std::string& directory, const GatewayConfig& config) {
  const std::string text = PrintConfig(config);
  const uint64_t hash = HashOf(text);
  const std::string path = ConfigPath(directory, hash);
  if (std::filesystem::exists(path)) return hash;
  const std::string unfinished = path + ".tmp";
  std::FILE* file = std::fopen(unfinished.c_str(), "w");
  bool ok = file != nullptr;
  if (ok) {
    ok = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0 &&
         fsync(fileno(file)) == 0;
    ok = std::fclose(file) == 0 && ok;
  }
  if (!ok) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", unfinished));
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot rename ", unfinished));
  }
  if (absl::Status synced = SyncDirectory(directory); !synced.ok()) return synced;
  return hash;
}

namespace {

absl::StatusOr<GatewayConfig> KeptConfig(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadConfigFile(path);
  if (!text.ok()) {
    return absl::NotFoundError(absl::StrCat(
        path, ": the journal was written under this configuration, and it cannot be read (",
        std::string(text.status().message()), "). Remedy: restore the file beside the segments"));
  }
  const LoadedConfig loaded = LoadConfig(*text);
  if (!loaded.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Format(path, loaded.errors.front()),
                     ". Remedy: replay with the version of the gateway that wrote the journal"));
  }
  return loaded.config;
}

}  // namespace

absl::StatusOr<EngineConfig> KeptEngineConfig(const std::string& directory, uint64_t hash) {
  const absl::StatusOr<GatewayConfig> config = KeptConfig(ConfigPath(directory, hash));
  if (!config.ok()) return config.status();
  return MakeEngineConfig(*config);
}

absl::StatusOr<ReplayOptions> KeptReplayOptions(const std::string& directory) {
  ReplayOptions options{
      .config_of = [directory](uint64_t hash) { return KeptEngineConfig(directory, hash); },
      .report_slots = 0};
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("config-") || !name.ends_with(".toml")) continue;
    // One that cannot be read is an error when a record needs it, not before.
    const absl::StatusOr<GatewayConfig> config = KeptConfig(entry.path());
    if (config.ok()) {
      options.report_slots = std::max(options.report_slots, config->sessions_common.report_slots);
    }
  }
  if (error) {
    return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot read the folder ", directory));
  }
  if (options.report_slots != 0) return options;
  return absl::NotFoundError(absl::StrCat(
      directory, ": no config-*.toml that can be read. Remedy: restore them beside the segments"));
}

}  // namespace ringway
