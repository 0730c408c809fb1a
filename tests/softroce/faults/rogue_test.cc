// Tests that a strategy that logs on over RDMA and then lies harms only its own link, and that
// nothing it made up is delivered.
//
// The lies are told by writes directly into the memory of the gateway's own program, beside an
// honest strategy over the same device.
#include <gtest/gtest.h>
#include <infiniband/verbs.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "base/random.h"
#include "base/within.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "tests/softroce/disk/journal_contents.h"
#include "tests/softroce/disk/strategy.h"
#include "transport/connect_error.h"
#include "transport/frame.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_queue.h"
#include "transport/state_line.h"
#include "transport/uri.h"

namespace ringway::faults {
namespace {

constexpr uint16_t kPort = 18670;
constexpr uint32_t kHonestSession = 7;
constexpr uint32_t kRogueSession = 8;
constexpr int64_t kPatienceNs = 60 * kNsPerS;
constexpr useconds_t kIdleUs = 200;
constexpr int kOrders = 50;
constexpr int kLiesMax = 10;
constexpr int64_t kBetweenLiesNs = 750 * kNsPerMs;

// What it must not be taken for: the price of each of its orders, by number.
int64_t PriceOf(uint64_t number) {
  return 100 * kNsPerS - static_cast<int64_t>(number) * 10 * kNsPerMs;
}

class Rogue {
 public:
  // `meanwhile` is called in every turn. The gateway is a child of this process.
  Rogue(Uri uri, pid_t gateway, std::function<void()> meanwhile)
      : uri_(std::move(uri)), gateway_(gateway), meanwhile_(std::move(meanwhile)) {}

  absl::Status LogOn() {
    SessionOptions options;
    options.uri = uri_.ToString();
    options.session = kRogueSession;
    options.key = TestKey(kRogueSession);
    options.connect_timeout_ns = kPatienceNs;
    auto session = BasicSession<VerbsLink>::Connect(
        options, [this](uint32_t epoch, int64_t timeout_ns) { return Dial(epoch, timeout_ns); });
    if (session.ok()) session_ = *std::move(session);
    return session.status();
  }

  // Each returns whether the gateway then ended the link.

  // Random words all over the ring, then impossible heads.
  bool Garbage() {
    Random random(kRogueSession);
    const uint32_t ring_bytes = port().ring_bytes();
    for (uint32_t at = 0; at != ring_bytes; at += 8) {
      const uint64_t word = random.Next();
      std::memcpy(port().mirror() + at, &word, sizeof(word));
    }
    if (!Write(0, ring_bytes)) return false;
    usleep(100'000);
    // Covers whichever frame the peer expects next, and wherever.
    const uint64_t sent = session_->link().counters().frames_sent;
    for (uint32_t at = 0; at != ring_bytes; at += kGranuleBytes) {
      const uint64_t word = PackHead({static_cast<uint32_t>(sent + 1), 60'000, 5, 0});
      std::memcpy(port().mirror() + at, &word, sizeof(word));
    }
    return Write(0, ring_bytes) && Ended();
  }

  // A valid state line that takes credit back.
  bool RewoundCredit() {
    if (!Trade()) return false;
    VerbsLink& link = session_->link();
    StateLine line{};
    line.epoch = link.epoch();
    line.next_seq = 1;
    line.crc = StateLineCrc(CrcSeedOf({link.peer_key(), link.epoch(), link.nonces()}), line);
    std::byte* const room = port().queue().state_copy(0);
    std::memcpy(room, &line, sizeof(line));
    // Between two lies the peer can learn what was consumed, if it looks in time.
    for (int lie = 0; lie != kLiesMax; ++lie) {
      if (TurnUntil(kBetweenLiesNs, [this] { return over(); })) break;
      if (!WriteRaw(room, 0, sizeof(line))) return false;
    }
    return Ended();
  }

  // Frames whose price changes after they were committed: while the gateway reads them, and then
  // certainly before it does.
  bool ChangedFrames() {
    for (int order = 0; order != kOrders; ++order) {
      if (!Order() || !ChangePrice()) return true;
    }
    if (!StopGateway()) return false;
    const bool changed = Order() && ChangePrice() && Arrived();
    kill(gateway_, SIGCONT);
    return changed && Ended();
  }

  // A ring full of the last link's frames; and a dial with its epoch.
  bool OldEpoch() {
    if (!Trade()) return false;
    const uint32_t old_epoch = session_->link().epoch();
    const std::vector<std::byte> old(port().mirror(), port().mirror() + port().ring_bytes());
    session_.reset();
    if (!LogOn().ok() || session_->link().epoch() <= old_epoch) return false;
    // Both links count frames from 1 and started alike, so the old frames lie where new ones are
    // expected, with the expected numbers.
    std::memcpy(port().mirror(), old.data(), old.size());
    if (!Write(0, static_cast<uint32_t>(old.size())) || !Ended()) return false;
    return AdmittedEpochOf(DialOnce(old_epoch, kPatienceNs).status()).has_value();
  }

  // A write by a key that the peer never gave.
  bool WrongKey() {
    port().queue().SetPeer(port().queue().peer_rkey() ^ 0x100);
    (void)Order();
    return Ended();
  }

  // By clOrdId, with their prices.
  const std::map<uint64_t, int64_t>& sent() const { return sent_; }

 private:
  absl::StatusOr<std::unique_ptr<VerbsLink>> DialOnce(uint32_t epoch, int64_t timeout_ns) {
    const SessionKey key = TestKey(kRogueSession);
    return VerbsConnect(uri_, {.link = {},
                               .peer_key = kRogueSession,
                               .epoch = epoch,
                               .timeout_ns = timeout_ns,
                               .secret = key.bytes()});
  }
  absl::StatusOr<std::unique_ptr<VerbsLink>> Dial(uint32_t epoch, int64_t timeout_ns) {
    auto link = DialOnce(epoch, timeout_ns);
    const std::optional<uint32_t> admitted = AdmittedEpochOf(link.status());
    return admitted ? DialOnce(*admitted + 1, timeout_ns) : std::move(link);
  }

  VerbsPort& port() { return session_->link().port(); }
  bool over() const { return session_->state() != SessionState::kLive; }

  template <class Done>
  bool TurnUntil(int64_t patience_ns, Done done) {
    const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
    while (!done()) {
      if (MonotonicNowNs() > deadline_ns) return false;
      session_->Poll(Handlers{[this](const OrderAck&) { ++acks_; }}, 64);
      session_->Maintain(session_->NowNs());
      meanwhile_();
      usleep(kIdleUs);
    }
    return true;
  }
  bool Ended() {
    return TurnUntil(kPatienceNs, [this] { return over(); });
  }

  // Sends an ordinary order. False: the session is over.
  bool Order() {
    NewOrder order{.cl_ord_id = session_->NextClOrdId(),
                   .price = PriceOf(sent_.size() + 1),
                   .qty = 1,
                   .instrument = 1,
                   .account = 1,
                   .side = Side::kBuy,
                   .ord_type = OrdType::kLimit};
    sent_[order.cl_ord_id] = order.price;
    return TurnUntil(kPatienceNs,
                     [&] { return over() || session_->Send(order) == SendStatus::kOk; }) &&
           !over();
  }
  // Sends some orders and waits until each is answered. False: the session is over.
  bool Trade() {
    for (int order = 0; order != kOrders; ++order) {
      if (!Order()) return false;
    }
    return TurnUntil(kPatienceNs, [&] { return over() || acks_ >= sent_.size(); }) && !over();
  }

  // Changes the price of the last order in the peer's ring. False: the session is over.
  bool ChangePrice() {
    const auto price = static_cast<uint64_t>(PriceOf(sent_.size()));
    for (uint32_t at = 0; at != port().ring_bytes(); at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, port().mirror() + at, sizeof(word));
      if (word != price) continue;
      word ^= 1;
      std::memcpy(port().mirror() + at, &word, sizeof(word));
      if (!Write(at / kGranuleBytes * kGranuleBytes, kGranuleBytes)) return false;
    }
    return true;
  }
  // Stops all threads of the gateway. False: it has ended.
  bool StopGateway() const {
    siginfo_t change{};
    return kill(gateway_, SIGSTOP) == 0 &&
           waitid(P_PID, static_cast<id_t>(gateway_), &change, WSTOPPED) == 0;
  }
  // Waits until all that was written is in the peer's memory. False: the session is over.
  bool Arrived() {
    return port().queue().PostMarker(0) &&
           TurnUntil(kPatienceNs,
                     [this] {
                       port().CompletedWrites();
                       return over() || port().queue().Drained();
                     }) &&
           !over();
  }

  // Writes from memory that the device may read, behind the link's back, which counts only its own
  // writes.
  bool WriteRaw(const std::byte* from, uint64_t remote, uint32_t bytes) {
    VerbsQueue& queue = port().queue();
    if (queue.severed()) return false;
    ibv_sge piece{reinterpret_cast<uintptr_t>(from), bytes, queue.lkey()};
    ibv_send_wr request{};
    request.sg_list = &piece;
    request.num_sge = 1;
    request.opcode = IBV_WR_RDMA_WRITE;
    request.wr.rdma.remote_addr = remote;
    request.wr.rdma.rkey = queue.peer_rkey();
    ibv_send_wr* refused = nullptr;
    return ibv_post_send(queue.pair(), &request, &refused) == 0;
  }
  // Writes a part of the mirror to its place in the peer's ring.
  bool Write(uint64_t offset, uint32_t bytes) {
    return WriteRaw(port().mirror() + offset, kVerbsRingOffset + offset, bytes);
  }

  const Uri uri_;
  const pid_t gateway_;
  const std::function<void()> meanwhile_;
  std::unique_ptr<BasicSession<VerbsLink>> session_;
  std::map<uint64_t, int64_t> sent_;
  uint64_t acks_ = 0;
};

class RogueTest : public testing::Test {
 protected:
  void SetUp() override {
    GatewayConfig& config = gateway_.config;
    config.listen = {absl::StrCat("rdma://", getenv("RINGWAY_RDMA_B"), ":", kPort)};
    config.journal = TestJournal(place_ / "journal");
    config.link.dead_after_ns = 20 * kNsPerS;  // of the honest strategy, on a busy machine
    LiftLimits(config.accounts[0].limits);
    for (const uint32_t session : {kHonestSession, kRogueSession}) {
      config.sessions.push_back(TestSession(session, 1, place_.path()));
      LiftLimits(config.sessions.back().engine.limits);
    }
    const absl::Status started = gateway_.Start();
    ASSERT_TRUE(started.ok()) << started;
    SessionOptions options = gateway_.Options(kHonestSession);
    options.uri = Uri();
    options.heartbeat_ns = 20 * kNsPerS;
    options.link.dead_after_ns = 20 * kNsPerS;
    auto honest = disk::Strategy::Connect(options);
    ASSERT_TRUE(honest.ok()) << honest.status() << gateway_.Log();
    honest_ = *std::move(honest);
    ASSERT_EQ(honest_->Trade(20, 4), 20u);
  }

  std::string Uri() const {
    return absl::StrCat(gateway_.config.listen[0], "?source=", getenv("RINGWAY_RDMA_A"));
  }

  void Tell(bool (Rogue::*lie)()) {
    Rogue rogue(*ParseUri(Uri()), gateway_.child().pid(), [this] { honest_->Poll(); });
    const absl::Status on = rogue.LogOn();
    ASSERT_TRUE(on.ok()) << on << gateway_.Log();
    EXPECT_TRUE((rogue.*lie)()) << gateway_.Log();
    EXPECT_TRUE(Within(kPatienceNs, [&] {
      honest_->Poll();
      return absl::StrContains(gateway_.Ask("sessions"),
                               absl::StrCat("session ", kRogueSession, " off"));
    })) << gateway_.Log();

    EXPECT_EQ(honest_->Trade(20, 4), 20u) << "it cost the honest strategy its link";
    EXPECT_TRUE(honest_->Settle()) << honest_->Waiting();
    EXPECT_EQ(honest_->acks(), 40u);
    EXPECT_TRUE(honest_->complaints().empty()) << honest_->complaints()[0];
    EXPECT_EQ(gateway_.Stop(), "") << gateway_.Log();

    // What it sent and then corrupted itself may be lost.
    const disk::JournalContents journal =
        disk::ReadJournal(gateway_.config.journal.directory, kRogueSession);
    ASSERT_TRUE(journal.status.ok()) << journal.status;
    EXPECT_EQ(journal.orders_twice, 0u);
    for (const auto& [id, order] : journal.orders) {
      const auto sent = rogue.sent().find(id);
      ASSERT_NE(sent, rogue.sent().end()) << id << " was made up";
      EXPECT_EQ(order.price, sent->second) << id << " was changed";
    }
  }

  // In memory: sockets need no file system of the host.
  const TemporaryFolder place_ = *TemporaryFolder::Make("/dev/shm");
  GatewayProgram gateway_{place_.path()};
  std::unique_ptr<disk::Strategy> honest_;
};

TEST_F(RogueTest, Garbage) { Tell(&Rogue::Garbage); }
TEST_F(RogueTest, RewoundCredit) { Tell(&Rogue::RewoundCredit); }
TEST_F(RogueTest, FramesChangedAfterCommit) { Tell(&Rogue::ChangedFrames); }
TEST_F(RogueTest, FramesOfAnOldEpoch) { Tell(&Rogue::OldEpoch); }
TEST_F(RogueTest, WrongKey) { Tell(&Rogue::WrongKey); }

}  // namespace
}  // namespace ringway::faults
