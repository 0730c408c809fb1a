// How is the simulated gateway put together, and what does a probe find in it?
#include "tests/sim/gateway_host.h"

#include <utility>

#include "base/check.h"
#include "tests/sim/strategy.h"

namespace ringway::sim {
namespace {

constexpr uint32_t kOperator = 9;

EngineConfig MakeEngineConfig(const Plan& plan) {
  EngineConfig config;
  const bool tight = plan.has(Fault::kTightLimits);
  for (uint32_t i = 0; i != plan.instruments; ++i) {
    InstrumentConfig instrument;
    instrument.id = kFirstInstrument + i;
    instrument.symbol = "S" + std::to_string(i);
    instrument.tick = kTickPrice;
    instrument.reference_price = kMiddleTicks * kTickPrice;
    instrument.reference_age_max_ns = 0;
    config.instruments.push_back(instrument);
  }
  for (uint32_t i = 0; i != plan.sessions; ++i) {
    AccountConfig account;
    account.id = kFirstAccount + i;
    account.limits.self_match_prevention = tight;
    account.limits.position_max = tight ? 1'500 : kNoLimit;
    account.limits.open_orders_max = tight ? 30 : 1'000;
    config.accounts.push_back(account);
    EngineSessionConfig session;
    session.id = 1 + i;
    session.accounts = {account.id};
    session.limits.quantity_max = tight ? 90 : 1'000;
    session.limits.collar_bps = tight ? 15 : 10'000;
    session.limits.duplicate_orders_max = 0;
    session.limits.messages_per_second = plan.has(Fault::kRateLimit) ? 5'000 : 0;
    session.limits.message_burst = 50;
    session.limits.cancel_reserve = 10;
    config.sessions.push_back(session);
  }
  for (uint32_t i = 0; i != plan.venues; ++i) {
    config.venues.push_back({static_cast<VenueId>(1 + i), "V" + std::to_string(i)});
  }
  config.default_venue = 1;
  config.pools = {.orders_max = 4'096, .positions_max = 32, .executions_remembered = 16'384};
  return config;
}

}  // namespace

RecordedConnector::RecordedConnector(VenueId venue, std::unique_ptr<Dialer<SimLink>> dialer,
                                     Recorder& recorder)
    : venue_(venue),
      connector_(std::move(dialer), {.venue = venue,
                                     .member_id = 1,
                                     .unconfirmed_max = 256,
                                     .retry_min_ns = kNsPerMs,
                                     .retry_max_ns = 16 * kNsPerMs,
                                     .logon_timeout_ns = 20 * kNsPerMs,
                                     .confirm_ns = kNsPerMs}),
      recorder_(recorder) {}

uint32_t RecordedConnector::Send(int64_t now_ns, std::span<const Effect> requests) {
  const uint32_t taken = connector_.Send(now_ns, requests);
  for (const Effect& request : requests.first(taken)) {
    recorder_.Add(EventKind::kGatewayAsked, venue_, 0, request.type, request.bytes());
  }
  return taken;
}

void RecordedConnector::Poll(int64_t now_ns, Effects& messages) {
  const uint32_t before = messages.count();
  connector_.Poll(now_ns, messages);
  for (const Effect* heard = messages.begin() + before; heard != messages.end(); ++heard) {
    recorder_.Add(EventKind::kGatewayHeard, venue_, 0, heard->type, heard->bytes());
  }
}

GatewayHost::GatewayHost(const Plan& plan, Recorder& recorder, const MakeDialer& make_dialer,
                         Admit admit)
    : engine_(std::make_unique<Engine>(MakeEngineConfig(plan))) {
  std::vector<SessionConfig> configs;
  for (uint32_t id = 1; id <= plan.sessions; ++id) {
    session_ids_.push_back(id);
    configs.push_back({.id = id, .key = KeyOf(id), .report_slots = 512});
  }
  SessionLayerOptions options;
  options.links_before_logon_max = 4;
  options.logon_timeout_ns = 30 * kNsPerMs;
  options.heartbeat_default_ns = 10 * kNsPerMs;
  options.open_orders = [engine = engine_.get()](SessionId id) -> uint64_t {
    return engine->open_orders(id);
  };
  auto layer = SessionLayer<SimLink>::Create(options, configs, std::move(admit));
  RINGWAY_CHECK(layer.ok(), "the simulator's session options are right");
  sessions_ = *std::move(layer);
  recorded_ = std::make_unique<RecordedSessions>(*sessions_, recorder);
  Gateway<RecordedSessions>::Parts parts{.engine = *engine_,
                                         .sessions = *recorded_,
                                         .venues = {},
                                         .session_ids = session_ids_,
                                         .positions_max = 32,
                                         .accept_links = {},
                                         .mailbox = &mailbox_};
  for (uint32_t i = 0; i != plan.venues; ++i) {
    const auto venue = static_cast<VenueId>(1 + i);
    connectors_.push_back(std::make_unique<RecordedConnector>(venue, make_dialer(venue), recorder));
    parts.venues.push_back({.id = venue,
                            .connector = connectors_.back().get(),
                            .pending_max = plan.has(Fault::kSmallQueues) ? 2u : 256u});
  }
  gateway_ = std::make_unique<Gateway<RecordedSessions>>(std::move(parts));
}

bool GatewayHost::SetKill(KillScope scope, uint32_t id, bool killed) {
  AdminReply reply;
  if (asked_ && !mailbox_.TryTake(reply)) return false;
  asked_ = true;
  AdminCommand command;
  command.verb = killed ? AdminVerb::kKill : AdminVerb::kArm;
  command.scope = scope;
  command.id = id;
  mailbox_.Post({.command = command, .operator_id = kOperator});
  return true;
}

bool GatewayHost::venues_up() const noexcept {
  for (const auto& connector : connectors_) {
    if (!connector->up()) return false;
  }
  return true;
}

void GatewayHost::Probe(Recorder& recorder) const {
  for (const uint32_t session : session_ids_) {
    engine_->ForEachOpenOrder(session, [&](const OrderView& view) {
      OpenOrder order;
      order.cl_ord_id = view.cl_ord_id;
      order.order_id = view.order_id;
      order.instrument = view.instrument;
      order.account = view.account;
      order.side = view.side;
      order.ord_status = view.status;
      order.venue = view.venue;
      order.price = view.price;
      order.leaves_qty = view.leaves_qty;
      order.cum_qty = view.cum_qty;
      recorder.Add(EventKind::kGatewayOrder, session, 0, order, view.venue_request_id);
    });
  }
  engine_->ForEachPosition([&](const PositionView& view) {
    recorder.AddPlain(EventKind::kGatewayPosition, view.account,
                      Holding{.account = view.account,
                              .instrument = view.instrument,
                              .quantity = view.quantity,
                              .open_buy = view.open_buy,
                              .open_sell = view.open_sell},
                      view.instrument);
  });
  const EngineCounters& counters = engine_->counters();
  recorder.AddPlain(EventKind::kGatewayCounts, 0,
                    Counts{.duplicate_reports = counters.duplicate_reports,
                           .unknown_reports = counters.unknown_reports,
                           .malformed_reports = counters.malformed_reports,
                           .overfills = counters.overfills,
                           .late_fills = counters.late_fills,
                           .busts = counters.busts});
}

}  // namespace ringway::sim
