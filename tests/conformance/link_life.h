// Conformance tests of a link's end: a peer's end is noticed, what it had committed is delivered
// first, and its successor can take over.
#pragma once

#include <gtest/gtest.h>

#include <thread>

#include "tests/conformance/link_conformance.h"

namespace ringway {

TYPED_TEST_P(LinkLife, CommittedRecordsAreDeliveredBeforeDeathIsReported) {
  this->Make({});
  this->Settle();
  for (uint64_t n = 0; n < 10; ++n) ASSERT_EQ(this->Send(this->a(), n, 48), SendStatus::kOk);
  this->Settle();
  this->harness_.Kill(0);
  this->harness_.Advance(this->options_.peer_check_interval_ns);
  EXPECT_EQ(this->b().Maintain(this->harness_.now_ns), LinkState::kSuspect);
  EXPECT_EQ(this->b().TryClaim(8).status, SendStatus::kClosed);
  EXPECT_EQ(this->Receive(this->b(), 4).size(), 4u);
  EXPECT_EQ(this->b().Maintain(this->harness_.now_ns), LinkState::kSuspect);
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 6u);
  EXPECT_EQ(this->StateOnceSevered(this->b()), LinkState::kClosed);
  EXPECT_EQ(this->b().close_reason(), CloseReason::kPeerDead);
  EXPECT_EQ(this->b().Poll([](const Record&) {}, 1), 0u);
}

TYPED_TEST_P(LinkLife, SilenceIsSuspectThenDeath) {
  LinkOptions options;
  options.heartbeat_interval_ns = 10 * kNsPerMs;
  options.dead_after_ns = 200 * kNsPerMs;
  this->Make(options);
  this->Settle();
  const auto pass_silently = [&](int64_t ns) {
    for (int64_t passed = 0; passed < ns; passed += kNsPerMs) {
      this->harness_.Advance(kNsPerMs);
      this->b().Maintain(this->harness_.now_ns);
    }
  };
  pass_silently(45 * kNsPerMs);
  EXPECT_EQ(this->b().state(), LinkState::kSuspect);
  this->Settle();  // the peer's loop turns again
  EXPECT_EQ(this->b().state(), LinkState::kLive);
  pass_silently(240 * kNsPerMs);
  EXPECT_EQ(this->StateOnceSevered(this->b()), LinkState::kClosed);
  EXPECT_EQ(this->b().close_reason(), CloseReason::kPeerDead);
}

TYPED_TEST_P(LinkLife, OwnAbsenceIsNotThePeersSilence) {
  this->Make({});
  this->Settle();
  // This process was stopped for a minute; the peer's was not.
  this->harness_.Advance(60 * kNsPerS);
  EXPECT_EQ(this->b().Maintain(this->harness_.now_ns), LinkState::kLive);
  this->Settle();
  EXPECT_EQ(this->b().state(), LinkState::kLive);
}

TYPED_TEST_P(LinkLife, CloseCodeArrivesBehindAllRecordsOfAFullRing) {
  this->Make(this->SmallRing());
  this->Settle();
  uint64_t sent = 0;
  while (this->Send(this->a(), sent, 48) == SendStatus::kOk) ++sent;
  ASSERT_GT(sent, 0u);
  this->a().Close(3);
  this->Settle();
  EXPECT_EQ(this->b().peer_close_code(), 0u);
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), sent);
  this->Settle();
  EXPECT_EQ(this->b().close_reason(), CloseReason::kPeerClosed);
  EXPECT_EQ(this->b().peer_close_code(), 3u);
}

TYPED_TEST_P(LinkLife, OrderlyCloseDeliversEverything) {
  this->Make(this->SmallRing());
  uint64_t sent = 0;
  // Fills the ring: room for the closing frame is reserved.
  while (this->Send(this->a(), sent, 48) == SendStatus::kOk) {
    if (++sent % 8 == 0) this->Settle();
  }
  this->a().Close();
  EXPECT_EQ(this->a().state(), LinkState::kClosed);
  EXPECT_EQ(this->a().close_reason(), CloseReason::kLocal);
  EXPECT_EQ(this->a().TryClaim(8).status, SendStatus::kClosed);
  EXPECT_EQ(this->a().Flush(), SendStatus::kClosed);
  for (int i = 0; i < 20; ++i) this->harness_.Advance(kNsPerMs);
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), sent);
  EXPECT_EQ(this->b().state(), LinkState::kClosed);
  EXPECT_EQ(this->b().close_reason(), CloseReason::kPeerClosed);
}

TYPED_TEST_P(LinkLife, ClosePublishesWhatWasGathered) {
  this->Make({});
  for (uint64_t n = 0; n < 3; ++n) this->Send(this->a(), n, 48, Publish::kGather);
  this->a().Close();
  for (int i = 0; i < 20; ++i) this->harness_.Advance(kNsPerMs);
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 3u);
  EXPECT_EQ(this->b().close_reason(), CloseReason::kPeerClosed);
}

TYPED_TEST_P(LinkLife, CommitAfterTheEndSaysSo) {
  this->Make({});
  this->Settle();
  ASSERT_TRUE(this->a().TryClaim(48));
  this->b().Close();
  for (int i = 0; i < 20; ++i) this->harness_.Advance(kNsPerMs);
  this->Receive(this->a(), this->kAll);
  EXPECT_EQ(this->a().close_reason(), CloseReason::kPeerClosed);
  EXPECT_EQ(this->a().Commit(1, Publish::kNow), SendStatus::kClosed);
}

TYPED_TEST_P(LinkLife, SeveredLinkStillHandsUpWhatCame) {
  this->Make({});
  this->Settle();
  for (uint64_t n = 0; n < 10; ++n) ASSERT_EQ(this->Send(this->a(), n, 48), SendStatus::kOk);
  this->Settle();
  while (!this->b().Sever()) std::this_thread::yield();  // some ports take real time
  EXPECT_EQ(this->b().TryClaim(8).status, SendStatus::kClosed);
  const std::vector<Delivered> delivered = this->Receive(this->b(), this->kAll);
  ASSERT_EQ(delivered.size(), 10u);
  for (uint64_t n = 0; n < 10; ++n) this->ExpectIsMessage(delivered[n], n, 48);
  EXPECT_EQ(this->b().Maintain(this->harness_.now_ns), LinkState::kClosed);
  EXPECT_EQ(this->b().close_reason(), CloseReason::kSupersededEpoch);
}

TYPED_TEST_P(LinkLife, ASleeperIsWokenOncePerSleep) {
  this->Make({});
  this->Settle();
  uint64_t n = 0;
  for (uint64_t sleep = 1; sleep <= 3; ++sleep) {
    this->b().ArmWake();
    this->Settle();  // the peer learns of it
    const uint64_t lines = this->b().counters().state_lines_sent;
    // Another sleep may follow one that nobody ended; only ordered ports make a new request.
    this->b().DisarmWake();
    this->b().ArmWake();
    if (!this->kOrdered) {
      EXPECT_EQ(this->b().counters().state_lines_sent, lines);
    }
    for (int i = 0; i < 3; ++i) ASSERT_EQ(this->Send(this->a(), n++, 48), SendStatus::kOk);
    EXPECT_EQ(this->a().counters().wakes_sent, sleep);
    this->Settle();
    this->b().DisarmWake();
    EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 3u);
  }
}

TYPED_TEST_P(LinkLife, CreditWakesASleepingSender) {
  this->Make(this->SmallRing());
  this->Settle();
  uint64_t sent = 0;
  while (this->Send(this->a(), sent, 48) == SendStatus::kOk) {
    if (++sent % 8 == 0) this->Settle();
  }
  this->a().ArmWake();
  this->Settle();
  EXPECT_EQ(this->b().counters().wakes_sent, 0u);
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), sent);
  EXPECT_EQ(this->b().counters().wakes_sent, 1u);
  this->Settle();
  this->a().DisarmWake();
  EXPECT_EQ(this->Send(this->a(), sent, 48), SendStatus::kOk);
}

REGISTER_TYPED_TEST_SUITE_P(LinkLife, CommittedRecordsAreDeliveredBeforeDeathIsReported,
                            SilenceIsSuspectThenDeath, OwnAbsenceIsNotThePeersSilence,
                            CloseCodeArrivesBehindAllRecordsOfAFullRing,
                            OrderlyCloseDeliversEverything, ClosePublishesWhatWasGathered,
                            CommitAfterTheEndSaysSo, SeveredLinkStillHandsUpWhatCame,
                            ASleeperIsWokenOncePerSleep, CreditWakesASleepingSender);

}  // namespace ringway
