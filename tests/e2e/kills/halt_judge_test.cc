// Tests that the judge of halts finds what is wrong, and nothing else.
#include "tests/e2e/kills/halt_judge.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "gateway/core/step.h"
#include "gateway/journal/format.h"
#include "schema/codec.h"

namespace ringway::kills {
namespace {

constexpr uint32_t kSession = 1;
constexpr uint32_t kInstrument = 7;
constexpr uint64_t kOrderId = 1'000;

template <Message M>
std::vector<std::byte> Encoded(const M& message) {
  std::vector<std::byte> bytes(kMaxPayloadBytes<M>);
  bytes.resize(Encode(message, bytes.data()));
  return bytes;
}

class HaltJudgeTest : public testing::Test {
 protected:
  HaltJudgeTest() { Say(VenueState::kUp); }

  void Say(VenueState state, uint32_t instrument = 0) {
    VenueStatus status;
    status.state = state;
    status.instrument = instrument;
    const std::vector<std::byte> payload = Encoded(status);
    judge_.On({{Origin::kVenue, 1, FrameType::kVenueStatus, payload}, 0, {}});
  }
  // A request and the gateway's answer.
  template <Message Request, Message Answer>
  void Step(const Request& request, const Answer& answer) {
    const std::vector<std::byte> payload = Encoded(request);
    const std::vector<std::byte> said = Encoded(answer);
    const EffectHead head{Target::kSession, Answer::kType, static_cast<uint16_t>(said.size()),
                          kSession, 1};
    std::vector<std::byte> effects;
    const auto bytes = std::as_bytes(std::span(&head, 1));
    effects.insert(effects.end(), bytes.begin(), bytes.end());
    effects.insert(effects.end(), said.begin(), said.end());
    effects.resize((effects.size() + 7) / 8 * 8);
    judge_.On({{Origin::kSession, kSession, Request::kType, payload}, 0, effects});
  }
  void Accept() {
    Step(NewOrder{.cl_ord_id = 1, .instrument = kInstrument},
         OrderAck{.cl_ord_id = 1, .order_id = kOrderId, .venue = 1});
  }
  void AcceptReplace() {
    Step(Replace{.cl_ord_id = 2, .orig_cl_ord_id = 1},
         OrderAck{.cl_ord_id = 2, .order_id = kOrderId, .venue = 1});
  }
  void Refuse() {
    Step(NewOrder{.cl_ord_id = 1, .instrument = kInstrument},
         OrderReject{.cl_ord_id = 1, .reason = RejectReason::kVenueUnavailable, .venue = 1});
  }
  size_t found() const { return judge_.findings().size(); }

  HaltJudge judge_;
};

TEST_F(HaltJudgeTest, OrdersAreForVenuesThatAreUp) {
  Accept();
  AcceptReplace();
  EXPECT_EQ(found(), 0u);
  Refuse();
  EXPECT_EQ(found(), 1u);
  Say(VenueState::kDown);
  Refuse();
  EXPECT_EQ(found(), 1u);
  EXPECT_EQ(judge_.refusals(), 0u) << "not for a halt";
  Accept();
  EXPECT_EQ(found(), 2u);
}

TEST_F(HaltJudgeTest, NothingIsAcceptedWhileItIsHalted) {
  Accept();
  for (const uint32_t halted : {0u, kInstrument}) {
    const size_t before = found();
    Say(VenueState::kHalted, halted);
    Refuse();
    EXPECT_EQ(found(), before);
    AcceptReplace();
    EXPECT_EQ(found(), before + 1);
    Accept();
    EXPECT_EQ(found(), before + 2);
    Say(VenueState::kUp, halted);
    Accept();
    AcceptReplace();
    EXPECT_EQ(found(), before + 2);
  }
  EXPECT_EQ(judge_.halts(), 2u);
  EXPECT_EQ(judge_.refusals(), 2u);
}

TEST_F(HaltJudgeTest, AHaltIsOfItsInstrumentAndEndsWithTheLink) {
  Say(VenueState::kHalted, kInstrument + 1);
  Accept();
  EXPECT_EQ(found(), 0u);
  Say(VenueState::kHalted, kInstrument);
  Say(VenueState::kDown);
  Say(VenueState::kBookLost);
  Say(VenueState::kUp);
  Accept();
  EXPECT_EQ(found(), 0u);
  EXPECT_EQ(judge_.books_lost(), 1u);
  Refuse();
  EXPECT_EQ(found(), 1u);
}

TEST_F(HaltJudgeTest, ForANewProcessNobodyIsUp) {
  judge_.OnStart();
  Refuse();
  EXPECT_EQ(found(), 0u);
  Accept();
  EXPECT_EQ(found(), 1u);
}

}  // namespace
}  // namespace ringway::kills
