// Fuzz test: no text makes the configuration's loader misbehave. What loads must print and load
// again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/config/config_document.h"
#include "gateway/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ringway::LoadedConfig loaded = ringway::LoadConfig(text);
  for (const ringway::ConfigError& error : loaded.errors) {
    const std::string line = ringway::Format("fuzz", error);
    RINGWAY_CHECK(!error.what.empty() && !error.remedy.empty(),
                  "an error has a cause and a remedy");
  }
  if (!loaded.ok()) return 0;
  const std::string printed = ringway::PrintConfig(loaded.config);
  const ringway::LoadedConfig again = ringway::LoadConfig(printed);
  RINGWAY_CHECK(again.ok() && ringway::PrintConfig(again.config) == printed,
                "what is printed loads to the same");
  return 0;
}
