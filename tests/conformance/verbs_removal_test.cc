// Tests that the removal of a device ends its links and nothing else.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "tests/conformance/verbs_fixture.h"

namespace ringway {
namespace {

// Removes a device on its own thread, because that waits until nobody has the device open.
class Removal {
 public:
  explicit Removal(const char* variable)
      : thread_([this, variable] {
          RunCommand("sh \"$RINGWAY_SOFTROCE_DEVICES\" device-del \"$" + std::string(variable) +
                     "\"");
          // Pairs with done().
          done_.store(true, std::memory_order_release);
        }) {}
  ~Removal() { thread_.join(); }
  bool done() const { return done_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

void Add(const char* variable) {
  RunCommand("sh \"$RINGWAY_SOFTROCE_DEVICES\" device-add \"$" + std::string(variable) + "\"");
}

class VerbsRemovalTest : public VerbsReportTest {
 protected:
  void TearDown() override {
    from_.reset();
    to_.reset();
    listener_.reset();
    RunCommand("sh \"$RINGWAY_SOFTROCE_DEVICES\" heal");
  }
  static bool Closes(VerbsLink& link) {
    return WaitUntil([&] {
      link.Poll([](const Record&) {}, 64);
      return link.Maintain(MonotonicNowNs()) == LinkState::kClosed;
    });
  }
};

TEST_F(VerbsRemovalTest, AListenersLinksEndAndItComesBackWithItsDevice) {
  ASSERT_NO_FATAL_FAILURE(JoinReporting());
  {
    const Removal removal("RINGWAY_RDMA_DEVICE_B");
    // Frames are in flight meanwhile.
    EXPECT_TRUE(WaitUntil([&] {
      Send(*from_, 1);
      to_->Poll([](const Record&) {}, 64);
      from_->Maintain(MonotonicNowNs());
      return to_->Maintain(MonotonicNowNs()) == LinkState::kClosed;
    }));
    EXPECT_EQ(to_->close_reason(), CloseReason::kDeviceGone);
    EXPECT_TRUE(Closes(*from_));
    to_.reset();
    EXPECT_TRUE(WaitUntil([&] { return removal.done(); })) << "somebody has the device open";
    from_.reset();
  }
  EXPECT_TRUE(WaitUntil([&] { return Reported("its links end"); })) << report();
  EXPECT_TRUE(Reported("nobody can connect")) << report();
  Add("RINGWAY_RDMA_DEVICE_B");
  EXPECT_TRUE(WaitUntil([&] { return Reported("again"); })) << report();
  ASSERT_NO_FATAL_FAILURE(Reconnect());
}

TEST_F(VerbsRemovalTest, AConnectingSidesLinkEnds) {
  ASSERT_NO_FATAL_FAILURE(JoinReporting());
  {
    const Removal removal("RINGWAY_RDMA_DEVICE_A");
    EXPECT_TRUE(Closes(*from_));
    EXPECT_EQ(from_->close_reason(), CloseReason::kDeviceGone);
    from_.reset();
    EXPECT_TRUE(WaitUntil([&] { return removal.done(); })) << "somebody has the device open";
  }
  EXPECT_TRUE(Closes(*to_));
  to_.reset();
  EXPECT_FALSE(Connect().ok());
  Add("RINGWAY_RDMA_DEVICE_A");
  ASSERT_NO_FATAL_FAILURE(Reconnect());
}

// A listener on all devices continues on those that are left.
TEST_F(VerbsRemovalTest, LinksOverAnotherDeviceGoOn) {
  absl::StatusOr<std::unique_ptr<VerbsListener>> listener = VerbsListener::Listen(
      *ParseUri("rdma://0.0.0.0:" + std::to_string(kVerbsTestPort)), Reporting());
  ASSERT_TRUE(listener.ok()) << listener.status();
  listener_ = *std::move(listener);
  ConnectOptions options;
  options.timeout_ns = kPortPatienceNs;
  options.peer_key = 2;
  absl::StatusOr<std::unique_ptr<VerbsLink>> client =
      VerbsConnect(*ParseUri(RdmaConnectUri(false, kVerbsTestPort)), options);
  ASSERT_TRUE(client.ok()) << client.status();
  const std::unique_ptr<VerbsLink> server = Accept();
  ASSERT_NE(server, nullptr);
  ASSERT_NO_FATAL_FAILURE(Reconnect());
  {
    const Removal removal("RINGWAY_RDMA_DEVICE_B");
    uint64_t n = 0;
    EXPECT_TRUE(WaitUntil([&] {
      EXPECT_TRUE(Send(**client, ++n));
      EXPECT_EQ(Receive(*server), n);
      (*client)->Maintain(MonotonicNowNs());
      server->Maintain(MonotonicNowNs());
      from_->Maintain(MonotonicNowNs());  // its silence is not what ends the link
      return to_->Maintain(MonotonicNowNs()) == LinkState::kClosed;
    }));
    EXPECT_EQ(to_->close_reason(), CloseReason::kDeviceGone);
    to_.reset();
    EXPECT_TRUE(WaitUntil([&] {
      (*client)->Maintain(MonotonicNowNs());
      server->Maintain(MonotonicNowNs());
      return removal.done();
    })) << "somebody has the device open";
    from_.reset();
  }
  EXPECT_TRUE(Send(**client, 7));
  EXPECT_EQ(Receive(*server), 7u);
  EXPECT_EQ(server->close_reason(), CloseReason::kNone);
}

}  // namespace
}  // namespace ringway
