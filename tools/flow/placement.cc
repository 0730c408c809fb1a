// Implements placement.h: assigns the cores.
#include "tools/flow/placement.h"

#include "absl/strings/str_cat.h"
#include "base/child_process.h"

namespace ringway::flow {
namespace {

constexpr uint32_t kGatewayCore = 1;

}  // namespace

int Placement::CoreOf(Role role, uint32_t index) const noexcept {
  if (!pin || cores < 2) return kAnyCore;
  if (role == Role::kGateway) return kGatewayCore;
  const uint32_t place = (role == Role::kExchange ? 0 : index + 1) % (cores - 1);
  return static_cast<int>(place < kGatewayCore ? place : place + 1);
}

std::string Placement::Text() const {
  if (CoreOf(Role::kGateway, 0) == kAnyCore) return "processes on any core";
  std::string text = absl::StrCat("gateway on core ", CoreOf(Role::kGateway, 0), ", exchange on ",
                                  CoreOf(Role::kExchange, 0), ", strategies on");
  for (uint32_t i = 0; i < strategies; ++i) {
    absl::StrAppend(&text, i == 0 ? " " : ", ", CoreOf(Role::kStrategy, i));
  }
  return text;
}

}  // namespace ringway::flow
