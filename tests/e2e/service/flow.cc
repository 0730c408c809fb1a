// A strategy that sends orders until enough are acknowledged, and kills the gateway at the moment
// of the last acknowledgement.
//
// usage: flow URI KEY_FILE COUNT GATEWAY_PID. Prints how many were acknowledged. GATEWAY_PID 0:
// none is killed.
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = 120 * kNsPerS;

int Run(const std::string& uri, const std::string& key_file, uint64_t count, pid_t gateway) {
  absl::StatusOr<std::unique_ptr<Session>> session =
      Session::Connect({.uri = uri, .session = 1, .key_file = key_file});
  if (!session.ok()) {
    std::fprintf(stderr, "%s\n", std::string(session.status().message()).c_str());
    return 1;
  }
  uint64_t acknowledged = 0;
  uint64_t sent = 0;
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  while (acknowledged < count && MonotonicNowNs() < deadline_ns) {
    if (sent < count && sent - acknowledged < 16) {
      NewOrder order{.cl_ord_id = (*session)->NextClOrdId(),
                     .price = 90 * kNsPerS,
                     .qty = 1,
                     .instrument = 1,
                     .account = 1,
                     .side = Side::kBuy,
                     .ord_type = OrdType::kLimit};
      if ((*session)->Send(order) == SendStatus::kOk) ++sent;
    }
    (*session)->Poll(Handlers{[&](const OrderAck&) { ++acknowledged; }}, 64);
  }
  if (gateway > 0) kill(gateway, SIGKILL);
  std::printf("%llu\n", static_cast<unsigned long long>(acknowledged));
  return acknowledged == count ? 0 : 1;
}

}  // namespace
}  // namespace ringway

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  return ringway::Run(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10), std::atoi(argv[4]));
}
