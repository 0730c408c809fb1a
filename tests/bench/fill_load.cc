#include "tests/bench/fill_load.h"

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/connector/in_process/in_process_venue.h"
#include "gateway/connector/venue_kind.h"
#include "msg/sequences.h"

namespace ringway::bench {
namespace {

constexpr int64_t kStepGapNs = 1'000;
constexpr uint64_t kRestingQty = 100'000;
constexpr uint64_t kMemberId = 1;
constexpr uint32_t kMaker = 1;  // sessions and accounts
constexpr uint32_t kTaker = 2;

}  // namespace

FillLoad::FillLoad(const GatewayConfig& config)
    : engine_(std::make_unique<Engine>(MakeEngineConfig(config))),
      effects_(std::make_unique<Effects>()),
      venue_(config.venues.front().engine.id),
      now_ns_(1'700'000'000 * kNsPerS),
      price_(config.instruments.front().reference_price) {
  const VenueContext context{.id = venue_, .instruments = config.instruments};
  auto made = exchange::Exchange::Create(
      std::get<InProcessVenue>(config.venues.front().kind).OptionsFor(context));
  RINGWAY_CHECK(made.ok(), "the exchange's options are valid");
  exchange_ = *std::move(made);
  const auto member = exchange_->Admit(kMemberId);
  RINGWAY_CHECK(member.ok(), "the exchange admits its first member");
  member_ = *member;
  RINGWAY_CHECK(exchange_->Connect(now_ns_, member_), "a new exchange has room");
  StepReports();
  for (const uint32_t id : {kMaker, kTaker}) {
    Logon logon;
    logon.session = id;
    logon.next_seq_in = 1;
    Enter(Origin::kSessionUp, id, logon);
  }
}

void FillLoad::Step(Origin origin, uint32_t id, FrameType type, std::span<const std::byte> payload,
                    uint64_t* decided) {
  now_ns_ += kStepGapNs;
  effects_->Clear();
  engine_->Step(now_ns_, {origin, id, type, payload}, *effects_);
  if (decided != nullptr) *decided = ReadTsc();
  for (const EffectView& effect : *effects_) {
    RINGWAY_CHECK(effect.type != FrameType::kOrderReject, "the engine takes the bench's orders");
    if (effect.target == Target::kSession && effect.type == FrameType::kExecutionReport) ++fills_;
    if (effect.target != Target::kVenue) continue;
    RINGWAY_CHECK(exchange_->OnRequest(now_ns_, member_, effect.type, effect.bytes()) ==
                      exchange::Answer::kTaken,
                  "the exchange has room");
  }
}

void FillLoad::StepReports() {
  Outbound& reports = exchange_->reports(member_);
  while (const ResendStore::Slot* report = reports.Front()) {
    Step(Origin::kVenue, venue_, report->type, report->bytes());
    reports.Pop();
  }
  reports.Acknowledge(reports.next_on_link());
}

template <Message M>
void FillLoad::Enter(Origin origin, uint32_t id, const M& message) {
  alignas(8) std::array<std::byte, kPayloadBytesMax> payload;
  const uint32_t bytes = Encode(message, payload.data());
  Step(origin, id, M::kType, {payload.data(), bytes});
}

void FillLoad::Rest() {
  NewOrder order;
  order.cl_ord_id = next_id_++;
  order.instrument = 1;
  order.account = kMaker;
  order.side = Side::kSell;
  order.ord_type = OrdType::kLimit;
  order.price = price_;
  order.qty = kRestingQty;
  Enter(Origin::kSession, kMaker, order);
  StepReports();
  resting_ = kRestingQty;
}

FillLoad::Ticks FillLoad::TakeOne() {
  if (resting_ == 0) Rest();
  --resting_;
  NewOrder order;
  order.cl_ord_id = next_id_++;
  order.instrument = 1;
  order.account = kTaker;
  order.side = Side::kBuy;
  order.ord_type = OrdType::kLimit;
  order.time_in_force = TimeInForce::kImmediateOrCancel;
  order.price = price_;
  order.qty = 1;
  alignas(8) std::array<std::byte, kPayloadBytesMax> payload;
  const uint32_t bytes = Encode(order, payload.data());
  fills_ = 0;
  const uint64_t start = ReadTsc();
  uint64_t decided = 0;
  Step(Origin::kSession, kTaker, order.kType, {payload.data(), bytes}, &decided);
  StepReports();
  const uint64_t end = ReadTsc();
  constexpr uint64_t kReports = 3;  // New, and both sides of the trade
  RINGWAY_CHECK(fills_ == kReports, "an order and its fill");
  return {decided - start, end - start};
}

}  // namespace ringway::bench
