// Tests that a thousand ended links are torn down in the time of one, and that nothing has to wait
// for them.
#include "transport/port/verbs_reaper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace ringway {
namespace {

// Pairs: the reaper's thread writes, the test reads; all are sequentially consistent.
struct Counts {
  std::atomic<int> severed{0};
  std::atomic<int> draining{0};
  std::atomic<int> taken_apart{0};
  std::atomic<int> alive{0};
  std::atomic<bool> held{false};  // TakeApart() does not return
};

class FakeRemains final : public VerbsRemains {
 public:
  FakeRemains(Counts& counts, bool drains, std::string news = "")
      : counts_(counts), drains_(drains), news_(std::move(news)) {
    ++counts_.alive;
  }
  ~FakeRemains() override { --counts_.alive; }
  void Sever() noexcept override { ++counts_.severed; }
  bool BeginDrain() noexcept override {
    ++counts_.draining;
    return drains_;
  }
  bool Drained() noexcept override { return false; }
  std::string TakeApart() override {
    while (counts_.held) std::this_thread::yield();
    ++counts_.taken_apart;
    return news_;
  }

 private:
  Counts& counts_;
  const bool drains_;
  const std::string news_;
};

TEST(VerbsReaperTest, AThousandLinksDrainInTheTimeOfOne) {
  constexpr int kLinks = 1000;
  Counts counts;
  absl::StatusOr<std::shared_ptr<VerbsReaper>> reaper = VerbsReaper::Create({});
  ASSERT_TRUE(reaper.ok()) << reaper.status();
  const int64_t start_ns = MonotonicNowNs();
  for (int i = 0; i != kLinks; ++i) (*reaper)->Bury(std::make_unique<FakeRemains>(counts, true));
  reaper->reset();  // waits for all of them
  const int64_t took_ns = MonotonicNowNs() - start_ns;
  EXPECT_EQ(counts.taken_apart, kLinks);
  EXPECT_EQ(counts.alive, 0);
  EXPECT_GE(took_ns, VerbsReaper::kDrainLimitNs);
  // One by one: 200 s.
  EXPECT_LT(took_ns, kLinks * VerbsReaper::kDrainLimitNs / 10);
  RecordProperty("took_ms", static_cast<int>(took_ns / kNsPerMs));
}

TEST(VerbsReaperTest, ASeverDoesNotWaitForThoseThatDrain) {
  Counts draining;
  Counts urgent;
  absl::StatusOr<std::shared_ptr<VerbsReaper>> reaper = VerbsReaper::Create({});
  ASSERT_TRUE(reaper.ok()) << reaper.status();
  // None of them ever finishes: waiting for them one by one would take two minutes.
  for (int i = 0; i != 600; ++i) (*reaper)->Bury(std::make_unique<FakeRemains>(draining, true));
  auto link = std::make_unique<FakeRemains>(urgent, true);
  (*reaper)->Sever(*link);
  const int64_t deadline_ns = MonotonicNowNs() + 60 * kNsPerS;
  while (urgent.severed == 0 && MonotonicNowNs() < deadline_ns) std::this_thread::yield();
  EXPECT_EQ(urgent.severed, 1);
  (*reaper)->Bury(std::move(link));
  reaper->reset();
  EXPECT_EQ(urgent.taken_apart, 1);
}

TEST(VerbsReaperTest, WhatIsBuriedRightAfterItsSeverIsSeveredFirst) {
  Counts counts;
  absl::StatusOr<std::shared_ptr<VerbsReaper>> reaper = VerbsReaper::Create({});
  ASSERT_TRUE(reaper.ok()) << reaper.status();
  for (int i = 0; i != 100; ++i) {
    auto link = std::make_unique<FakeRemains>(counts, false);
    (*reaper)->Sever(*link);
    (*reaper)->Bury(std::move(link));
  }
  reaper->reset();
  EXPECT_EQ(counts.severed, 100);
  EXPECT_EQ(counts.taken_apart, 100);
}

TEST(VerbsReaperTest, ADeviceThatHangsHoldsNeitherBuryNorSever) {
  Counts hung;
  hung.held = true;
  absl::StatusOr<std::shared_ptr<VerbsReaper>> reaper = VerbsReaper::Create({});
  ASSERT_TRUE(reaper.ok()) << reaper.status();
  for (int i = 0; i != 10; ++i) {
    auto link = std::make_unique<FakeRemains>(hung, false);
    (*reaper)->Sever(*link);
    (*reaper)->Bury(std::move(link));
  }
  EXPECT_EQ(hung.taken_apart, 0);
  hung.held = false;
  reaper->reset();
  EXPECT_EQ(hung.taken_apart, 10);
}

TEST(VerbsReaperTest, WhatAnOperatorShouldKnowIsReported) {
  Counts counts;
  std::vector<std::string> lines;
  absl::StatusOr<std::shared_ptr<VerbsReaper>> reaper =
      VerbsReaper::Create([&](std::string_view line) { lines.emplace_back(line); });
  ASSERT_TRUE(reaper.ok()) << reaper.status();
  (*reaper)->Bury(std::make_unique<FakeRemains>(counts, false));
  (*reaper)->Bury(std::make_unique<FakeRemains>(counts, false, "the device is gone"));
  reaper->reset();
  EXPECT_EQ(lines, std::vector<std::string>{"the device is gone"});
}

}  // namespace
}  // namespace ringway
