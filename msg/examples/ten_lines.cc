// The shortest useful client. The lines between the markers are also in README.md; a test compares
// them.

#include <cstdio>

#include "msg/session.h"

using namespace ringway;  // NOLINT(google-build-using-namespace): the ten lines are for reading

// clang-format would make more lines of it.
// clang-format off
// [ten-lines]
int main() {
  auto session = Session::Connect({.uri = "shm:/run/ringway/gw.sock",
                                   .session = 1, .key_file = "/etc/ringway/session-1.key"});
  if (!session.ok()) return std::puts(session.status().ToString().c_str());
  auto print = [](const ExecutionReport& fill) { std::printf("filled %lu\n", fill.cum_qty); };
  NewOrder buy{.cl_ord_id = (*session)->NextClOrdId(), .price = 101'250'000'000, .qty = 100};
  buy.instrument = 1, buy.account = 1, buy.side = Side::kBuy, buy.ord_type = OrdType::kLimit;
  if ((*session)->Send(buy) != SendStatus::kOk) return 1;
  while ((*session)->state() == SessionState::kLive) (*session)->Poll(Handlers{print}, 64);
}
// [/ten-lines]
