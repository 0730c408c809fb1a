// --check-config and `ringway check-config`: prints the result of all checks of a configuration.
#include "gateway/config/check_config.h"

#include <cstdio>
#include <vector>

#include "absl/status/statusor.h"
#include "base/config/config_document.h"
#include "base/config/config_reader.h"
#include "base/output.h"
#include "gateway/config/config.h"
#include "gateway/config/config_surroundings.h"

namespace ringway {

int CheckConfigFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadConfigFile(path);
  if (!text.ok()) {
    std::fprintf(stderr, "%s\n", std::string(text.status().message()).c_str());
    return 1;
  }
  const LoadedConfig loaded = LoadConfig(*text);
  for (const ConfigError& error : loaded.errors) {
    std::fprintf(stderr, "%s\n", Format(path, error).c_str());
  }
  if (!loaded.ok()) return 1;
  const std::vector<std::string> faults = FindSurroundingFaults(loaded.config);
  for (const std::string& fault : faults) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), fault.c_str());
  }
  if (!faults.empty()) return 1;
  std::printf("OK\n%s", PrintConfig(loaded.config).c_str());
  return EndOutput("check-config");
}

}  // namespace ringway
