// The conformance suite of links: the fixture, and how a backend joins. Every backend must pass it.
//
// A port joins by a row in ports.h. The three suites run on harnesses: port_harness.h makes one of
// a row, memory_harness.h has those of the links in this process.
//
//   struct Harness {
//     static std::string Missing();     // why this machine cannot run it, or empty
//     using Link = ...;
//     void Make(const LinkOptions&);    // two connected ends, in links[0] and links[1]
//     std::array<std::unique_ptr<Link>, 2> links;
//     int64_t now_ns;                   // the time given to Maintain()
//     void Advance(int64_t ns);         // now_ns moves on; what is in flight arrives
//     std::byte* RingInto(int end);     // the memory that `end` receives from, writable
//     StateLine* StateInto(int end);    // the line that `end` reads of its peer, writable
//     void Kill(int end);               // as if that end's process had ended, without a goodbye
//   };
//
// Virtual time: no test waits or measures.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "transport/frame.h"
#include "transport/link.h"
#include "transport/options.h"
#include "transport/ring_link.h"
#include "transport/state_line.h"

namespace ringway {

// One record as delivered.
struct Delivered {
  uint8_t type;
  std::vector<std::byte> payload;
};

// The content of the n-th message of a test: reveals any swap, loss or change.
inline uint8_t TypeOf(uint64_t n) { return static_cast<uint8_t>(n % kFirstReservedFrameType); }
inline std::byte ByteOf(uint64_t n, std::size_t at) {
  return static_cast<std::byte>((n * 0x9e3779b97f4a7c15u) >> (at % 8 * 8)) ^
         static_cast<std::byte>(at / 8);
}

template <class Harness>
class LinkConformance : public ::testing::Test {
 protected:
  using LinkType = typename Harness::Link;
  static constexpr bool kOrdered = LinkType::Port::kOrderedStores;
  static constexpr uint32_t kAll = UINT32_MAX;

  void SetUp() override {
    if (const std::string missing = Harness::Missing(); !missing.empty()) GTEST_SKIP() << missing;
  }

  // A small ring wraps often.
  static LinkOptions SmallRing() {
    LinkOptions options;
    options.ring_bytes = kRingBytesMin;
    options.payload_bytes_max = PayloadBytesMaxOf(kRingBytesMin);
    return options;
  }

  void Make(const LinkOptions& options) {
    options_ = options;
    harness_.Make(options);
    ASSERT_NE(harness_.links[0], nullptr);
    ASSERT_NE(harness_.links[1], nullptr);
  }

  LinkType& a() { return *harness_.links[0]; }
  LinkType& b() { return *harness_.links[1]; }
  LinkType& end(int i) { return *harness_.links[i]; }

  // Time passes, both ends' loops turn, and everything in flight arrives.
  void Settle() {
    for (int i = 0; i < 60; ++i) {
      harness_.Advance(kNsPerMs);
      a().Maintain(harness_.now_ns);
      b().Maintain(harness_.now_ns);
    }
  }

  // The state that Maintain() reaches for a link whose peer is gone, without virtual time passing:
  // some ports revoke the peer's access on another thread, in real time.
  LinkState StateOnceSevered(LinkType& link) {
    const int64_t deadline_ns = MonotonicNowNs() + 10 * kNsPerS;
    LinkState state = link.Maintain(harness_.now_ns);
    while (state == LinkState::kSuspect && MonotonicNowNs() < deadline_ns) {
      std::this_thread::yield();
      state = link.Maintain(harness_.now_ns);
    }
    return state;
  }

  // Sends message n; returns the result of TryClaim() or Commit().
  static SendStatus Send(LinkType& link, uint64_t n, uint32_t bytes,
                         Publish publish = Publish::kNow) {
    Claim claim = link.TryClaim(bytes);
    if (!claim) return claim.status;
    EXPECT_EQ(claim.payload().size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(claim.data) % 8, 0u);
    for (std::size_t at = 0; at < bytes; ++at) claim.payload()[at] = ByteOf(n, at);
    return link.Commit(TypeOf(n), publish);
  }

  static std::vector<Delivered> Receive(LinkType& link, uint32_t budget) {
    std::vector<Delivered> delivered;
    link.Poll(
        [&](const Record& record) {
          delivered.push_back({record.type, {record.payload.begin(), record.payload.end()}});
        },
        budget);
    return delivered;
  }

  static void ExpectIsMessage(const Delivered& delivered, uint64_t n, uint32_t bytes) {
    ASSERT_EQ(delivered.type, TypeOf(n)) << "message " << n;
    ASSERT_EQ(delivered.payload.size(), bytes) << "message " << n;
    for (std::size_t at = 0; at < bytes; ++at) {
      ASSERT_EQ(delivered.payload[at], ByteOf(n, at)) << "message " << n << ", byte " << at;
    }
  }

  // Sends and receives messages [first, first + count), waiting out back-pressure; their sizes come
  // from size_of(n).
  template <class SizeOf>
  void Exchange(LinkType& from, LinkType& to, uint64_t first, uint64_t count, SizeOf size_of) {
    uint64_t sent = first;
    uint64_t received = first;
    for (int idle = 0; received < first + count; ++idle) {
      ASSERT_LT(idle, 1000) << "stuck: sent " << sent << ", received " << received;
      while (sent < first + count) {
        const SendStatus status = Send(from, sent, size_of(sent));
        if (status == SendStatus::kBackPressured) break;
        ASSERT_EQ(status, SendStatus::kOk) << Name(status);
        ++sent;
      }
      harness_.Advance(kNsPerMs);
      for (const Delivered& delivered : Receive(to, kAll)) {
        ASSERT_LT(received, sent);
        ExpectIsMessage(delivered, received, size_of(received));
        ++received;
        idle = 0;
      }
      a().Maintain(harness_.now_ns);
      b().Maintain(harness_.now_ns);
    }
    EXPECT_TRUE(Receive(to, kAll).empty());
  }

  // Builds a frame as an attacker with full knowledge would: with CRC and both stamps.
  void Forge(int reader, uint64_t offset, const FrameHead& head,
             std::size_t bytes_of_tail_left_out = 0) {
    const uint64_t frame_bytes = FrameBytes(head.len);
    std::byte* const frame = harness_.RingInto(reader) + offset;
    std::memset(frame, 0x5a, frame_bytes);
    const uint64_t word = PackHead(head);
    std::memcpy(frame, &word, sizeof(word));
    uint32_t crc = 0;
    if (end(reader).caps().crc) {
      crc = Crc32c(Seed(reader), {frame, frame_bytes - kFrameTailBytes});
    }
    const uint64_t tail = PackTail({crc, head.seq});
    std::memcpy(frame + frame_bytes - kFrameTailBytes, &tail,
                sizeof(tail) - bytes_of_tail_left_out);
  }
  // Rewrites the state line that `reader` reads, with a correct CRC if one is needed.
  template <class Change>
  void ForgeState(int reader, Change change) {
    StateLine line;
    std::memcpy(&line, harness_.StateInto(reader), sizeof(line));
    change(line);
    if (!kOrdered) line.crc = StateLineCrc(Seed(reader), line);
    std::memcpy(harness_.StateInto(reader), &line, sizeof(line));
  }
  uint32_t Seed(int reader) {
    return CrcSeedOf({end(reader).peer_key(), end(reader).epoch(), end(reader).nonces()});
  }

  Harness harness_;
  LinkOptions options_;
};

// One test suite per group of promises, each in its own header.
template <class H>
class LinkDelivery : public LinkConformance<H> {};
template <class H>
class LinkLife : public LinkConformance<H> {};
template <class H>
class LinkHostility : public LinkConformance<H> {};

TYPED_TEST_SUITE_P(LinkDelivery);
TYPED_TEST_SUITE_P(LinkLife);
TYPED_TEST_SUITE_P(LinkHostility);

}  // namespace ringway
