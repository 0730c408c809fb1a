// Conformance tests of delivery: every record arrives once, in order, whole, and no sooner than
// published.
#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"
#include "tests/alloc_count.h"
#include "tests/conformance/link_conformance.h"

namespace ringway {

TYPED_TEST_P(LinkDelivery, InOrderEachOnceBothWays) {
  this->Make(this->SmallRing());
  const auto size_of = [](uint64_t n) { return static_cast<uint32_t>(n * 37 % 300); };
  for (uint64_t first = 0; first < 2000; first += 250) {
    this->Exchange(this->a(), this->b(), first, 250, size_of);
    this->Exchange(this->b(), this->a(), first, 250, size_of);
  }
  EXPECT_EQ(this->a().counters().frames_sent, 2000u);
  EXPECT_EQ(this->a().counters().frames_received, 2000u);
  EXPECT_EQ(this->a().state(), LinkState::kLive);
}

TYPED_TEST_P(LinkDelivery, SequenceNumbersSkipZeroAtTheWrap) {
  LinkOptions options = this->SmallRing();
  options.first_seq = UINT32_MAX - 5;
  this->Make(options);
  this->Exchange(this->a(), this->b(), 0, 200, [](uint64_t) { return 48u; });
  this->Exchange(this->b(), this->a(), 0, 200, [](uint64_t) { return 48u; });
}

TYPED_TEST_P(LinkDelivery, PadFillsTheEndOfTheRing) {
  this->Make(this->SmallRing());
  // 5 granules do not divide the ring's 64: the last 4 of each lap are PAD.
  const uint32_t bytes = 5 * kGranuleBytes - kFrameOverheadBytes;
  this->Exchange(this->a(), this->b(), 0, 120, [&](uint64_t) { return bytes; });
  EXPECT_EQ(this->a().counters().pads_sent, 9u);
  EXPECT_EQ(this->b().counters().frames_received, 120u);
}

TYPED_TEST_P(LinkDelivery, UncommittedClaimIsInvisible) {
  this->Make(this->SmallRing());
  Claim dropped = this->a().TryClaim(48);
  ASSERT_TRUE(dropped);
  std::memset(dropped.data, 0xee, dropped.payload().size());
  this->Settle();
  EXPECT_TRUE(this->Receive(this->b(), this->kAll).empty());
  // A second claim drops the first; Abort() drops the second.
  ASSERT_TRUE(this->a().TryClaim(500));
  this->a().Abort();
  this->Settle();
  EXPECT_TRUE(this->Receive(this->b(), this->kAll).empty());
  this->Exchange(this->a(), this->b(), 0, 10, [](uint64_t) { return 48u; });
}

TYPED_TEST_P(LinkDelivery, FullRingSaysBackPressuredAndRecovers) {
  this->Make(this->SmallRing());
  uint64_t sent = 0;
  uint64_t received = 0;
  for (int lap = 0; lap < 20; ++lap) {
    SendStatus status;
    uint64_t before = sent;
    while ((status = this->Send(this->a(), sent, 48)) == SendStatus::kOk) {
      ++sent;
      ASSERT_LE(sent - received, kRingBytesMin / kGranuleBytes);
      if (sent % 8 == 0) this->Settle();  // completions free mirror and send slots
    }
    EXPECT_EQ(status, SendStatus::kBackPressured);
    EXPECT_GT(sent, before);
    this->Settle();
    for (const Delivered& delivered : this->Receive(this->b(), this->kAll)) {
      this->ExpectIsMessage(delivered, received++, 48);
    }
    EXPECT_EQ(received, sent);
    this->Settle();
  }
  EXPECT_EQ(this->a().counters().back_pressured, 20u);
}

TYPED_TEST_P(LinkDelivery, ZeroAndMaximumSize) {
  this->Make(this->SmallRing());
  const uint32_t most = this->a().caps().payload_bytes_max;
  this->Exchange(this->a(), this->b(), 0, 64, [&](uint64_t n) { return n % 2 == 0 ? 0 : most; });
  for (uint32_t bytes = 40; bytes <= 56; ++bytes) {
    this->Exchange(this->a(), this->b(), bytes, 1, [&](uint64_t) { return bytes; });
  }
}

TYPED_TEST_P(LinkDelivery, TooLargeIsRefused) {
  this->Make(this->SmallRing());
  const uint32_t most = this->a().caps().payload_bytes_max;
  EXPECT_EQ(this->Send(this->a(), 0, most + 1), SendStatus::kTooLarge);
  EXPECT_EQ(this->a().TryClaim(UINT32_MAX).status, SendStatus::kTooLarge);
  this->Exchange(this->a(), this->b(), 0, 3, [&](uint64_t) { return most; });
}

TYPED_TEST_P(LinkDelivery, PollKeepsToItsBudget) {
  this->Make(this->SmallRing());
  for (uint64_t n = 0; n < 20; ++n) ASSERT_EQ(this->Send(this->a(), n, 48), SendStatus::kOk);
  this->Settle();
  EXPECT_EQ(this->Receive(this->b(), 0).size(), 0u);
  EXPECT_EQ(this->Receive(this->b(), 1).size(), 1u);
  EXPECT_EQ(this->Receive(this->b(), 7).size(), 7u);
  EXPECT_EQ(this->Receive(this->b(), 100).size(), 12u);
}

// A full ring whose first records are refused: the same record is offered until it is taken, also
// when the peer has closed meanwhile, and those behind it come in order and once.
TYPED_TEST_P(LinkDelivery, ARefusedRecordIsOfferedAgainBeforeTheNext) {
  this->Make(this->SmallRing());
  uint64_t sent = 0;
  for (; this->Send(this->a(), sent, 8 + sent % 100) == SendStatus::kOk; ++sent) this->Settle();
  this->Settle();
  ASSERT_GT(sent, 8u);
  uint64_t offered = 0;
  uint64_t taken = 0;
  auto sink = [&](const Record& record) {
    this->ExpectIsMessage({record.type, {record.payload.begin(), record.payload.end()}}, taken,
                          8 + taken % 100);
    const bool take = ++offered % 3 == 0;
    taken += take;
    return take;
  };
  EXPECT_EQ(this->b().Poll(sink, 0), 0u);
  EXPECT_EQ(offered, 0u);
  EXPECT_EQ(this->b().Poll(sink, 5), 0u);
  EXPECT_EQ(this->b().Poll(sink, 5), 0u);
  EXPECT_EQ(this->b().Poll(sink, 1), 1u);
  this->a().Close();
  for (uint64_t turn = 0; turn != 3 * sent; ++turn) {
    this->b().Poll(sink, this->kAll);
    if (turn % 8 == 0) this->Settle();
  }
  EXPECT_EQ(taken, sent);
}

// The sign that is read again and again shows no sooner than there is something, and until it is
// taken.
TYPED_TEST_P(LinkDelivery, TheSignOfAnArrivalShowsWhatPollFinds) {
  this->Make(this->SmallRing());
  const ArrivalSign first = this->b().Arrival();
  EXPECT_FALSE(first.Shows());
  ASSERT_EQ(this->Send(this->a(), 0, 48, Publish::kGather), SendStatus::kOk);
  this->Settle();
  EXPECT_FALSE(first.Shows());
  ASSERT_EQ(this->Send(this->a(), 1, 48), SendStatus::kOk);
  this->Settle();
  EXPECT_TRUE(first.Shows());
  // Within the sink it is about the record behind the one in hand.
  std::vector<bool> more;
  auto sink = [&](const Record&) {
    const Record next = this->b().Peek();
    more.push_back(this->b().Arrival().Shows());
    if (more.size() == 3) return true;  // offered once more: there only Poll() tells
    EXPECT_EQ(next.payload.data() != nullptr, more.back());
    if (more.back()) {
      this->ExpectIsMessage({next.type, {next.payload.begin(), next.payload.end()}}, 1, 48);
    }
    return more.size() != 2;
  };
  EXPECT_EQ(this->b().Poll(sink, this->kAll), 1u);
  EXPECT_EQ(more, (std::vector<bool>{true, false}));
  EXPECT_TRUE(this->b().Arrival().Shows()) << "the second was refused";
  EXPECT_EQ(this->b().Poll(sink, this->kAll), 1u);
  const ArrivalSign last = this->b().Arrival();
  EXPECT_FALSE(last.Shows());
  // Around the ring: the same places, the same contents, later numbers.
  uint64_t n = 0;
  for (int i = 0; i != 200; ++i) {
    EXPECT_FALSE(this->b().Arrival().Shows());
    ASSERT_EQ(this->Send(this->a(), n++, 48), SendStatus::kOk);
    this->Settle();
    EXPECT_TRUE(this->b().Arrival().Shows());
    EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 1u);
  }
  const ArrivalSign end = this->b().Arrival();
  this->a().Close();
  this->Settle();
  EXPECT_TRUE(end.Shows()) << "the peer's last word is a record of the link's own";
}

TYPED_TEST_P(LinkDelivery, NothingFollowsACloseFromInsideTheSink) {
  for (const bool take : {true, false}) {
    this->Make(this->SmallRing());
    for (uint64_t n = 0; n < 6; ++n) ASSERT_EQ(this->Send(this->a(), n, 48), SendStatus::kOk);
    this->Settle();
    uint64_t offered = 0;
    auto sink = [&](const Record&) {
      ++offered;
      this->b().Close();
      return take;
    };
    this->b().Poll(sink, this->kAll);
    EXPECT_EQ(this->b().Poll(sink, this->kAll), 0u);
    EXPECT_EQ(offered, 1u);
  }
}

TYPED_TEST_P(LinkDelivery, GatheredRecordsAppearTogether) {
  this->Make({});
  uint64_t n = 0;
  const auto gather = [&](uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      ASSERT_EQ(this->Send(this->a(), n++, 48, Publish::kGather), SendStatus::kOk);
    }
    this->Settle();
  };
  gather(10);
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 0u);
  EXPECT_EQ(this->a().Flush(), SendStatus::kOk);
  this->Settle();
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 10u);
  // The next kNow publishes what was gathered before it.
  gather(5);
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 0u);
  ASSERT_EQ(this->Send(this->a(), n++, 48), SendStatus::kOk);
  this->Settle();
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 6u);
  // A batch of the largest size is published too.
  gather(this->a().caps().gather_frames_max - 1);
  EXPECT_EQ(this->Receive(this->b(), this->kAll).size(), 0u);
  gather(1);
  const std::vector<Delivered> last = this->Receive(this->b(), this->kAll);
  ASSERT_EQ(last.size(), this->a().caps().gather_frames_max);
  for (std::size_t i = 0; i < last.size(); ++i) this->ExpectIsMessage(last[i], 16 + i, 48);
}

TYPED_TEST_P(LinkDelivery, GatheringAcrossTheEndOfTheRing) {
  this->Make(this->SmallRing());
  uint64_t sent = 0;
  uint64_t received = 0;
  for (int round = 0; round < 400; ++round) {
    const uint32_t bytes = static_cast<uint32_t>(round * 29 % 250);
    if (this->Send(this->a(), sent * 1000 + bytes, bytes, Publish::kGather) == SendStatus::kOk)
      ++sent;
    if (round % 5 == 4) this->a().Flush();
    this->Settle();
    for (const Delivered& delivered : this->Receive(this->b(), this->kAll)) {
      this->ExpectIsMessage(delivered, received * 1000 + delivered.payload.size(),
                            static_cast<uint32_t>(delivered.payload.size()));
      ++received;
    }
  }
  EXPECT_EQ(received, sent);
  EXPECT_EQ(sent, 400u);
}

TYPED_TEST_P(LinkDelivery, NothingIsAllocatedAfterTheStart) {
  this->Make(this->SmallRing());
  this->Settle();
  uint64_t delivered = 0;
  const uint64_t before = AllocationCount();
  for (uint64_t n = 0; n < 500; ++n) {
    const Publish publish = n % 3 == 0 ? Publish::kGather : Publish::kNow;
    this->Send(this->a(), n, static_cast<uint32_t>(n % 200), publish);
    this->harness_.Advance(kNsPerMs);
    this->b().Poll([&](const Record& record) { delivered += record.payload.size(); }, 8);
    this->a().Maintain(this->harness_.now_ns);
    this->b().Maintain(this->harness_.now_ns);
  }
  this->a().ArmWake();
  this->a().DisarmWake();
  this->a().Close();
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_GT(delivered, 0u);
}

TYPED_TEST_P(LinkDelivery, CountersKeepToTheBudget) {
  LinkOptions options;
  options.heartbeat_interval_ns = kNsPerS;  // few in the virtual time of this test
  this->Make(options);
  this->Settle();
  const LinkCounters a0 = this->a().counters();
  const LinkCounters b0 = this->b().counters();
  const int64_t start_ns = this->harness_.now_ns;
  constexpr uint64_t kMessages = 8192;
  for (uint64_t n = 0; n < kMessages; n += 16) {
    for (uint64_t i = n; i < n + 16; ++i) ASSERT_EQ(this->Send(this->a(), i, 48), SendStatus::kOk);
    for (int i = 0; i < 100 && this->b().counters().frames_received < n + 16; ++i) {
      this->harness_.Advance(100 * kNsPerUs);
      this->b().Poll([](const Record&) {}, this->kAll);
      this->a().Flush();
    }
  }
  this->Settle();
  this->b().Poll([](const Record&) {}, this->kAll);
  const LinkCounters& a1 = this->a().counters();
  const LinkCounters& b1 = this->b().counters();
  EXPECT_EQ(b1.frames_received - b0.frames_received, kMessages);
  EXPECT_EQ(a1.frames_sent - a0.frames_sent, kMessages);
  const int64_t passed_ns = this->harness_.now_ns - start_ns;
  const uint64_t heartbeats =
      passed_ns < options.heartbeat_interval_ns ? 0 : passed_ns / options.heartbeat_interval_ns + 1;
  // At most one state line per 1,024 granules and one per heartbeat.
  EXPECT_LE(b1.state_lines_sent - b0.state_lines_sent, kMessages / 1024 + heartbeats);
  EXPECT_GE(b1.state_lines_sent - b0.state_lines_sent, kMessages / 1024 - 1);
  EXPECT_LE(a1.state_lines_sent - a0.state_lines_sent, heartbeats);
  // A message is one granule and one write (fewer when a busy queue gathers), one completion in 16.
  EXPECT_LE(a1.bytes_posted - a0.bytes_posted, (kMessages + heartbeats) * kGranuleBytes);
  EXPECT_LE(a1.writes_posted - a0.writes_posted, kMessages + heartbeats);
  EXPECT_LE(a1.completions - a0.completions, kMessages / 16 + 1);
}

TYPED_TEST_P(LinkDelivery, RandomUseKeepsEveryPromise) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    LinkOptions options = this->SmallRing();
    options.ring_bytes <<= random.Below(3);
    options.crc = random.Chance(0.5);
    options.first_seq =
        random.Chance(0.5) ? 1 : UINT32_MAX - static_cast<uint32_t>(random.Below(200));
    this->Make(options);
    struct Sent {
      uint64_t n;
      uint32_t bytes;
    };
    std::array<std::deque<Sent>, 2> on_the_way;
    uint64_t n = 0;
    for (int step = 0; step < 3000; ++step) {
      const int from = static_cast<int>(random.Below(2));
      switch (random.Below(6)) {
        case 0:
        case 1:
        case 2: {
          const uint32_t bytes = static_cast<uint32_t>(
              random.Below(random.Chance(0.1) ? options.payload_bytes_max + 1 : 120));
          const Publish publish = random.Chance(0.5) ? Publish::kNow : Publish::kGather;
          const SendStatus status = this->Send(this->end(from), n, bytes, publish);
          if (status == SendStatus::kOk) on_the_way[from].push_back({n, bytes});
          ASSERT_TRUE(status == SendStatus::kOk || status == SendStatus::kBackPressured)
              << Name(status);
          ++n;
          break;
        }
        case 3:
          this->end(from).Flush();
          break;
        case 4:
          this->harness_.Advance(random.Between(0, kNsPerMs));
          this->end(from).Maintain(this->harness_.now_ns);
          break;
        default:
          for (const Delivered& delivered :
               this->Receive(this->end(from), static_cast<uint32_t>(random.Below(40)))) {
            ASSERT_FALSE(on_the_way[1 - from].empty());
            const Sent expected = on_the_way[1 - from].front();
            on_the_way[1 - from].pop_front();
            this->ExpectIsMessage(delivered, expected.n, expected.bytes);
          }
      }
    }
    for (int from = 0; from < 2; ++from) {
      for (int round = 0; round < 20 && !on_the_way[from].empty(); ++round) {
        this->end(from).Flush();
        this->Settle();
        for (const Delivered& delivered : this->Receive(this->end(1 - from), this->kAll)) {
          ASSERT_FALSE(on_the_way[from].empty());
          this->ExpectIsMessage(delivered, on_the_way[from].front().n,
                                on_the_way[from].front().bytes);
          on_the_way[from].pop_front();
        }
      }
      EXPECT_TRUE(on_the_way[from].empty()) << on_the_way[from].size() << " never arrived";
      EXPECT_EQ(this->end(from).state(), LinkState::kLive);
    }
  }
}

// I2: whatever older payloads and dropped claims left in the ring, only frames pass for frames.
TYPED_TEST_P(LinkDelivery, PayloadsNeverPassForFrames) {
  this->Make(this->SmallRing());
  Random random(1);
  constexpr uint8_t kForged = 200;
  // Fills the payload with whole frames, each at the start of a granule and with a future seq.
  const auto fill = [&](const Claim& claim, uint32_t seq) {
    uint32_t guess = 0;
    for (std::size_t at = 0; at + 8 <= claim.bytes; at += 8) {
      const bool is_head = (at + kFrameHeadBytes) % kGranuleBytes == 0;
      if (is_head) guess = seq + static_cast<uint32_t>(random.Between(1, 20));
      const uint64_t word = is_head ? PackHead({guess, 0, kForged, 0}) : PackTail({0, guess});
      std::memcpy(claim.data + at, &word, sizeof(word));
    }
  };
  uint32_t sent = 0;
  for (int turn = 0; turn < 5000; ++turn) {
    const Claim claim = this->a().TryClaim(static_cast<uint32_t>(random.Below(600)));
    if (claim) {
      fill(claim, sent + 1);
      if (random.Chance(0.3)) {
        this->a().Abort();
      } else {
        ASSERT_EQ(this->a().Commit(1, Publish::kNow), SendStatus::kOk);
        ++sent;
      }
    }
    this->harness_.Advance(kNsPerMs);
    this->a().Maintain(this->harness_.now_ns);
    this->b().Maintain(this->harness_.now_ns);
    for (const Delivered& delivered : this->Receive(this->b(), this->kAll)) {
      ASSERT_EQ(delivered.type, 1) << "after " << sent << " frames";
    }
  }
  this->Settle();
  this->Receive(this->b(), this->kAll);
  EXPECT_GT(sent, 1000u);
  EXPECT_EQ(this->b().counters().frames_received, sent);
  EXPECT_EQ(this->b().state(), LinkState::kLive);
}

REGISTER_TYPED_TEST_SUITE_P(LinkDelivery, InOrderEachOnceBothWays, SequenceNumbersSkipZeroAtTheWrap,
                            PadFillsTheEndOfTheRing, UncommittedClaimIsInvisible,
                            FullRingSaysBackPressuredAndRecovers, ZeroAndMaximumSize,
                            TooLargeIsRefused, PollKeepsToItsBudget,
                            ARefusedRecordIsOfferedAgainBeforeTheNext,
                            TheSignOfAnArrivalShowsWhatPollFinds,
                            NothingFollowsACloseFromInsideTheSink, GatheredRecordsAppearTogether,
                            GatheringAcrossTheEndOfTheRing, NothingIsAllocatedAfterTheStart,
                            CountersKeepToTheBudget, RandomUseKeepsEveryPromise,
                            PayloadsNeverPassForFrames);

}  // namespace ringway
