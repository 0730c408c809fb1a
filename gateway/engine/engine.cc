// Construction of the engine, and dispatch of inputs to their handlers.

#include "gateway/engine/engine.h"

#include <algorithm>

#include "base/check.h"
#include "gateway/core/session_numbers.h"

namespace ringway {
namespace {

// Indices by number; numbers are unique and within 1..kConfigIdMax.
template <class Config>
std::vector<uint32_t> IndexByNumber(const std::vector<Config>& configured, uint32_t none) {
  uint32_t id_max = 0;
  for (const Config& config : configured) id_max = std::max(id_max, uint32_t{config.id});
  RINGWAY_CHECK(id_max <= kConfigIdMax, "configured numbers are at most kConfigIdMax");
  std::vector<uint32_t> table(size_t{id_max} + 1, none);
  for (uint32_t index = 0; index < configured.size(); ++index) {
    const uint32_t id = configured[index].id;
    RINGWAY_CHECK(id != 0 && table[id] == none, "configured numbers are unique and not 0");
    table[id] = index;
  }
  return table;
}

// A message that Decode() fills: not zeroed before.
template <Message M>
union Undecoded {
  Undecoded() noexcept {}
  M message;
};

std::vector<Instrument> MakeInstruments(const EngineConfig& config) {
  std::vector<Instrument> made;
  for (const InstrumentConfig& instrument : config.instruments) {
    made.push_back(MakeInstrument(instrument));
  }
  return made;
}

}  // namespace

Engine::Engine(const EngineConfig& config)
    : Engine(config, config.table_secret ? *config.table_secret : TableSecret::Draw()) {}

Engine::Engine(const EngineConfig& config, const TableSecret& secret)
    : session_index_(IndexByNumber(config.sessions, kNone)),
      account_index_(IndexByNumber(config.accounts, kNone)),
      instrument_index_(IndexByNumber(config.instruments, kNone)),
      desk_index_(IndexByNumber(config.desks, kNone)),
      firm_limits_(config.firm),
      instruments_(MakeInstruments(config)),
      sessions_(config.sessions.size()),
      venues_(config),
      router_(config),
      orders_(config.pools.orders_max, config.sessions.size(), secret),
      exposure_(config, instruments_, secret),
      checks_(config),
      message_rate_(config),
      reference_guard_(config),
      execution_ids_(config.pools.executions_remembered, config.venues.size(), secret),
      booked_ahead_(config.venues.size()),
      days_(config.venues.size()),
      told_(config.venues.size()),
      busy_(config.sessions.size()),
      owed_(config.sessions.size()),
      timers_(config.sessions.size()),
      doubtful_(config.venues.size()),
      lost_(config.venues.size()),
      lost_before_(config.venues.size()),
      overdue_(config.venues.size()) {
  RINGWAY_CHECK(config.warn_at_percent < 100, "warn_at_percent");
  warn_at_percent_ = config.warn_at_percent;
  RINGWAY_CHECK(config.sessions.size() <= kSessionsMax, "at most kSessionsMax sessions");
  for (size_t index = 0; index < sessions_.size(); ++index) {
    sessions_[index].id = config.sessions[index].id;
    session_limits_.push_back(config.sessions[index].limits);
    default_profiles_.push_back(config.sessions[index].default_profile);
    const int64_t grace_ns = config.sessions[index].cancel_grace_ns;
    RINGWAY_CHECK(grace_ns >= 0 && grace_ns <= kCancelGraceMaxNs, "cancel_grace_ns");
    absence_limits_.push_back(
        {config.sessions[index].cancel_on_disconnect, config.sessions[index].retired, grace_ns});
  }
  for (const VenueConfig& venue : config.venues) overdue_orders_.push_back(venue.overdue_orders);
  for (const AccountConfig& account : config.accounts) {
    account_ids_.push_back(account.id);
    account_limits_.push_back(account.limits);
  }
  for (const DeskConfig& desk : config.desks) {
    desk_ids_.push_back(desk.id);
    desk_limits_.push_back(desk.limits);
  }
}

Engine::~Engine() = default;

void Engine::StartReferences() noexcept {
  started_ = true;
  for (Instrument& instrument : instruments_) instrument.reference_time_ns = now_ns_;
}

[[gnu::always_inline]] inline void Engine::OnSession(SessionIndex session, const Input& input,
                                                     Effects& effects) noexcept {
  SessionState& state = sessions_[session];
  if (input.type == FrameType::kGapFill) [[unlikely]]
    return SkipRequests(state, input);
  ++state.next_seq_in;
  // Decodes an M and passes it on, or returns what is wrong with it.
  const auto decode = [&]<class M>(void(Engine::*handle)(SessionIndex, const M&, Effects&) noexcept)
      __attribute__((always_inline)) {
    Undecoded<M> memory;
    M& message = memory.message;
    if (Decode(input.payload, message) != DecodeStatus::kOk) [[unlikely]] {
      RejectMessage(state, input.type, SessionRejectReason::kMalformedMessage, effects);
    } else if (!message.ReservedAreZero()) [[unlikely]] {
      RejectMessage(state, input.type, SessionRejectReason::kReservedFieldNotZero, effects);
    } else {
      (this->*handle)(session, message, effects);
    }
  };
  switch (input.type) {
    case FrameType::kNewOrder:
      // What most are, and then there is no reserved field to look at.
      if (Undecoded<NewOrder> order; DecodeWords<kPlainWords>(input.payload, order.message))
          [[likely]] {
        OnNewOrder(session, order.message, true, effects);
      } else {
        decode(&Engine::OnLongNewOrder);
      }
      // So that the next order finds its record in the cache.
      orders_.PrefetchNext();
      return;
    case FrameType::kCancel:
      return decode(&Engine::OnCancel);
    case FrameType::kReplace:
      return decode(&Engine::OnReplace);
    case FrameType::kMassCancel:
      return decode(&Engine::OnMassCancel);
    default:
      break;
  }
  RejectMessage(state, input.type,
                IsKnown(input.type) ? SessionRejectReason::kMessageNotAllowed
                                    : SessionRejectReason::kUnknownMessageType,
                effects);
}

void Engine::Step(int64_t now_ns, const Input& input, Effects& effects) noexcept {
  RINGWAY_CHECK(now_ns >= now_ns_, "time never steps back");
  now_ns_ = now_ns;
  if (!started_) [[unlikely]]
    StartReferences();

  if (IsRequest(input.origin)) {
    const SessionIndex session = IndexOfSession(input.id);
    refused_for_ = input.origin == Origin::kSession       ? RejectReason::kNone
                   : input.origin == Origin::kSessionBusy ? RejectReason::kVenueBusy
                                                          : RejectReason::kJournalUnavailable;
    if (session != kNone) [[likely]]
      return OnSession(session, input, effects);
  } else if (input.origin == Origin::kVenue) {
    const VenueIndex venue = IndexOfVenue(input.id);
    if (venue != kNone) [[likely]]
      return OnVenue(venue, input, effects);
  } else if (OnLifecycleInput(input)) {
    return DoWork(effects);
  }
  ++counters_.unknown_sources;
}

// Handles inputs that are neither requests nor reports. False: the input is meaningless.
bool Engine::OnLifecycleInput(const Input& input) noexcept {
  switch (input.origin) {
    case Origin::kSessionUp:
    case Origin::kSessionDown: {
      const SessionIndex session = IndexOfSession(input.id);
      if (session == kNone) return false;
      input.origin == Origin::kSessionUp ? OnSessionUp(session, input)
                                         : OnSessionDown(session, input);
      return true;
    }
    case Origin::kAdmin:
      OnAdmin(input);
      return true;
    case Origin::kTimer:
      WatchIdentifiers();
      return true;
    case Origin::kStart:
      OnStart(input);
      return true;
    case Origin::kJournal:
      if (input.id > 1) return false;
      checks_.get<KillSwitch>().Set(GatewayFault::kJournal, input.id == 1);
      return true;
    case Origin::kTradingDay:
      return OnTradingDay(input);
    default:
      return false;
  }
}

void Engine::RejectMessage(SessionState& session, FrameType type, SessionRejectReason reason,
                           Effects& effects) noexcept {
  ++counters_.session_rejects;
  SessionReject reject;
  reject.ref_seq = session.next_seq_in - 1;
  reject.ref_type = static_cast<uint8_t>(type);
  reject.reason = reason;
  effects.Add(Target::kSession, session.id, 0, reject);  // a session message: never numbered
}

void Engine::SkipRequests(SessionState& session, const Input& input) noexcept {
  GapFill fill;
  if (Decode(input.payload, fill) != DecodeStatus::kOk || fill.new_seq > kSequenceEnd ||
      (fill.new_seq > session.next_seq_in &&
       fill.new_seq - session.next_seq_in > kSequenceJumpMax)) {
    ++counters_.unknown_sources;
    return;
  }
  session.next_seq_in = std::max(session.next_seq_in, fill.new_seq);
}

void Engine::OnVenue(VenueIndex venue, const Input& input, Effects& effects) noexcept {
  DecodeStatus status = DecodeStatus::kUnknownType;
  switch (input.type) {
    case FrameType::kExecutionReport: {
      Undecoded<ExecutionReport> memory;
      ExecutionReport& report = memory.message;
      status = Decode(input.payload, report);
      if (status == DecodeStatus::kOk) OnExecution(venue, report, effects);
      break;
    }
    case FrameType::kCancelReject: {
      CancelReject report;
      status = Decode(input.payload, report);
      if (status == DecodeStatus::kOk) OnCancelReject(venue, report, effects);
      break;
    }
    case FrameType::kExecutionDetail: {
      ExecutionDetail detail;
      status = Decode(input.payload, detail);
      if (status == DecodeStatus::kOk) OnDetail(venue, detail, effects);
      break;
    }
    case FrameType::kReferencePrice: {
      ReferencePrice reference;
      status = Decode(input.payload, reference);
      if (status == DecodeStatus::kOk) OnReferencePrice(reference);
      break;
    }
    case FrameType::kVenueStatus: {
      VenueStatus venue_status;
      status = Decode(input.payload, venue_status);
      if (status == DecodeStatus::kOk) OnVenueStatus(venue, venue_status);
      DoWork(effects);
      break;
    }
    case FrameType::kGapFill:
      if (LeaveOutRequests(input)) status = DecodeStatus::kOk;
      break;
    default:
      break;
  }
  if (status != DecodeStatus::kOk) ++counters_.malformed_reports;
}

}  // namespace ringway
