// Tests that the pages in the repository are those of the keys, and that the example is a
// configuration.
#include "gateway/config/gateway_pages.h"

#include <string>

#include "absl/status/statusor.h"
#include "base/config/config_document.h"
#include "base/config/config_reader.h"
#include "gateway/config/config.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

constexpr const char* kRemedy =
    " is not what its keys say; write it anew: bazel run //gateway/config:write_pages";

std::string FileText(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadConfigFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

TEST(GatewayPages, TheExampleIsWhatTheKeysSay) {
  EXPECT_TRUE(FileText("deploy/gateway.toml") == ExamplePage()) << "deploy/gateway.toml" << kRemedy;
}

TEST(GatewayPages, TheReferenceIsWhatTheKeysSay) {
  EXPECT_TRUE(FileText("docs/configuration.md") == ReferencePage())
      << "docs/configuration.md" << kRemedy;
}

TEST(GatewayPages, TheDialectPageIsWhatTheKeysSay) {
  EXPECT_TRUE(FileText("docs/fix-dialects.md") == DialectPage())
      << "docs/fix-dialects.md" << kRemedy;
}

TEST(GatewayPages, TheExampleLoadsToItsValues) {
  const LoadedConfig example = LoadConfig(FileText("deploy/gateway.toml"));
  for (const ConfigError& error : example.errors) {
    ADD_FAILURE() << Format("deploy/gateway.toml", error);
  }
  EXPECT_EQ(PrintConfig(example.config), PrintConfig(LoadConfig(ExampleValues()).config));
}

}  // namespace
}  // namespace ringway
