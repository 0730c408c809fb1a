// Tests that one session's flood on a small disk leaves the others what they need.
//
// The journal's folder is a file system of some MiB in RAM, mounted where only the gateway sees it.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "gtest/gtest.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "nlohmann/json.hpp"
#include "schema/messages.h"
#include "tests/e2e/hostile/hostile_fixture.h"

namespace ringway::hostile {
namespace {

constexpr int64_t kMiB = 1 << 20;

SiteOptions OnADiskOf(const std::string& mib,
                      const std::function<void(GatewayConfig&)>& configure) {
  return {.journal = true,
          .configure = configure,
          .prefix = {"/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh", "-c",
                     "mkdir -p FOLDER/journal && mount -t tmpfs -o mode=0700,size=" + mib +
                         "m tmpfs FOLDER/journal && exec \"$@\"",
                     "sh"}};
}

class DiskTest : public HostileTest {
 protected:
  void SetUp() override {
    if (std::system("/usr/bin/unshare --map-root-user --mount "
                    "mount -t tmpfs tmpfs /tmp 2> /dev/null") != 0) {
      GTEST_SKIP() << "this system lets nobody mount a file system in a namespace of his own; "
                      "allow user namespaces (kernel.unprivileged_userns_clone)";
    }
  }
  std::string JournalFault() {
    const absl::StatusOr<std::string> status = site_->Ask("status");
    if (!status.ok()) return std::string(status.status().message());
    return nlohmann::json::parse(*status)["journal"]["fault"];
  }
};

// What two snapshots hold is removed during the flood, and nobody is refused because of it.
TEST_F(DiskTest, PressureIsNotARefusalForOthers) {
  ASSERT_NO_FATAL_FAILURE(Open(OnADiskOf("768", [](GatewayConfig& config) {
    SmallSegments(config);
    config.journal.snapshot_bytes = 8 * kMiB;
    config.journal.keep_bytes = 4 * kMiB;
  })));
  TrialOptions options = WithJournal(4 * kMiB);
  ExpectUnharmed({"orders"}, options);
  EXPECT_EQ(JournalFault(), "none");
  const auto first_segment = [this] {
    return std::filesystem::exists(
        absl::StrCat("/proc/", site_->pid(), "/root", site_->journal(), "/000000000001.segment"));
  };
  EXPECT_TRUE(Within(60 * kNsPerS, [&] { return !first_segment(); })) << site_->Log();
}

// Everything is kept until the disk is full; then orders of those who filled it are refused, and
// requests that reduce risk still pass.
TEST_F(DiskTest, AFullDiskStillTakesCancels) {
  constexpr size_t kResting = 100;
  ASSERT_NO_FATAL_FAILURE(Open(OnADiskOf("40", SmallSegments)));
  Session& session = honest_->session();
  std::vector<uint64_t> open;
  uint64_t canceled = 0;
  uint64_t cancel_rejects = 0;
  uint64_t refused = 0;
  const auto poll = [&] {
    session.Poll(Handlers{[&](const OrderReject&) { ++refused; },
                          [&](const CancelReject&) { ++cancel_rejects; },
                          [&](const ExecutionReport& report) {
                            if (report.exec_type == ExecType::kNew) {
                              open.push_back(report.cl_ord_id);
                            }
                            canceled += report.exec_type == ExecType::kCanceled;
                          }},
                 64);
  };
  NewOrder order{.price = 50 * kNsPerS,
                 .qty = 1,
                 .instrument = kHonestInstrument,
                 .account = kHonest,
                 .side = Side::kBuy,
                 .ord_type = OrdType::kLimit};
  const auto send = [&] {
    order.cl_ord_id = session.NextClOrdId();
    return session.Send(order);
  };
  for (size_t i = 0; i != kResting; ++i) ASSERT_EQ(send(), SendStatus::kOk);
  ASSERT_TRUE(Within(30 * kNsPerS, [&] {
    poll();
    return open.size() == kResting;
  }));
  ASSERT_EQ(refused, 0u);

  ASSERT_NO_FATAL_FAILURE(Join("orders"));
  ASSERT_TRUE(attackers_[0]->Do(Order::kAttack, *honest_));
  int64_t next_ns = 0;
  // A disk that falls behind refuses them too: it has to be full.
  ASSERT_TRUE(Within(60 * kNsPerS, [&] {
    poll();
    if (MonotonicNowNs() < next_ns) return false;
    next_ns = MonotonicNowNs() + 20 * kNsPerMs;
    (void)!(send() == SendStatus::kOk);
    return attackers_[0]->refused() != 0 && JournalFault() == "noSpace";
  })) << JournalFault();
  EXPECT_EQ(refused, 0u) << "it has not used its share up";
  EXPECT_TRUE(site_->Alive()) << site_->Log();

  const std::vector<uint64_t> to_cancel = open;
  canceled = 0;
  for (const uint64_t id : to_cancel) {
    ASSERT_EQ(session.Send(Cancel{.cl_ord_id = session.NextClOrdId(), .orig_cl_ord_id = id}),
              SendStatus::kOk);
  }
  EXPECT_TRUE(Within(30 * kNsPerS,
                     [&] {
                       poll();
                       return canceled >= to_cancel.size();
                     }))
      << canceled << " of " << to_cancel.size() << " canceled; journal " << JournalFault();
  EXPECT_EQ(cancel_rejects, 0u);
  EXPECT_EQ(session.state(), SessionState::kLive);
  EXPECT_TRUE(site_->Alive()) << site_->Log();
}

}  // namespace
}  // namespace ringway::hostile
