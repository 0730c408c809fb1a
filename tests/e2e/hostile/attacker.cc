// Implements attacker.h: starts the process and gives it orders.
#include "tests/e2e/hostile/attacker.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway::hostile {
namespace {

constexpr int64_t kObeysNs = 30 * kNsPerS;

}  // namespace

absl::StatusOr<std::unique_ptr<Attacker>> Attacker::Start(const Site& site,
                                                          const std::string& attack) {
  const absl::StatusOr<std::string> program = FindProgram("attacker", "tests/e2e/hostile");
  if (!program.ok()) return program.status();
  std::string page;
  for (int i = 0; page.empty() || std::filesystem::exists(page); ++i) {
    page = absl::StrCat(site.folder(), "/", attack, "-", i, ".page");
  }
  absl::StatusOr<Control> control = Control::Map(page);
  if (!control.ok()) return control.status();
  absl::StatusOr<std::unique_ptr<Child>> child =
      Child::Start({.name = "attacker",
                    .argv = {*program, site.folder(), page, attack},
                    .log_path = page + ".log"});
  if (!child.ok()) return child.status();
  return std::unique_ptr<Attacker>(new Attacker(attack, *std::move(control), *std::move(child)));
}

Attacker::~Attacker() {
  control_->order.store(Order::kEnd, std::memory_order_release);
  child_->Stop(kObeysNs);
}

bool Attacker::Do(Order order, Honest& honest) {
  control_->order.store(order, std::memory_order_release);
  return Within(kObeysNs,
                [&] {
                  honest.Rest();
                  return control_->obeyed.load(std::memory_order_acquire) == order ||
                         !child_->Running();
                }) &&
         child_->Running();
}

std::string Attacker::Complaint() {
  if (child_->Running()) return "";
  return absl::StrCat("the attacker ended (", child_->End(), "):\n", child_->LogTail(10));
}

}  // namespace ringway::hostile
