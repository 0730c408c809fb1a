#include "tests/bench/engine_load.h"

#include <string>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/connector/connector.h"
#include "schema/json.h"

namespace {

inline void StepAndRecord(ringway::Engine& engine, ringway::JournalWriter* journal, int64_t now_ns,
                          const ringway::Input& input, ringway::Effects& effects) noexcept {
  if (journal == nullptr) {
    effects.Clear();
    return engine.Step(now_ns, input, effects);
  }
  effects.Clear(journal->BeginStep(input, 0));
  engine.Step(now_ns, input, effects);
  journal->EndStep(now_ns, effects);
}

}  // namespace

extern "C" [[gnu::noinline]] void ringway_bench_step(ringway::Engine& engine,
                                                     ringway::JournalWriter* journal,
                                                     int64_t now_ns, const ringway::Input& input,
                                                     ringway::Effects& effects) noexcept {
  StepAndRecord(engine, journal, now_ns, input, effects);
}

namespace ringway::bench {
namespace {

constexpr uint32_t kInstruments = 16;
constexpr VenueId kVenue = 1;
constexpr int64_t kTick = 10'000'000;            // 0.01
constexpr int64_t kReference = 100'000'000'000;  // 100.00
constexpr int64_t kStepGapNs = 1'000;            // a million requests a second
constexpr uint32_t kPriceLevels = 400;           // below the reference, within the collar
constexpr uint64_t kSegmentBytes = 4u << 20;
constexpr uint32_t kSpareSegments = 2;  // more than a batch fills

}  // namespace

EngineConfig EngineLoad::Config(const EngineLoadOptions& options) {
  EngineConfig config;
  for (uint32_t id = 1; id <= kInstruments; ++id) {
    InstrumentConfig instrument;
    instrument.id = id;
    instrument.symbol = "I" + std::to_string(id);
    instrument.tick = kTick;
    instrument.reference_price = kReference;
    instrument.reference_age_max_ns = 3600 * kNsPerS;
    config.instruments.push_back(instrument);
  }
  const auto room = static_cast<int64_t>(options.open_orders + options.batch) * 1'000;
  for (uint32_t id = 1; id <= options.sessions; ++id) {
    AccountConfig account;
    account.id = id;
    account.limits.position_max = room;
    account.limits.gross_notional_max = room * 1'000;
    account.limits.open_orders_max = UINT32_MAX;
    account.restricted = {kInstruments};  // nobody trades the last: the list is searched
    config.accounts.push_back(account);
    EngineSessionConfig session;
    session.id = id;
    session.accounts = {id};
    session.limits.open_orders_max = UINT32_MAX;
    session.limits.messages_per_second = 1'000'000'000;
    session.limits.message_burst = 1'000'000'000;
    config.sessions.push_back(session);
  }
  VenueConfig venue;
  venue.id = kVenue;
  config.venues.push_back(venue);
  RouteConfig route;  // one rule that does not fit before the default
  route.instrument = kInstruments;
  route.venue = kVenue;
  config.routes.push_back(route);
  config.default_venue = kVenue;
  // Enough room to keep each session below its share (gateway/engine/order_table.h).
  config.pools.orders_max = options.open_orders + options.open_orders / 64 + 4 * options.batch;
  config.table_secret =
      TableSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f};  // each run gives the same count
  config.pools.positions_max = options.sessions * kInstruments;
  return config;
}

EngineLoad::EngineLoad(const EngineLoadOptions& options)
    : options_(options),
      engine_(std::make_unique<Engine>(Config(options))),
      effects_(std::make_unique<Effects>()),
      now_ns_(1'700'000'000 * kNsPerS) {
  if (options.recorded) {
    storage_ = std::make_unique<testing::MemoryStorage>(journal_, kSegmentBytes);
    storage_->Prepare(kSpareSegments);
    writer_ = std::make_unique<JournalWriter>(*storage_, JournalCursor{}, 1, now_ns_, 1);
  }
  VenueStatus up;
  up.venue = kVenue;
  up.state = VenueState::kUp;
  inputs_.resize(1);
  Put(inputs_[0], kVenue, up);
  StepAll(Part::kNone, Origin::kVenue, inputs_);
  for (uint32_t id = 1; id <= options.sessions; ++id) {
    Logon logon;
    logon.session = id;
    logon.next_seq_in = 1;
    Put(inputs_[0], id, logon);
    StepAll(Part::kNone, Origin::kSessionUp, inputs_);
  }
  inputs_.resize(options.batch);
  RINGWAY_CHECK(options.open_orders % options.batch == 0, "open_orders is a multiple of batch");
  options_.counted = Part::kNone;
  for (uint32_t filled = 0; filled < options.open_orders; filled += options.batch) {
    EnterOrders();
    ConfirmOrders();
  }
  options_.counted = options.counted;
}

template <Message M>
void EngineLoad::Put(Encoded& to, uint32_t id, const M& message) {
  to.id = id;
  to.type = M::kType;
  to.bytes = Encode(message, to.payload.data());
}

uint64_t EngineLoad::StepAll(Part part, Origin origin, const std::vector<Encoded>& inputs) {
  sent_ids_.clear();
  if (storage_ != nullptr) {
    // Begins like a gateway's turn, except for the preparation.
    while (storage_->ready() < kSpareSegments) storage_->Prepare();
    RINGWAY_CHECK(writer_->State() == JournalState::kOk, "segments are prepared");
  }
  const bool counted = part == options_.counted && part != Part::kNone;
  const uint64_t start = ReadTsc();
  const auto input_of = [origin](const Encoded& encoded) -> Input {
    return {origin, encoded.id, encoded.type, {encoded.payload.data(), encoded.bytes}};
  };
  for (size_t at = 0; at < inputs.size(); ++at) {
    now_ns_ += kStepGapNs;
    const Input input = input_of(inputs[at]);
    if (options_.ahead != 0 && at + options_.ahead < inputs.size()) {
      engine_->Prefetch(input_of(inputs[at + options_.ahead]));
    }
    if (counted) {
      ringway_bench_step(*engine_, writer_.get(), now_ns_, input, *effects_);
    } else {
      StepAndRecord(*engine_, writer_.get(), now_ns_, input, *effects_);
    }
    for (const EffectView& effect : *effects_) {
      if (effect.type == FrameType::kOrderReject) [[unlikely]] {
        std::string json;
        (void)AppendJson(effect.type, effect.bytes(), json);
        RINGWAY_CHECK(false, json.c_str());
      }
      if (effect.target != Target::kVenue) continue;
      sent_ids_.push_back(VenueRequestId(effect));
    }
  }
  return ReadTsc() - start;
}

NewOrder EngineLoad::MakeOrder(uint64_t number) const {
  // Numbers are spread over accounts, instruments and prices; sizes differ so that no two look like
  // duplicates.
  const uint64_t mixed = number * 0x9e3779b97f4a7c15u >> 20;
  NewOrder order;
  order.cl_ord_id = number;
  order.account = 1 + static_cast<uint32_t>(number % options_.sessions);
  order.instrument = 1 + static_cast<uint32_t>(mixed % (kInstruments - 1));
  order.side = Side::kBuy;
  order.ord_type = OrdType::kLimit;
  order.time_in_force = TimeInForce::kDay;
  order.price = kReference - kTick * static_cast<int64_t>(1 + (mixed >> 8) % kPriceLevels);
  order.qty = 1 + number % 97;
  return order;
}

uint64_t EngineLoad::EnterOrders() {
  for (uint32_t i = 0; i < options_.batch; ++i) {
    const NewOrder order = MakeOrder(next_number_ + i);
    Put(inputs_[i], order.account, order);
  }
  const uint64_t ticks = StepAll(Part::kEnter, Origin::kSession, inputs_);
  RINGWAY_CHECK(sent_ids_.size() == options_.batch, "the engine refused one of the bench's orders");
  order_ids_ = sent_ids_;
  next_number_ += options_.batch;
  return ticks;
}

uint64_t EngineLoad::ConfirmOrders() {
  for (uint32_t i = 0; i < options_.batch; ++i) {
    const NewOrder order = MakeOrder(next_number_ - options_.batch + i);
    ExecutionReport report;
    report.cl_ord_id = order_ids_[i];
    report.exec_id = next_exec_id_++;
    report.exec_type = ExecType::kNew;
    report.ord_status = OrdStatus::kNew;
    report.leaves_qty = order.qty;
    report.price = order.price;
    Put(inputs_[i], kVenue, report);
  }
  return StepAll(Part::kConfirm, Origin::kVenue, inputs_);
}

LapTicks EngineLoad::RunLap() {
  LapTicks ticks{};
  ticks.enter = EnterOrders();
  ticks.confirm = ConfirmOrders();
  for (uint32_t i = 0; i < options_.batch; ++i) {
    const NewOrder order = MakeOrder(next_number_ - options_.batch + i);
    Cancel cancel;
    cancel.cl_ord_id = order.cl_ord_id | uint64_t{1} << 63;
    cancel.orig_cl_ord_id = order.cl_ord_id;
    Put(inputs_[i], order.account, cancel);
  }
  ticks.cancel = StepAll(Part::kCancel, Origin::kSession, inputs_);
  RINGWAY_CHECK(sent_ids_.size() == options_.batch,
                "the engine refused one of the bench's cancels");
  for (uint32_t i = 0; i < options_.batch; ++i) {
    ExecutionReport report;
    report.cl_ord_id = sent_ids_[i];
    report.orig_cl_ord_id = order_ids_[i];
    report.exec_id = next_exec_id_++;
    report.exec_type = ExecType::kCanceled;
    report.ord_status = OrdStatus::kCanceled;
    Put(inputs_[i], kVenue, report);
  }
  ticks.confirm_cancel = StepAll(Part::kConfirmCancel, Origin::kVenue, inputs_);
  return ticks;
}

}  // namespace ringway::bench
