// Does a device that is taken away end its links, and nothing else?
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <infiniband/verbs.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "tests/conformance/verbs_fixture.h"

namespace {

// What the kernel answers to those who destroy what belongs to a device, 0: as it is. The functions
// below stand before the library's.
std::atomic<int> destroy_answer{0};

template <class F>
F* Real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int ibv_destroy_qp(ibv_qp* pair) {
  const int answer = destroy_answer;
  return answer != 0 ? answer : Real<int(ibv_qp*)>("ibv_destroy_qp")(pair);
}
extern "C" int ibv_dereg_mr(ibv_mr* registration) {
  const int answer = destroy_answer;
  return answer != 0 ? answer : Real<int(ibv_mr*)>("ibv_dereg_mr")(registration);
}
extern "C" int ibv_dealloc_pd(ibv_pd* domain) {
  const int answer = destroy_answer;
  return answer != 0 ? answer : Real<int(ibv_pd*)>("ibv_dealloc_pd")(domain);
}
extern "C" int ibv_destroy_cq(ibv_cq* queue) {
  const int answer = destroy_answer;
  return answer != 0 ? answer : Real<int(ibv_cq*)>("ibv_destroy_cq")(queue);
}

namespace ringway {
namespace {

// Takes a device away; that waits until nobody has it open, so a thread of its own does.
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

class VerbsRemovalTest : public VerbsLinkTest {
 protected:
  void TearDown() override {
    destroy_answer = 0;
    from_.reset();
    to_.reset();
    listener_.reset();
    RunCommand("sh \"$RINGWAY_SOFTROCE_DEVICES\" heal");
  }

  ListenOptions Reporting() {
    ListenOptions options;
    options.report = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      report_ += std::string(line) + "\n";
    };
    return options;
  }
  bool Reported(const std::string& part) {
    const std::lock_guard lock(mutex_);
    return report_.find(part) != std::string::npos;
  }
  std::string report() {
    const std::lock_guard lock(mutex_);
    return report_;
  }

  void JoinReporting() {
    ASSERT_NO_FATAL_FAILURE(Listen(Reporting()));
    Reconnect();
  }
  // Connects as soon as that works.
  void Reconnect() {
    absl::Status last;
    ASSERT_TRUE(WaitUntil([&] {
      ConnectOptions options;
      options.timeout_ns = 5 * kNsPerS;
      absl::StatusOr<std::unique_ptr<VerbsLink>> from =
          VerbsConnect(*ParseUri(RdmaConnectUri(true, kVerbsTestPort)), options);
      last = from.status();
      if (from.ok()) from_ = *std::move(from);
      return last.ok();
    })) << last
        << "; the listener: " << report();
    to_ = Accept();
    ASSERT_NE(to_, nullptr);
    ASSERT_TRUE(Send(*from_, 42));
    ASSERT_EQ(Receive(*to_), 42u);
  }
  static bool Closes(VerbsLink& link) {
    return WaitUntil([&] {
      link.Poll([](const Record&) {}, 64);
      return link.Maintain(MonotonicNowNs()) == LinkState::kClosed;
    });
  }

 private:
  std::mutex mutex_;
  std::string report_;  // guarded by mutex_
};

TEST_F(VerbsRemovalTest, AListenersLinksEndAndItComesBackWithItsDevice) {
  ASSERT_NO_FATAL_FAILURE(JoinReporting());
  {
    const Removal removal("RINGWAY_RDMA_DEVICE_B");
    // Frames are under way meanwhile.
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

// A listener of all devices goes on over those that are left, and over one that comes back.
TEST_F(VerbsRemovalTest, LinksOverAnotherDeviceGoOn) {
  absl::StatusOr<std::unique_ptr<VerbsListener>> listener = VerbsListener::Listen(
      *ParseUri("rdma://0.0.0.0:" + std::to_string(kVerbsTestPort)), Reporting());
  ASSERT_TRUE(listener.ok()) << listener.status();
  listener_ = *std::move(listener);
  ConnectOptions options;
  options.timeout_ns = kVerbsPatienceNs;
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
  Add("RINGWAY_RDMA_DEVICE_B");
  ASSERT_NO_FATAL_FAILURE(Reconnect());
  EXPECT_TRUE(Send(**client, 7));
  EXPECT_EQ(Receive(*server), 7u);
  EXPECT_EQ(server->close_reason(), CloseReason::kNone);
}

// The kernel's answers once it has taken a device away under its users.
TEST_F(VerbsRemovalTest, WhatIsGoneNeedsNotBeDestroyed) {
  for (const int answer : {EIO, ENODEV}) {
    ASSERT_NO_FATAL_FAILURE(JoinReporting());
    destroy_answer = answer;
    to_.reset();
    from_.reset();
    listener_.reset();  // waits for the links' ends
    destroy_answer = 0;
    EXPECT_FALSE(Reported("does not give up")) << report();
  }
}

// A device that refuses keeps the memory that it may still write, and the operator hears of it.
TEST_F(VerbsRemovalTest, ADeviceThatKeepsALinkIsReported) {
  ASSERT_NO_FATAL_FAILURE(JoinReporting());
  std::byte* const ring = to_->port().ring();
  destroy_answer = EBUSY;
  to_.reset();
  EXPECT_TRUE(WaitUntil([&] { return Reported("does not give up an ended link"); })) << report();
  EXPECT_EQ(msync(ring, 1, MS_ASYNC), 0) << "not mapped any more";
  destroy_answer = 0;
  from_.reset();
  ASSERT_NO_FATAL_FAILURE(Reconnect());
}

}  // namespace
}  // namespace ringway
