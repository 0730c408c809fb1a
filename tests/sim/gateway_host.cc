// Recovers and assembles the simulated gateway, and probes it.
#include "tests/sim/gateway_host.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "base/check.h"
#include "gateway/journal/record.h"
#include "tests/sim/clock.h"
#include "tests/sim/holdings.h"
#include "tests/sim/strategy.h"

namespace ringway::sim {
namespace {

constexpr uint32_t kOperator = 9;
constexpr uint64_t kConfigHash = 1;

EngineConfig MakeEngineConfig(const Plan& plan, uint32_t site) {
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
    account.id = AccountOf(site, 1 + i);
    account.limits.self_match_prevention = tight;
    account.limits.position_max = tight ? 1'500 : kNoLimit;
    account.limits.open_orders_max = tight ? 30 : 1'000;
    account.limits.daily_turnover_max = tight ? 500'000 : kNoLimit;
    account.limits.daily_loss_max = tight ? 1'000 : kNoLimit;
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
    if (plan.cancel_on_link_loss) session.cancel_on_disconnect = CancelOnDisconnect::kLinkLoss;
    session.cancel_grace_ns = plan.cancel_grace_ns;
    config.sessions.push_back(session);
  }
  for (uint32_t i = 0; i != plan.venues; ++i) {
    config.venues.push_back({static_cast<VenueId>(1 + i), "V" + std::to_string(i)});
  }
  config.default_venue = 1;
  config.pools = {.orders_max = 4'096, .positions_max = 32, .executions_remembered = 4'096};
  return config;
}

// Every request to a venue begins with its name.
uint64_t NumberOf(std::span<const std::byte> request) {
  uint64_t name = 0;
  std::memcpy(&name, request.data() + kRootBytes, sizeof(name));
  return RequestNumber(name);
}

}  // namespace

// --- The recorder around a connector ---

RecordedConnector::RecordedConnector(VenueId venue, uint32_t member,
                                     std::unique_ptr<Dialer<SimLink>> dialer, Recorder& recorder,
                                     Lifeline& life, ConnectorHistory& history)
    : venue_(venue),
      connector_(std::move(dialer), {.venue = venue,
                                     .member_id = member,
                                     .unconfirmed_max = 256,
                                     .retry_min_ns = kNsPerMs,
                                     .retry_max_ns = kVenueRetryMaxNs,
                                     .logon_timeout_ns = kVenueLogonNs,
                                     .confirm_ns = kNsPerMs}),
      recorder_(recorder),
      life_(life),
      history_(history) {}

uint32_t RecordedConnector::Send(int64_t now_ns, std::span<const Effect> requests) {
  if (!life_.Use()) return 0;
  const uint32_t taken = connector_.Send(now_ns, requests);
  for (const Effect& request : requests.first(taken)) {
    recorder_.Add(EventKind::kGatewayAsked, venue_, 0, request.type, request.bytes());
    history_.asked.insert(NumberOf(request.bytes()));
  }
  return taken;
}

void RecordedConnector::Poll(int64_t now_ns, VenueSink& sink) {
  if (!life_.Use()) return;
  struct Heard final : VenueSink {
    Heard(RecordedConnector& by, VenueSink& to) : connector(by), sink(to) {}
    bool Take(const EffectView& message) noexcept override { return connector.Pass(message, sink); }
    RecordedConnector& connector;
    VenueSink& sink;
  } heard(*this, sink);
  connector_.Poll(now_ns, heard);
  if (const uint64_t foreign = connector_.counters().requests_foreign; foreign != foreign_) {
    recorder_.AddNumbers(EventKind::kGatewayForeign, venue_, foreign - foreign_);
    foreign_ = foreign;
  }
}

bool RecordedConnector::Pass(const EffectView& message, VenueSink& sink) {
  if (life_.ended()) return sink.Take(message);
  const Recorder::Mark before = recorder_.Here();
  const auto event = static_cast<uint32_t>(recorder_.events().size());
  recorder_.Add(EventKind::kGatewayHeard, venue_, message.seq, message.type, message.bytes());
  if (message.seq == 0) history_.own_words.push_back(event);
  if (sink.Take(message)) return true;
  if (message.seq == 0) history_.own_words.pop_back();
  recorder_.Rewind(before);
  return false;
}

void RecordedConnector::Restore(const VenueCursor& cursor, std::span<const Effect> requests) {
  for (const Effect& request : requests) {
    if (history_.asked.contains(NumberOf(request.bytes()))) continue;
    recorder_.Add(EventKind::kGatewayRestored, venue_, 0, request.type, request.bytes());
  }
  connector_.Restore(cursor, requests);
}

// --- From the journal's end to the first turn ---

GatewayHost::GatewayHost(const Surroundings& around)
    : around_(around), life_([this] { NoteEnd(); }) {
  for (uint32_t id = 1; id <= around_.plan.sessions; ++id) session_ids_.push_back(id);
  if (around_.plan.has(Fault::kTradingDay)) days_ = *TradingCalendar::Parse(kDayBegins);
}

// What the checker has to know of a journal's record.
void GatewayHost::Follow(const JournalRecord& record, std::vector<size_t>& own,
                         uint64_t& last_request) {
  JournaledStep step;
  if (record.header.type != RecordType::kStep || !ReadStep(record.body, step)) return;
  if (step.input.origin == Origin::kVenue && step.venue_report_seq == 0) {
    // A connector's word; or the gateway's, about what no connector had taken.
    const std::vector<uint32_t>& words = around_.history[step.input.id - 1].own_words;
    size_t& next = own[step.input.id - 1];
    if (next != words.size()) {
      const Event& word = around_.recorder.events()[words[next]];
      next += word.type == step.input.type && std::ranges::equal(word.bytes(), step.input.payload);
    }
  }
  commands_ += step.input.origin == Origin::kAdmin && step.input.type != FrameType::kOperatorNote;
  for (EffectView effect; NextEffect(step.effects, effect);) {
    if (effect.target != Target::kVenue) continue;
    last_request = std::max(last_request, NumberOf(effect.payload));
  }
}

absl::StatusOr<std::unique_ptr<GatewayHost::Past>> GatewayHost::Replay() {
  around_.disk.BringHome();
  auto made = std::make_unique<Past>(Past{
      .past = ReplayedGateway(
          {.config_of = [this](uint64_t) { return MakeEngineConfig(around_.plan, around_.site); },
           .report_slots = kReportSlots}),
      .end = {},
      .start = 0,
      .config_hash = kConfigHash});
  ReplayedGateway& past = made->past;
  JournalReader reader(around_.disk);
  std::vector<size_t> own(around_.history.size());
  uint64_t last_request = 0;
  absl::Status status = reader.Open();
  JournalRecord record;
  while (status.ok() && reader.Next(record) == JournalReader::Result::kRecord) {
    status = past.Apply(record);
    Follow(record, own, last_request);
  }
  if (status.ok()) status = reader.status();
  if (status.ok()) status = past.Configure(kConfigHash);
  if (!status.ok()) return status;
  made->end = reader.end();
  Recorder& recorder = around_.recorder;
  for (const uint32_t id : session_ids_) {
    recorder.AddNumbers(EventKind::kRecoveredSession, id, past.engine().next_seq_out(id),
                        past.engine().next_seq_in(id));
  }
  for (uint32_t venue = 1; venue <= around_.plan.venues; ++venue) {
    const ReplayedVenue* ended = past.venue(static_cast<VenueId>(venue));
    recorder.AddNumbers(EventKind::kRecoveredVenue, venue,
                        ended == nullptr ? 0 : ended->cursor.received, own[venue - 1]);
    around_.history[venue - 1].own_words.resize(own[venue - 1]);
  }
  recorder.AddNumbers(EventKind::kOperatorRecovered, 0, commands_);
  recorder.AddNumbers(EventKind::kGatewayRecovered, 0, made->end.start, last_request);
  life_.Follow(made->end.cursor.position, nullptr);
  if (before_ != nullptr) {
    // Timers that change nothing but the time are not recorded.
    Effects none;
    if (before_->now_ns > past.engine().now_ns()) {
      past.engine().Step(before_->now_ns, {Origin::kTimer, 0, FrameType{}, {}}, none);
    }
    if (none.count() != 0 || past.engine().StateHash() != before_->state_hash) {
      return absl::DataLossError(
          "the replayed state is not the one in which the process before ended");
    }
  }
  made->start = made->end.start + 1;
  if (!past.engine().CanStart(made->start)) {
    return absl::FailedPreconditionError("the journal has used up its identifiers");
  }
  numbers_.push_back(NumbersOf(past.engine(), made->end.cursor.position));
  return made;
}

std::string GatewayHost::Start(int64_t now_ns, const DiskFaults& faults, uint64_t seed,
                               const LifeEnd* before) {
  start_ns_ = now_ns;
  disk_faults_ = faults;
  disk_seed_ = seed;
  before_ = before;
  absl::Status status = start_.Recover();
  if (status.ok()) status = start_.Promote();
  if (status.ok()) {
    life_.Follow(0, start_.journal());
    if (life_.Use()) start_.Serve();
  }
  // A process that ended in its start has nothing wrong.
  return status.ok() || life_.ended() ? "" : std::string(status.message());
}

absl::StatusOr<std::vector<SessionConfig>> GatewayHost::ReadSessions() const {
  std::vector<SessionConfig> sessions;
  for (const uint32_t id : session_ids_) {
    sessions.push_back({.id = id, .key = KeyOf(id), .report_slots = kReportSlots});
  }
  return sessions;
}

std::unique_ptr<Engine> GatewayHost::NewEngine() const {
  return std::make_unique<Engine>(MakeEngineConfig(around_.plan, around_.site));
}

SessionLayerOptions GatewayHost::LayerOptions(const Engine& engine) const {
  SessionLayerOptions options;
  options.links_before_logon_max = 4;
  options.logon_timeout_ns = 30 * kNsPerMs;
  options.heartbeat_default_ns = 10 * kNsPerMs;
  options.durability_max = Durability::kDurable;
  options.open_orders = [&engine](SessionId id) -> uint64_t { return engine.open_orders(id); };
  return options;
}

RecordedSessions& GatewayHost::Around(SessionLayer<SimLink>& layer) {
  return recorded_.emplace(layer, around_.recorder, life_);
}

absl::StatusOr<std::vector<GatewayHost::Loop::Venue>> GatewayHost::MakeVenues(const Engine&) {
  std::vector<Loop::Venue> venues;
  for (uint32_t i = 0; i != around_.plan.venues; ++i) {
    const auto venue = static_cast<VenueId>(1 + i);
    connectors_.push_back(std::make_unique<RecordedConnector>(
        venue, around_.plan.member(around_.site), around_.make_dialer(venue), around_.recorder,
        life_, around_.history[i]));
    venues.push_back({.id = venue,
                      .connector = connectors_.back().get(),
                      .pending_max = QueueOf(around_.plan),
                      .trading_days = days_});
  }
  return venues;
}

absl::Status GatewayHost::Open(const std::vector<SessionConfig>& sessions) {
  for (const SessionConfig& session : sessions) {
    if (session.epoch != 0) Admit(session.id, session.epoch);
  }
  return life_.Use() ? absl::OkStatus() : absl::CancelledError("the process ended");
}

absl::StatusOr<JournalStorage*> GatewayHost::OpenJournal(const Past& past) {
  around_.disk.RemoveBehind(past.end.segment_number);
  storage_ = std::make_unique<SimStorage>(around_.disk, past.end.cursor, around_.plan.segment_bytes,
                                          disk_faults_, disk_seed_);
  if (!life_.Use()) return absl::CancelledError("the process ended");
  return storage_.get();
}

GatewayHost::Loop::Parts GatewayHost::Parts(Engine& engine, RecordedSessions& sessions) {
  Loop::Parts parts{.engine = engine,
                    .sessions = sessions,
                    .venues = {},
                    .session_ids = {},
                    .positions_max = 32,
                    .accept_links = {},
                    .mailbox = &mailbox_};
  for (const uint32_t id : session_ids_) {
    if (around_.plan.sends_when_durable(id)) parts.send_when_durable.push_back(id);
  }
  return parts;
}

// --- Turns and the end ---

void GatewayHost::Turn(int64_t now_ns) {
  storage_->Turn(now_ns);
  NoteDisk();
  if (days_) NoteDays(now_ns);
  if (command_ && start_.loop().started()) Post();
  const bool operates = command_ && start_.loop().started();
  start_.loop().DoWork(now_ns);
  if (life_.ended()) return;
  if (start_.loop().Failed()) return life_.End();
  if (operates) TakeAnswer();
  if (start_.journal()->end().position != numbers_.back().position) {
    numbers_.push_back(NumbersOf(engine(), start_.journal()->end().position));
  }
  bool more = false;
  for (; numbers_.size() > 1 && numbers_[1].position <= storage_->durable(); more = true) {
    numbers_.pop_front();
  }
  if (more) NoteDurable();
  if (std::exchange(held_back_, start_.loop().BackPressured()) != held_back_) {
    around_.recorder.AddNumbers(EventKind::kGatewayHeldBack, 0, 0, held_back_);
  }
}

void GatewayHost::NoteDisk() {
  const auto fault = static_cast<uint64_t>(storage_->fault());
  if (std::exchange(disk_fault_, fault) == fault) return;
  around_.recorder.AddNumbers(EventKind::kGatewayDisk, 0, 0, fault);
}

void GatewayHost::NoteStop() {
  disk_fault_ = kStopped;
  around_.recorder.AddNumbers(EventKind::kGatewayDisk, 0, 0, disk_fault_);
}

// A day that this turn begins, or a later one where the start is not durable or the journal full.
void GatewayHost::NoteDays(int64_t now_ns) {
  if (now_ns < next_day_ns_) return;
  const TradingCalendar::Day day = days_->DayAt(now_ns);
  bool all = true;
  for (uint32_t i = 1; i <= around_.plan.venues; ++i) {
    if (engine().trading_day(static_cast<VenueId>(i)) >= day.number) continue;
    around_.recorder.AddNumbers(EventKind::kTradingDay, i, day.number);
    all = false;
  }
  if (all) next_day_ns_ = day.ends_ns;
}

void GatewayHost::NoteDurable() {
  for (const uint32_t id : session_ids_) {
    if (!around_.plan.durable(id) && !around_.plan.sends_when_durable(id)) continue;
    around_.recorder.AddNumbers(EventKind::kGatewayDurable, id,
                                numbers_.front().next[id - 1].first);
  }
}

GatewayHost::Numbers GatewayHost::NumbersOf(const Engine& engine, uint64_t position) const {
  Numbers numbers{position, {}};
  for (const uint32_t id : session_ids_) {
    numbers.next.emplace_back(engine.next_seq_out(id), engine.next_seq_in(id));
  }
  return numbers;
}

void GatewayHost::NoteEnd() {
  end_.written = life_.written();
  end_.now_ns = engine().now_ns();
  end_.state_hash = engine().StateHash();
  end_.gave_up = storage_ != nullptr && storage_->hopeless();
  end_.safe = numbers_.front().next;
  around_.on_end();
}

const LifeEnd& GatewayHost::end() noexcept {
  end_.begun = life_.begun();
  return end_;
}

bool GatewayHost::Operate(const AdminCommand& command) {
  if (command_) return false;
  command_ = command;
  return true;
}

bool GatewayHost::SetKill(KillScope scope, uint32_t id, bool killed) {
  AdminCommand command;
  command.verb = killed ? AdminVerb::kKill : AdminVerb::kArm;
  command.scope = scope;
  command.id = id;
  return Operate(command);
}

void GatewayHost::Post() {
  mailbox_.Post(AdminLane::kControl, {.command = *command_, .operator_id = kOperator});
  Recorder& recorder = around_.recorder;
  ++commands_;
  switch (command_->verb) {
    case AdminVerb::kPosition:
      return recorder.Add(EventKind::kOperatorSaid, 0, commands_, command_->position);
    case AdminVerb::kRestrict:
    case AdminVerb::kPermit:
      return recorder.Add(EventKind::kOperatorSaid, 0, commands_, command_->restriction);
    case AdminVerb::kLimit:
      return recorder.Add(EventKind::kOperatorSaid, 0, commands_, command_->limit);
    default:
      return recorder.Add(EventKind::kOperatorSaid, 0, commands_,
                          RiskState{.id = command_->id,
                                    .scope = command_->scope,
                                    .killed = command_->verb != AdminVerb::kArm,
                                    .cancel = command_->verb == AdminVerb::kKillAndCancel});
  }
}

void GatewayHost::TakeAnswer() {
  AdminReply reply;
  const bool served = mailbox_.TryTake(AdminLane::kControl, reply);
  RINGWAY_CHECK(served, "a command is served in the turn in which it comes");
  command_.reset();
  if (reply.ok) return;
  around_.recorder.AddNumbers(EventKind::kOperatorRefused, 0, commands_);
  --commands_;
}

bool GatewayHost::venues_up() const noexcept {
  for (const auto& connector : connectors_) {
    if (!connector->up()) return false;
  }
  return true;
}

bool GatewayHost::venues_refuse() const noexcept {
  return std::ranges::all_of(connectors_, [](const auto& connector) {
    return !connector->up() &&
           connector->reason().find("this member_id is logged on") != std::string_view::npos;
  });
}

void GatewayHost::Probe(Recorder& recorder) const {
  RecordHoldings(engine(), session_ids_, recorder);
}

}  // namespace ringway::sim
