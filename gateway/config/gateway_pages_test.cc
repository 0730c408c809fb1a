// Tests that the pages in the repository are those of the keys, and that the example is a
// configuration.
#include "gateway/config/gateway_pages.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/config/config_document.h"
#include "base/config/config_reader.h"
#include "gateway/config/config.h"
#include "gateway/connector/fix/fix_dialect.h"
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

TEST(GatewayPages, TheExampleOfADialectIsSound) {
  constexpr std::string_view kBegin = "```toml\nversion";
  const std::string page = DialectPage();
  const std::size_t begin = page.find(kBegin);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t at = begin + std::string_view("```toml\n").size();
  const LoadedFixDialect loaded = LoadFixDialect(page.substr(at, page.find("```", at) - at));
  for (const ConfigError& error : loaded.errors) ADD_FAILURE() << Format("dialect", error);
}

TEST(GatewayPages, WhatKindsOfVenuesShareIsSaidOnce) {
  const auto once = [](const std::string& page, const std::string& what) {
    const std::size_t at = page.find(what);
    return at != std::string::npos && page.find(what, at + 1) == std::string::npos;
  };
  EXPECT_TRUE(once(ReferencePage(), "### `[venue.stream]`"));
  EXPECT_TRUE(once(ReferencePage(), "### `[venue.stream.tls]`"));
  EXPECT_TRUE(once(ExamplePage(), "# [venue.stream]\n"));
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
