// Fuzz target: no bytes make Load() misbehave, or give an engine that misbehaves later.
//
// Input: groups of four bytes, each an edit of a true saved state: where (two bytes, a multiple of
// a quarter word), what (one byte), and how (one: set, add, flip or cut). The checksum is corrected
// afterwards, so that the edit is tested and not the checksum. Then the input itself is loaded as
// it is. Invariant: the state is refused, or exposure adds up and the engine continues through
// timers, a start, orders, cancels, and reports about whatever is open.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/crc32c.h"
#include "gateway/engine/engine.h"
#include "gateway/engine/engine_fixture.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

class Driver {
 public:
  explicit Driver(Engine& engine) : engine_(engine), now_ns_(std::max(kStartNs, engine.now_ns())) {}

  template <class M>
  void Step(Origin origin, uint32_t id, const M& message) {
    std::array<std::byte, 8 + 13 * 8> payload;
    StepBytes(origin, id, M::kType, {payload.data(), Encode(message, payload.data())});
  }
  void StepBytes(Origin origin, uint32_t id, FrameType type, std::span<const std::byte> payload) {
    effects_.Clear();
    engine_.Step(++now_ns_, {origin, id, type, payload}, effects_);
  }
  void Finish() {
    for (uint32_t steps = 0; engine_.HasWork(); ++steps) {
      RINGWAY_CHECK(steps < 10'000, "work never ends");
      StepBytes(Origin::kTimer, 0, FrameType{}, {});
    }
  }
  void VenuesUp() {
    for (const VenueId venue : {1, 2}) {
      Step(Origin::kVenue, venue, VenueStatus{.state = VenueState::kUp});
    }
  }
  void Order(uint64_t cl_ord_id, SessionId session, Side side, int64_t cents) {
    Step(Origin::kSession, session, EngineTest::Limit(cl_ord_id, side, 10, cents));
  }
  void Report(VenueId venue, uint64_t id, ExecType type, uint64_t quantity) {
    Step(Origin::kVenue, venue,
         ExecutionReport{.cl_ord_id = id,
                         .exec_id = ++exec_id_,
                         .exec_type = type,
                         .last_qty = quantity,
                         .last_price = quantity != 0 ? 10'000 * kCent : 0});
  }

 private:
  Engine& engine_;
  Effects effects_;
  int64_t now_ns_;
  uint64_t exec_id_ = 1'000;
};

EngineConfig Config() {
  EngineConfig config = SmallFirm();
  config.pools = {.orders_max = 24, .positions_max = 8, .executions_remembered = 8};
  config.sessions[0].limits.messages_per_second = 1'000;
  config.sessions[0].limits.duplicate_orders_max = 100;
  config.desks = {{.id = 1, .name = "desk", .limits = {.position_max = 1'000}}};
  config.accounts[0].desk = 1;
  config.instruments[0].reference_jump_bps = 100;
  config.warn_at_percent = 1;
  config.accounts[0].limits.daily_bought_max = 1'000'000;
  config.firm = {
      .position_max = 10'000, .gross_notional_max = 100'000'000, .daily_loss_max = 100'000};
  config.firm.daily_turnover_max = 1'000'000;
  config.sessions[0].limits.position_max = 1'000;
  config.sessions[0].limits.daily_turnover_max = 1'000'000;
  config.sessions[0].limits.executions_max = 2;
  config.sessions[1].limits.order_to_trade_max = 50;
  config.sessions[1].limits.gross_notional_max = 100'000'000;
  config.sessions[0].cancel_on_disconnect = CancelOnDisconnect::kLinkLoss;
  return config;
}

// A little of everything: open, closed, replaced, in doubt, retired, killed, away.
std::vector<std::byte> TrueState() {
  Engine engine(Config());
  Driver driver(engine);
  driver.VenuesUp();
  for (const SessionId session : {1u, 2u}) {
    driver.Step(Origin::kSessionUp, session, Logon{.session = session, .next_seq_in = 1});
    for (uint64_t id = 1; id <= 8; ++id) {
      driver.Order(id, session, id % 2 == 0 ? Side::kBuy : Side::kSell,
                   id % 2 == 0 ? 9'000 + static_cast<int64_t>(id * id * id * 3) : 10'900);
    }
    std::vector<uint64_t> ids;
    engine.ForEachOpenOrder(session,
                            [&ids](const OrderView& o) { ids.push_back(o.venue_request_id); });
    for (size_t at = 0; at < ids.size() && at < 5; ++at) {
      driver.Report(1, ids[at], ExecType::kNew, 0);
      if (at < 2) driver.Report(1, ids[at], ExecType::kFill, at == 0 ? 10 : 3);
    }
    driver.Step(Origin::kSession, session,
                Replace{.cl_ord_id = 21, .orig_cl_ord_id = 4, .price = 9'010 * kCent, .qty = 20});
    driver.Step(Origin::kSession, session, Cancel{.cl_ord_id = 22, .orig_cl_ord_id = 5});
  }
  driver.Step(Origin::kAdmin, 1, RiskState{.id = 2, .scope = KillScope::kVenue, .killed = 1});
  driver.Step(Origin::kAdmin, 1,
              RiskState{.id = 8, .scope = KillScope::kInstrument, .killed = 1, .cancel = 1});
  driver.Step(Origin::kAdmin, 1,
              PositionAdjustment{.quantity = -5, .instrument = 8, .account = 200, .sets = 1});
  driver.Step(Origin::kVenue, 1, ReferencePrice{.price = 20'000 * kCent, .instrument = 7});
  driver.Step(Origin::kSessionDown, 1, Logout{});
  driver.Step(Origin::kVenue, 2, VenueStatus{.state = VenueState::kHalted, .instrument = 8});
  driver.Step(Origin::kVenue, 1, VenueStatus{.state = VenueState::kDown});
  driver.Step(Origin::kTradingDay, 1, TradingDay{.transact_time = 1, .day = 1});
  driver.Step(Origin::kTradingDay, 1, TradingDay{.transact_time = 2, .day = 2});
  std::vector<std::byte> bytes;
  engine.Save([&bytes](std::span<const std::byte> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  });
  return bytes;
}

void Try(std::span<const std::byte> bytes) {
  Engine engine(Config());
  if (!engine.Load(bytes).ok()) return;
  RINGWAY_CHECK(engine.FindExposureError().empty(), "exposure does not add up");
  Driver driver(engine);
  driver.Finish();
  if (engine.CanStart(engine.start() + 1)) {
    driver.StepBytes(Origin::kStart, engine.start() + 1, FrameType{}, {});
  }
  driver.VenuesUp();
  for (const uint32_t day : {3u, 4u}) {
    driver.Step(Origin::kTradingDay, 1, TradingDay{.transact_time = day, .day = day});
    driver.Finish();
  }
  driver.Step(Origin::kSessionUp, 1, Logon{.session = 1, .next_seq_in = 0});
  driver.Finish();
  for (uint64_t id = 100; id < 110; ++id) {
    driver.Order(id, 1 + id % 2, id % 3 == 0 ? Side::kBuy : Side::kSell, 10'000);
  }
  for (const SessionId session : {1u, 2u}) {
    std::vector<OrderView> open;
    engine.ForEachOpenOrder(session, [&open](const OrderView& order) { open.push_back(order); });
    for (const OrderView& order : open) {
      const uint64_t id = order.venue_request_id;
      driver.Step(
          Origin::kSession, session,
          Cancel{.cl_ord_id = 1'000 + order.cl_ord_id % 1'000, .orig_cl_ord_id = order.cl_ord_id});
      driver.Report(order.venue, id, ExecType::kPartialFill, 1);
      driver.Report(order.venue, id, id % 2 == 0 ? ExecType::kCanceled : ExecType::kExpired, 0);
    }
  }
  for (uint64_t id = 200; id < 240; ++id) driver.Order(id, 1, Side::kBuy, 9'000);
  driver.Finish();
  RINGWAY_CHECK(engine.FindExposureError().empty(), "exposure does not add up afterwards");
}

}  // namespace
}  // namespace ringway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::byte> truth = ringway::TrueState();
  std::vector<std::byte> bytes(truth.begin(), truth.end() - ringway::kArchiveTrailerBytes);
  for (size_t at = 0; at + 4 <= size && at < 64 && !bytes.empty(); at += 4) {
    const size_t place = (size_t{data[at]} | size_t{data[at + 1]} << 8) * 2 % bytes.size();
    std::byte& byte = bytes[place];
    const std::byte what{data[at + 2]};
    switch (data[at + 3] % 4) {
      case 0:
        byte = what;
        break;
      case 1:
        byte = static_cast<std::byte>(static_cast<uint8_t>(byte) + static_cast<uint8_t>(what));
        break;
      case 2:
        byte ^= what;
        break;
      default:
        if (static_cast<uint8_t>(what) < 8) bytes.resize(place);
    }
  }
  const std::array<uint32_t, 2> trailer{ringway::Crc32c(0, bytes), 0};
  const auto* end = reinterpret_cast<const std::byte*>(trailer.data());
  bytes.insert(bytes.end(), end, end + sizeof(trailer));
  ringway::Try(bytes);
  ringway::Try(std::as_bytes(std::span(data, size)));
  return 0;
}
