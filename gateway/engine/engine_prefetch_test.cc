// Tests that looking ahead at an input changes nothing, whatever the input says.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EnginePrefetchTest : public EngineTest {
 public:
  EnginePrefetchTest() {
    requests_ = {Live(Buy(1)), Accepted(Sell(2)),
                 Accepted(Limit(3, Side::kBuy, 100, 9'900, 200, 8), 2)};
    before_ = Saved();
    hash_ = engine().StateHash();
  }

  void LookAhead(Origin origin, uint32_t id, FrameType type, std::span<const std::byte> payload) {
    engine().Prefetch({origin, id, type, payload});
  }
  // Of a message as it is, and cut to every length.
  template <class M>
  void LookAhead(Origin origin, uint32_t id, const M& message) {
    std::array<std::byte, kMaxPayloadBytes<M>> payload;
    const uint32_t bytes = Encode(message, payload.data());
    for (uint32_t cut = 0; cut <= bytes; ++cut) {
      LookAhead(origin, id, M::kType, std::span(payload).first(cut));
    }
  }
  std::vector<uint64_t> requests_;  // the venue's identifiers of the open orders

  void ExpectThatNothingChanged() {
    EXPECT_EQ(engine().StateHash(), hash_);
    EXPECT_EQ(Saved(), before_);
    EXPECT_EQ(engine().FindExposureError(), "");
  }

 private:
  std::vector<std::byte> before_;
  uint64_t hash_ = 0;
};

TEST_F(EnginePrefetchTest, MessagesChangeNothing) {
  for (const uint32_t id : {0u, 1u, 2u, 3u, 65'536u, UINT32_MAX}) {
    LookAhead(Origin::kSession, id, Buy(7));
    LookAhead(Origin::kSession, id, Buy(1));
    for (const uint64_t orig : {1, 2, 3, 9}) {
      LookAhead(Origin::kSession, id, Cancel{.cl_ord_id = 8, .orig_cl_ord_id = orig});
      LookAhead(Origin::kSession, id, Replace{.cl_ord_id = 8, .orig_cl_ord_id = orig});
    }
    for (const uint64_t request : requests_) {
      LookAhead(Origin::kVenue, id, ExecutionReport{.cl_ord_id = request, .exec_id = 5});
      LookAhead(Origin::kVenue, id, CancelReject{.cl_ord_id = request});
    }
  }
  ExpectThatNothingChanged();
}

// A price that no instrument has must not be computed with; the sanitizers' builds notice.
TEST_F(EnginePrefetchTest, ExtremeFieldsAreHarmless) {
  for (const int64_t price : {INT64_MIN, int64_t{-1}, int64_t{0}, int64_t{1}, INT64_MAX}) {
    for (const uint32_t number : {0u, 7u, 100u, UINT32_MAX}) {
      NewOrder order = Buy(UINT64_MAX);
      order.price = price;
      order.instrument = number;
      LookAhead(Origin::kSession, 1, order);
      order = Buy(7);
      order.price = price;
      order.account = number;
      order.side = Side{255};
      LookAhead(Origin::kSession, 1, order);
      ExecutionReport report;
      report.cl_ord_id = UINT64_MAX - number;
      report.exec_id = UINT64_MAX;
      report.transact_time = UINT64_MAX - number;
      LookAhead(Origin::kVenue, 1, report);
    }
  }
  ExpectThatNothingChanged();
}

TEST_F(EnginePrefetchTest, GarbageOfEveryLengthChangesNothing) {
  Random random(11);
  for (uint32_t length = 0; length <= 600; ++length) {
    // Exactly as long as it says, for the sanitizers.
    std::vector<std::byte> garbage(length);
    for (std::byte& byte : garbage) {
      byte = random.Chance(0.5) ? std::byte{} : static_cast<std::byte>(random.Below(256));
    }
    for (uint32_t origin = 0; origin < 16; ++origin) {
      for (uint32_t type = 0; type < 96; ++type) {
        LookAhead(Origin{static_cast<uint8_t>(origin)}, static_cast<uint32_t>(random.Below(4)),
                  FrameType{static_cast<uint8_t>(type)}, garbage);
      }
    }
  }
  ExpectThatNothingChanged();
}

}  // namespace
}  // namespace ringway
