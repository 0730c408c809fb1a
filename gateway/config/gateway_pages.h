// The pages about a gateway's configuration: deploy/gateway.toml, docs/configuration.md and
// docs/fix-dialects.md, made from its keys (config_fields.h) and an example's values.
//
// `bazel run //gateway/config:write_pages` writes them, and gateway_pages_test compares them.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace ringway {

// The values that the example shows; other keys have their defaults there.
std::string_view ExampleValues() noexcept;

std::string ExamplePage();
std::string ReferencePage();
std::string DialectPage();

}  // namespace ringway
