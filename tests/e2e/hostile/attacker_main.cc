// An attacker's process: one process, so that it takes as much time from others as in reality.
//
//   attacker FOLDER PAGE NAME
//
// FOLDER is a Site's, PAGE the control file; NAME is one of attacks_*.cc.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "tests/e2e/hostile/attack.h"
#include "tests/e2e/hostile/control.h"

namespace ringway::hostile {
namespace {

constexpr uint32_t kNapUs = 500;
constexpr int64_t kSpinNs = 50 * kNsPerUs;

int Run(const std::string& folder, const std::string& page_path, const std::string& name) {
  absl::StatusOr<Control> page = Control::Map(page_path);
  if (!page.ok()) {
    std::fprintf(stderr, "attacker: %s\n", std::string(page.status().message()).c_str());
    return 1;
  }
  const Target target{folder};
  std::unique_ptr<Attack> attack;
  for (auto* make : {MakeOrderAttack, MakeLinkAttack, MakeLogonAttack, MakeAdminAttack}) {
    if (attack == nullptr) attack = make(name, target, *page->operator->());
  }
  if (attack == nullptr) {
    std::fprintf(stderr, "attacker: there is no attack %s\n", name.c_str());
    return 2;
  }
  ControlPage& control = *page->operator->();
  Order holds = Order::kIdle;
  while (true) {
    const Order order = control.order.load(std::memory_order_acquire);
    if (order != holds) {
      if (holds == Order::kAttack) attack->End();
      if (order == Order::kEnd) return 0;
      if (order == Order::kAttack) attack->Begin();
      holds = order;
    }
    control.obeyed.store(holds, std::memory_order_release);
    switch (holds) {
      case Order::kAttack:
        attack->Step();
        break;
      case Order::kBusy:
        for (const int64_t until_ns = MonotonicNowNs() + kSpinNs; MonotonicNowNs() < until_ns;) {
        }
        break;
      default:
        usleep(kNapUs);
    }
  }
}

}  // namespace
}  // namespace ringway::hostile

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: attacker FOLDER PAGE NAME\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  // Room for hundreds of links and sockets.
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  return ringway::hostile::Run(argv[1], argv[2], argv[3]);
}
