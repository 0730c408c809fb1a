// Tests that the death of a process or of a network is noticed in time, and that a link's successor
// loses nothing and repeats nothing.
//
// The client is another process; it sends numbered records, and the listener answers how many it
// has. When its link ends the client connects again at the next epoch, with growing pauses, and
// resends what the listener did not answer for.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "tests/conformance/verbs_child.h"
#include "tests/conformance/verbs_fixture.h"
#include "transport/connect_error.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_queue.h"

namespace ringway {
namespace {

constexpr uint64_t kClient = 77;
constexpr int64_t kBackoffMinNs = kNsPerMs;
constexpr int64_t kBackoffMaxNs = 500 * kNsPerMs;
// The time limit of one attempt: the quickest remedy for a lost packet is another attempt.
constexpr int64_t kAttemptNs = 3 * kNsPerS;

// Short enough for a test; on an emulated processor a thread may miss some heartbeats.
LinkOptions ShortLife() {
  LinkOptions options;
  options.heartbeat_interval_ns = 50 * kNsPerMs;
  options.dead_after_ns = 2 * kNsPerS;
  return options;
}

std::vector<std::byte> PayloadOf(uint64_t n) {
  std::vector<std::byte> payload(8 + n * 31 % 200, static_cast<std::byte>(n));
  std::memcpy(payload.data(), &n, sizeof(n));
  return payload;
}

std::vector<std::byte> AcknowledgementOf(uint64_t n) {
  std::vector<std::byte> payload(sizeof(n));
  std::memcpy(payload.data(), &n, sizeof(n));
  return payload;
}

uint64_t NumberOf(const Record& record) {
  uint64_t n;
  RINGWAY_CHECK(record.payload.size() >= sizeof(n), "a record without a number");
  std::memcpy(&n, record.payload.data(), sizeof(n));
  return n;
}

bool TrySend(VerbsLink& link, const std::vector<std::byte>& payload) {
  const Claim claim = link.TryClaim(static_cast<uint32_t>(payload.size()));
  if (!claim) return false;
  std::memcpy(claim.payload().data(), payload.data(), payload.size());
  return link.Commit(1, Publish::kNow) == SendStatus::kOk;
}

// ------------------------------------------------------------------------------------- the client

class Client {
 public:
  explicit Client(uint64_t count) : count_(count) {}

  // Until the listener has every record.
  void Run() {
    Connect();
    while (link_ != nullptr && acknowledged_ < count_) {
      if (next_ < count_ && TrySend(*link_, PayloadOf(next_))) ++next_;
      link_->Poll([this](const Record& record) { acknowledged_ = NumberOf(record); }, 64);
      const LinkState state = link_->Maintain(MonotonicNowNs());
      if (state == LinkState::kClosed) TakeOver();
      if (next_ == count_) usleep(1000);
    }
  }

 private:
  void Connect() {
    const int64_t deadline_ns = MonotonicNowNs() + kPortPatienceNs;
    absl::Status status;
    for (int64_t pause_ns = kBackoffMinNs; MonotonicNowNs() < deadline_ns;
         pause_ns = std::min(2 * pause_ns, kBackoffMaxNs)) {
      ConnectOptions options;
      options.link = ShortLife();
      options.peer_key = kClient;
      options.epoch = epoch_;
      options.timeout_ns = kAttemptNs;
      absl::StatusOr<std::unique_ptr<VerbsLink>> link =
          VerbsConnect(*ParseUri(RdmaConnectUri(true, kVerbsTestPort)), options);
      status = link.status();
      if (link.ok()) {
        link_ = *std::move(link);
        return;
      }
      if (const auto admitted = AdmittedEpochOf(status)) epoch_ = *admitted + 1;
      usleep(static_cast<useconds_t>(pause_ns / kNsPerUs));
    }
    FAIL() << "never connected again: " << status;
  }

  // Makes a new link at the next epoch and resends from the first record that was not acknowledged.
  void TakeOver() {
    ++epoch_;
    link_.reset();
    Connect();
    next_ = acknowledged_;
  }

  const uint64_t count_;
  uint64_t next_ = 0;          // the next record to be sent
  uint64_t acknowledged_ = 0;  // the listener has those before it
  uint32_t epoch_ = 1;
  std::unique_ptr<VerbsLink> link_;
};

// ----------------------------------------------------------------------------------- the listener

class VerbsProcessTest : public VerbsLinkTest {
 protected:
  void SetUp() override {
    ListenOptions options;
    options.link = ShortLife();
    Listen(options);
  }
  // One turn of the listener's loop: takes over new links, takes records.
  void Turn() {
    if (std::unique_ptr<VerbsLink> link = listener_->TryAccept()) {
      ASSERT_TRUE(listener_->Admit(link->peer_key(), link->epoch()));
      if (link_ != nullptr) {
        // From here on the old ring holds everything that will ever arrive.
        while (!link_->Sever()) std::this_thread::yield();
        TakeRecords();
        ++taken_over_;
      }
      link_ = std::move(link);
      acknowledged_ = 0;
    }
    if (link_ == nullptr) return;
    TakeRecords();
    link_->Maintain(MonotonicNowNs());
  }
  void TakeRecords() {
    link_->Poll(
        [&](const Record& record) {
          const uint64_t n = NumberOf(record);
          if (n < expected_) {
            ++repeated_;
            return;
          }
          ASSERT_EQ(n, expected_) << "a record was lost";
          const std::vector<std::byte> payload = PayloadOf(n);
          ASSERT_TRUE(std::equal(payload.begin(), payload.end(), record.payload.begin(),
                                 record.payload.end()));
          ++expected_;
        },
        4096);
    if (expected_ != acknowledged_ && TrySend(*link_, AcknowledgementOf(expected_))) {
      acknowledged_ = expected_;
    }
  }
  template <class Done>
  void TurnUntil(Done done, const char* what) {
    ASSERT_TRUE(WaitUntil([&] {
      Turn();
      return done() || HasFatalFailure();
    })) << what
        << ": " << expected_ << " records, link "
        << (link_ == nullptr ? "none" : std::string(Name(link_->state())));
  }
  void TurnUntilChildHasSucceeded(uint64_t count) {
    TurnUntil([&] { return !child_->Running(); }, "the client's end");
    EXPECT_EQ(child_->EndStatus(), 0);
    EXPECT_EQ(expected_, count);
    RecordProperty("links_taken_over", static_cast<int>(taken_over_));
    RecordProperty("records_repeated_and_dropped", static_cast<int>(repeated_));
  }
  // Real time from now until the link's state is this one.
  int64_t TimeUntil(LinkState state) {
    const int64_t start_ns = MonotonicNowNs();
    TurnUntil([&] { return link_->state() == state; }, "a change of state");
    return MonotonicNowNs() - start_ns;
  }

  std::unique_ptr<Child> child_;
  std::unique_ptr<VerbsLink> link_;
  uint64_t expected_ = 0;
  uint64_t acknowledged_ = 0;  // on the present link
  uint64_t repeated_ = 0;
  uint64_t taken_over_ = 0;
};

TEST_F(VerbsProcessTest, AKilledClientIsNoticedAfterItsRecords) {
  child_ = StartChild("1000000");
  TurnUntil([&] { return expected_ >= 1000; }, "the first records");
  // What arrives now waits in the ring.
  usleep(300'000);
  const uint64_t before = expected_;
  child_->Kill();
  const int64_t noticed_ns = TimeUntil(LinkState::kClosed);
  EXPECT_EQ(link_->close_reason(), CloseReason::kPeerDead);
  EXPECT_GT(expected_, before);
  EXPECT_LT(noticed_ns, ShortLife().dead_after_ns) << "only the silence told";
  RecordProperty("noticed_after_us", static_cast<int>(noticed_ns / kNsPerUs));
}

// Its device still acknowledges: only the missing heartbeats show it.
TEST_F(VerbsProcessTest, AStoppedClientIsNoticedByItsHeartbeatsAndComesBack) {
  constexpr uint64_t kRecords = 5000;
  child_ = StartChild(std::to_string(kRecords));
  TurnUntil([&] { return expected_ >= 500; }, "the first records");
  child_->Signal(SIGSTOP);
  const int64_t stopped_ns = MonotonicNowNs();
  TurnUntil([&] { return link_->state() != LinkState::kLive; }, "a suspicion");
  const uint64_t posted = link_->port().counters().work_requests;
  const uint64_t completed = link_->port().CompletedWrites();
  const int64_t until_ns = MonotonicNowNs() + ShortLife().dead_after_ns / 2;
  TurnUntil([&] { return MonotonicNowNs() > until_ns; }, "time");
  if (link_->state() == LinkState::kSuspect) {
    EXPECT_EQ(link_->port().queue().slot().error.load(std::memory_order_acquire), 0u);
    EXPECT_GT(link_->port().counters().work_requests, posted);
    EXPECT_GT(link_->port().CompletedWrites(), completed) << "a stopped process acknowledges";
  }
  TurnUntil([&] { return link_->state() == LinkState::kClosed; }, "the link's end");
  EXPECT_EQ(link_->close_reason(), CloseReason::kPeerDead);
  EXPECT_GT(MonotonicNowNs() - stopped_ns, ShortLife().dead_after_ns / 2);
  child_->Signal(SIGCONT);
  TurnUntilChildHasSucceeded(kRecords);
  EXPECT_GE(taken_over_, 1u);
}

TEST_F(VerbsProcessTest, ABrokenNetworkIsNoticedAndTakenOverWhenItIsBack) {
  constexpr uint64_t kRecords = 5000;
  child_ = StartChild(std::to_string(kRecords));
  for (uint64_t round = 1; round <= 3; ++round) {
    TurnUntil([&] { return expected_ >= 500 * round; }, "records");
    network_.Netem("loss 100%");
    const int64_t noticed_ns = TimeUntil(LinkState::kClosed);
    EXPECT_EQ(link_->close_reason(), CloseReason::kPeerDead);
    EXPECT_LT(noticed_ns, ShortLife().dead_after_ns) << "only the silence told";
    RecordProperty("noticed_after_us_in_round_" + std::to_string(round),
                   static_cast<int>(noticed_ns / kNsPerUs));
    network_.Heal();
    TurnUntil([&] { return taken_over_ >= round; }, "the successor");
  }
  TurnUntilChildHasSucceeded(kRecords);
}

// The connection manager alone would retransmit it after 4.3 s.
TEST_F(VerbsProcessTest, ARequestThatTheNetworkLostIsSoonMadeAnew) {
  network_.Netem("loss 100%");
  std::thread healing([this] {
    usleep(200'000);
    network_.Heal();
  });
  ConnectOptions connect;
  connect.link = ShortLife();
  connect.timeout_ns = 4 * kNsPerS;
  const absl::Status status =
      VerbsConnect(*ParseUri(RdmaConnectUri(true, kVerbsTestPort)), connect).status();
  healing.join();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(VerbsProcessTest, LossDuplicatesAndDisorderAreTheDevicesBusiness) {
  network_.Netem("loss 2% duplicate 2% reorder 25% delay 1ms");
  constexpr uint64_t kRecords = 1000;
  child_ = StartChild(std::to_string(kRecords));
  TurnUntilChildHasSucceeded(kRecords);
}

}  // namespace
}  // namespace ringway

int main(int argc, char** argv) {
  return ringway::RunTestsOrChild(
      argc, argv, [](const std::string& records) { ringway::Client(std::stoull(records)).Run(); });
}
