// Tests that a session over RDMA loses no order and repeats none, whatever happens to processes and
// network.
//
// The gateway's session layer runs here; the strategy is another process that sends orders and
// reconnects, with growing pauses, until each is acknowledged.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gateway/core/step.h"
#include "gateway/session/session_layer.h"
#include "msg/auth.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/conformance/verbs_child.h"
#include "tests/conformance/verbs_fixture.h"
#include "transport/any_link.h"

namespace ringway {
namespace {

constexpr uint16_t kPort = 18602;
constexpr uint32_t kSession = 7;
constexpr int64_t kBackoffMinNs = 10 * kNsPerMs;
constexpr int64_t kBackoffMaxNs = kNsPerS;

SessionKey Key(uint8_t number) {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  bytes.fill(static_cast<std::byte>(number));
  return *SessionKey::FromBytes(bytes);
}

SessionOptions Options(uint8_t key = 7) {
  SessionOptions options;
  options.uri = RdmaConnectUri(true, kPort);
  options.session = kSession;
  options.key = Key(key);
  options.connect_timeout_ns = kPortPatienceNs / 4;  // an emulated processor is slow
  options.link.dead_after_ns = kNsPerS;
  // A few hundred orders: a strategy is never so far ahead that it has sent all when it is hurt.
  options.link.ring_bytes = 64 << 10;
  return options;
}

// ----------------------------------------------------------------------------------- the strategy

class Strategy {
 public:
  void Run(uint64_t orders) {
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(Options());
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
    const int64_t deadline_ns = MonotonicNowNs() + 3 * kPortPatienceNs;
    uint64_t sent = 0;
    while (acked_ < orders) {
      ASSERT_LT(MonotonicNowNs(), deadline_ns) << sent << " sent, " << acked_ << " acknowledged";
      if (session_->state() != SessionState::kLive) {
        Reconnect();
        if (::testing::Test::HasFatalFailure()) return;
      }
      if (sent < orders && SendOrder()) ++sent;
      session_->Poll(Handlers{[this](const OrderAck& ack) { Take(ack); }}, 64);
      if (sent == orders) usleep(200);
    }
    EXPECT_EQ(acked_, orders);
    session_->Logout();
  }

 private:
  bool SendOrder() {
    const NewOrder order{.cl_ord_id = next_id_ == 0 ? session_->NextClOrdId() : next_id_, .qty = 1};
    next_id_ = order.cl_ord_id;
    if (session_->Send(order) != SendStatus::kOk) return false;
    next_id_ = 0;
    return true;
  }
  void Take(const OrderAck& ack) {
    EXPECT_TRUE(ids_.insert(ack.cl_ord_id).second) << "an ack came twice: " << ack.cl_ord_id;
    ++acked_;
  }
  void Reconnect() {
    const int64_t deadline_ns = MonotonicNowNs() + kPortPatienceNs;
    for (int64_t pause_ns = kBackoffMinNs;; pause_ns = std::min(2 * pause_ns, kBackoffMaxNs)) {
      const absl::Status status = session_->Reconnect();
      if (status.ok()) return;
      ASSERT_LT(MonotonicNowNs(), deadline_ns) << status;
      usleep(static_cast<useconds_t>(pause_ns / kNsPerUs));
    }
  }

  std::unique_ptr<Session> session_;
  std::unordered_set<uint64_t> ids_;
  uint64_t acked_ = 0;
  uint64_t next_id_ = 0;  // of an order that had no room
};

// ------------------------------------------------------------------------------------ the gateway

class VerbsSessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ListenOptions options;
    options.link.dead_after_ns = kNsPerS;
    options.handshake_timeout_ns = kPortPatienceNs;  // a busy machine is not a bad peer
    options.secret_of = [this](uint64_t session) {
      return session == kSession ? key_.bytes() : std::span<const std::byte>{};
    };
    absl::StatusOr<AnyListener> listener = AnyListener::Listen(RdmaListenUri(true, kPort), options);
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = std::make_unique<AnyListener>(*std::move(listener));
    std::vector<SessionConfig> configs;
    configs.push_back({.id = kSession, .key = key_});
    SessionLayerOptions layer;
    layer.logon_timeout_ns = kPortPatienceNs;
    layer_ = *SessionLayer<AnyLink>::Create(layer, configs, [this](SessionId id, uint32_t epoch) {
      return listener_->Admit(id, epoch);
    });
  }
  void Turn() {
    const int64_t now_ns = clock_.NowNs();
    while (auto link = listener_->TryAccept()) {
      layer_->Accept(std::make_unique<AnyLink>(*std::move(link)), now_ns);
    }
    layer_->Poll(
        now_ns, [this](const Input& input) { Step(input); }, 256);
  }
  void Step(const Input& input) {
    NewOrder order;
    if (input.origin != Origin::kSession || Decode(input.payload, order) != DecodeStatus::kOk) {
      return;
    }
    EXPECT_TRUE(orders_.insert(order.cl_ord_id).second) << "an order came twice";
    Effects effects;
    effects.Add(Target::kSession, input.id, next_seq_++, OrderAck{.cl_ord_id = order.cl_ord_id});
    for (const EffectView& effect : effects) layer_->Send(effect);
  }
  template <class Done>
  void TurnUntil(Done done, const char* what) {
    const int64_t deadline_ns = MonotonicNowNs() + 3 * kPortPatienceNs;
    while (!done()) {
      ASSERT_LT(MonotonicNowNs(), deadline_ns) << what << ": " << orders_.size() << " orders";
      Turn();
    }
  }
  void TurnUntilOrders(uint64_t count) {
    TurnUntil([&] { return orders_.size() >= count || !child_->Running(); }, "orders");
  }
  void TurnUntilChildHasSucceeded() {
    TurnUntil([&] { return !child_->Running(); }, "the strategy's end");
    EXPECT_EQ(child_->EndStatus(), 0);
    RecordProperty("logons", static_cast<int>(layer_->counters().logons));
    RecordProperty("duplicates_dropped", static_cast<int>(layer_->counters().duplicates_dropped));
  }

  const SessionKey key_ = Key(7);
  SteadyUnixClock clock_;
  std::unique_ptr<AnyListener> listener_;
  std::unique_ptr<SessionLayer<AnyLink>> layer_;
  std::unique_ptr<Child> child_;
  std::unordered_set<uint64_t> orders_;
  uint64_t next_seq_ = 1;
  NetworkFaults network_;
};

TEST_F(VerbsSessionTest, EveryOrderOnceAcrossABrokenNetwork) {
  child_ = StartChild("3000");
  TurnUntilOrders(1000);
  network_.Netem("loss 100%");
  TurnUntil([&] { return !layer_->session(kSession)->live(); }, "the session's end");
  network_.Heal();
  TurnUntilChildHasSucceeded();
  EXPECT_EQ(orders_.size(), 3000u);
  EXPECT_GE(layer_->counters().logons, 2u);
}

TEST_F(VerbsSessionTest, EveryOrderOnceAcrossAStoppedStrategy) {
  child_ = StartChild("3000");
  TurnUntilOrders(1000);
  child_->Signal(SIGSTOP);
  TurnUntil([&] { return !layer_->session(kSession)->live(); }, "the session's end");
  child_->Signal(SIGCONT);
  TurnUntilChildHasSucceeded();
  EXPECT_EQ(orders_.size(), 3000u);
  EXPECT_GE(layer_->counters().logons, 2u);
}

// Its successor knows nothing of it and takes over at a higher epoch.
TEST_F(VerbsSessionTest, ASuccessorOfAKilledStrategyTakesOver) {
  child_ = StartChild("1000000");
  TurnUntilOrders(1000);
  child_->Kill();
  const uint64_t before = orders_.size();
  child_ = StartChild("1000");
  TurnUntilChildHasSucceeded();
  // What the first had written before it died counts too; nothing arrived twice.
  EXPECT_GE(orders_.size(), before + 1000);
  EXPECT_GE(layer_->counters().logons, 2u);
}

TEST_F(VerbsSessionTest, AWrongKeyEndsBeforeTheLogon) {
  const absl::Status status = Session::Connect(Options(8)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
  EXPECT_GE(listener_->refused_count(), 1u);  // more if a request was repeated
  EXPECT_EQ(layer_->counters().links_accepted, 0u);
}

}  // namespace
}  // namespace ringway

int main(int argc, char** argv) {
  return ringway::RunTestsOrChild(
      argc, argv, [](const std::string& orders) { ringway::Strategy().Run(std::stoull(orders)); });
}
