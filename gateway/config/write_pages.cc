// Writes deploy/gateway.toml, docs/configuration.md and docs/fix-dialects.md anew: bazel run
// //gateway/config:write_pages
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "gateway/config/gateway_pages.h"

namespace {

bool Write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  std::fprintf(stderr, file ? "%s is written\n" : "%s cannot be written\n", path.c_str());
  return static_cast<bool>(file);
}

}  // namespace

int main() {
  // Bazel names the workspace that it was called in.
  const char* root = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (root == nullptr) {
    std::fprintf(stderr, "write_pages: run it by `bazel run //gateway/config:write_pages`\n");
    return 2;
  }
  const bool example = Write(std::string(root) + "/deploy/gateway.toml", ringway::ExamplePage());
  const bool page = Write(std::string(root) + "/docs/configuration.md", ringway::ReferencePage());
  const bool dialects = Write(std::string(root) + "/docs/fix-dialects.md", ringway::DialectPage());
  return example && page && dialects ? 0 : 1;
}
