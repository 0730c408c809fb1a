// Tests that the journal keeps its promises on a disk that fails, forgets or loses its power.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tests/softroce/disk/gateway_run.h"
#include "tests/softroce/disk/journal_contents.h"
#include "tests/softroce/disk/judgement.h"
#include "tests/softroce/disk/strategy.h"
#include "tests/softroce/disk/test_disk.h"

namespace ringway::disk {
namespace {

constexpr uint32_t kOrders = 200;
constexpr uint32_t kWindow = 32;

class DiskTest : public testing::Test {
 protected:
  // One disk for all tests, because making one takes seconds. Each test has its own folder.
  static void SetUpTestSuite() {
    if (InVm()) disk_ = std::make_unique<TestDisk>();
  }
  static void TearDownTestSuite() { disk_.reset(); }
  void SetUp() override {
    if (!InVm()) GTEST_SKIP() << kOnlyInVm;
    // In memory: sockets and logs need no file system of the host.
    ASSERT_EQ(setenv("TMPDIR", "/dev/shm", 1), 0);
    folder_ = std::string(TestDisk::kFolder) + "/" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    ASSERT_TRUE(std::filesystem::create_directory(folder_));
  }
  void TearDown() override {
    strategy_.reset();
    run_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  // Starts a gateway with its journal there, and a strategy that was promised durability.
  void Begin() {
    auto run = GatewayRun::Make(folder_ + "/journal");
    ASSERT_TRUE(run.ok()) << run.status();
    run_ = *std::move(run);
    const absl::Status started = run_->Start();
    ASSERT_TRUE(started.ok()) << started;
    auto strategy = Strategy::Connect(run_->Options(Durability::kDurable));
    ASSERT_TRUE(strategy.ok()) << strategy.status();
    strategy_ = *std::move(strategy);
  }
  // Trades on a healthy disk: all orders are durable. Returns which.
  std::vector<uint64_t> TradeDurably() {
    const std::vector<uint64_t> before = strategy_->Durable();
    EXPECT_EQ(strategy_->Trade(kOrders, kWindow), kOrders);
    EXPECT_TRUE(strategy_->Settle()) << run_->Log();
    std::vector<uint64_t> durable = strategy_->Durable();
    EXPECT_EQ(durable.size(), before.size() + kOrders);
    return durable;
  }
  // Kills the gateway and fails the machine's power.
  void LosePower() {
    const absl::Status lost = run_->LosePower([] { disk_->Tell("lose-power"); });
    ASSERT_TRUE(lost.ok()) << lost;
  }
  // Changes the disk while the session continues.
  void Tell(const std::string& word) {
    disk_->Tell(word, [this] { strategy_->Poll(); });
  }

  // The strategy's orders refer to what a power failure may have lost, so another one logs on.
  void ExpectServesAnother() {
    const absl::Status started = run_->Start();
    ASSERT_TRUE(started.ok()) << started;
    strategy_.reset();
    auto another = Strategy::Connect(run_->Options(Durability::kDurable));
    ASSERT_TRUE(another.ok()) << another.status();
    EXPECT_EQ((*another)->Trade(kOrders, kWindow), kOrders);
    const auto all_live = [&] {
      return std::ranges::all_of((*another)->orders(), [](const auto& order) {
        const Fate& fate = order.second;
        return fate.live && fate.durability == Durability::kDurable;
      });
    };
    ASSERT_TRUE((*another)->PollUntil(all_live))
        << (*another)->acks() << " acks, " << (*another)->refusals() << " refusals\n"
        << run_->Log();
  }

  void WritesFail(bool power_fails);

  static std::unique_ptr<TestDisk> disk_;
  std::string folder_;
  std::unique_ptr<GatewayRun> run_;
  std::unique_ptr<Strategy> strategy_;
};

std::unique_ptr<TestDisk> DiskTest::disk_;

void DiskTest::WritesFail(bool power_fails) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  TradeDurably();
  // Orders are in flight when it happens. Those accepted are acknowledged with `memory`, the rest
  // refused.
  disk_->Tell("error-writes", [this] {
    if (strategy_->refusals() == 0) strategy_->Trade(1, kWindow);
  });
  const uint64_t last_before = strategy_->orders().rbegin()->first;
  if (strategy_->refusals() == 0) {
    EXPECT_LT(strategy_->Trade(kOrders, kWindow), kOrders) << "orders are taken without end";
  }
  ASSERT_TRUE(strategy_->Settle()) << run_->Log();
  EXPECT_GT(strategy_->refusals(), 0u) << "orders are taken that cannot be made durable";
  const std::vector<uint64_t> durable = strategy_->Durable();
  EXPECT_LE(durable.back(), last_before) << "durable on a disk that fails";
  EXPECT_GT(strategy_->acks(), durable.size()) << "no order was under way when the failure showed";
  // Cancels still pass.
  const std::vector<uint64_t> open_orders = strategy_->Open();
  const uint32_t canceled = strategy_->cancels();
  for (const uint64_t id : open_orders) ASSERT_TRUE(strategy_->Cancel(id));
  ASSERT_TRUE(strategy_->Settle()) << run_->Log();
  EXPECT_EQ(strategy_->cancels() - canceled, open_orders.size());

  // The disk works again, but its contents are unknown, so it is not trusted.
  Tell("healthy");
  strategy_->PollUntil([] { return false; }, 2 * kNsPerS);
  const uint32_t acks = strategy_->acks();
  ASSERT_NE(strategy_->SendOrder(), 0u);
  ASSERT_TRUE(strategy_->Settle());
  EXPECT_EQ(strategy_->acks(), acks) << "a sync was tried again as if it could mend the failed one";
  EXPECT_EQ(strategy_->Durable(), durable);
  ExpectRefusedOnlyForTheJournal(*strategy_);

  if (power_fails) {
    LosePower();
    const JournalContents journal = ReadJournal(run_->journal(), kSession);
    EXPECT_TRUE(journal.status.ok()) << journal.status;
    ExpectThere(*strategy_, journal, durable);
    EXPECT_LT(journal.orders.size(), strategy_->orders().size()) << "the disk did not fail";
    ExpectServesAnother();
    return;
  }
  // If memory is not lost, the next process brings everything to the disk.
  run_->Kill();
  disk_->Tell("lose-power");
  ExpectGoesOn(*run_, *strategy_);
  run_->Kill();
  const JournalContents journal = ReadJournal(run_->journal(), kSession);
  EXPECT_TRUE(journal.status.ok()) << journal.status;
  ExpectAllOf(*strategy_, journal);
}

TEST_F(DiskTest, WritesThatFailCostNothingButNewOrders) { WritesFail(false); }

TEST_F(DiskTest, WritesThatFailAndThenPowerCostNothingDurable) { WritesFail(true); }

TEST_F(DiskTest, ADiskThatForgetsLosesNothingFromBefore) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  const std::vector<uint64_t> durable = TradeDurably();
  Tell("drop-writes");
  TradeDurably();  // according to a disk that lies
  ASSERT_NO_FATAL_FAILURE(LosePower());
  const JournalContents journal = ReadJournal(run_->journal(), kSession);
  EXPECT_TRUE(journal.status.ok()) << journal.status;
  ExpectThere(*strategy_, journal, durable);
  EXPECT_LT(journal.orders.size(), strategy_->orders().size()) << "the disk did not forget";
  ExpectServesAnother();
}

// Each write takes two seconds, and one session causes records as fast as it can, by refused
// orders, each of which is recorded.
TEST_F(DiskTest, AFloodOnASlowDiskHoldsBackItselfAndNobodyElse) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  TradeDurably();
  strategy_.reset();
  auto honest = Strategy::Connect(run_->Options(Durability::kMemory));
  ASSERT_TRUE(honest.ok()) << honest.status();
  auto flood = Session::Connect(run_->Options(Durability::kMemory, kOtherSession));
  ASSERT_TRUE(flood.ok()) << flood.status();

  uint64_t refused = 0;
  Handlers count{[&](const OrderReject&) { ++refused; }};
  disk_->Tell("slow 2000", [&] {
    (*honest)->Poll();
    (*flood)->Poll(count, 64);
  });
  const auto flood_on = [&] {
    const NewOrder unknown{.cl_ord_id = (*flood)->NextClOrdId(), .qty = 1, .instrument = 99};
    for (int i = 0; i != 512 && (*flood)->Send(unknown) == SendStatus::kOk; ++i) continue;
    (*flood)->Poll(count, 1'024);
  };
  // Until the flood has had to wait for the disk, and a while longer.
  constexpr uint32_t kOrdersBehind = 100;
  uint32_t behind = 0;
  const int64_t deadline_ns = MonotonicNowNs() + Strategy::kPatienceNs * 6;
  for (uint32_t turn = 0; behind != kOrdersBehind && MonotonicNowNs() < deadline_ns; ++turn) {
    flood_on();
    ASSERT_EQ((*flood)->state(), SessionState::kLive);
    (*honest)->Poll();
    if (turn % 8 != 0) continue;
    ASSERT_NE((*honest)->SendOrder(), 0u)
        << "turn " << turn << ", session state " << static_cast<int>((*honest)->session().state())
        << ", " << (*honest)->Waiting() << run_->Log() << run_->Ask("status");
    const bool is_behind =
        run_->Ask("status").find("\"back_pressured\": true") != std::string::npos;
    behind += is_behind;
  }
  EXPECT_EQ(behind, kOrdersBehind) << "the disk kept up: nothing was shown; " << refused
                                   << " records of the flood, " << run_->Ask("status");
  ASSERT_TRUE((*honest)->Settle()) << (*honest)->Waiting() << run_->Log();
  EXPECT_EQ((*honest)->refusals(), 0u) << "another session's flood has orders refused";
  EXPECT_TRUE((*honest)->complaints().empty());
  EXPECT_GT(refused, 1'000u);
  EXPECT_EQ((*flood)->state(), SessionState::kLive);
  disk_->Tell("healthy", [&] { (*honest)->Poll(); });
  flood->reset();
  const std::vector<uint64_t> open_orders = (*honest)->Open();
  for (const uint64_t id : open_orders) ASSERT_TRUE((*honest)->Cancel(id));
  EXPECT_TRUE((*honest)->Settle()) << (*honest)->Waiting();
  honest->reset();
  EXPECT_EQ(run_->Stop(), "") << run_->Log();
}

// The forgotten part lies between parts that exist: that is damage, not the end, and no start
// continues past it.
TEST_F(DiskTest, AHoleInTheJournalIsFoundAndNamed) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  const std::vector<uint64_t> durable = TradeDurably();
  Tell("drop-writes");
  const size_t with_forgotten = TradeDurably().size();
  Tell("healthy");
  TradeDurably();
  ASSERT_NO_FATAL_FAILURE(LosePower());
  const JournalContents journal = ReadJournal(run_->journal(), kSession);
  EXPECT_TRUE(absl::IsDataLoss(journal.status)) << journal.status;
  ExpectThere(*strategy_, journal, durable);
  EXPECT_LT(journal.orders.size(), with_forgotten) << "a record from behind the hole was taken";
  const absl::Status refused = run_->Start();
  EXPECT_FALSE(refused.ok()) << "it starts without " << strategy_->orders().size();
  for (const char* word :
       {"000000000001.segment: the record at offset ", "was on stable storage, but is damaged",
        "restore the file from a copy"}) {
    EXPECT_NE(std::string(refused.message()).find(word), std::string::npos) << refused;
  }
}

}  // namespace
}  // namespace ringway::disk
