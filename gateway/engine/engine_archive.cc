// Saves the engine's whole state, and loads it into another process's engine.
//
// Archive() lists the members once for both directions. Only facts are saved; what is derived from
// them (indices, sums of exposure, the tick book, counts of work) is rebuilt while loading, so that
// it cannot contradict them. The loaded state is then checked before anything relies on it.

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/engine/engine.h"

namespace ringway {
namespace {

// "RWstate" and the format's number, which rises with every change of what is archived.
constexpr uint64_t kFormat = 0x0d65746174735752;

// The year 2116: far from where adding a day overflows.
constexpr int64_t kTimeMaxNs = int64_t{1} << 62;

}  // namespace

std::vector<uint32_t> Engine::SessionIds() const {
  std::vector<uint32_t> ids;
  for (const SessionState& session : sessions_) ids.push_back(session.id);
  return ids;
}

// Whether the state depends on the session.
bool Engine::IsInUse(SessionIndex session) const noexcept {
  return sessions_[session].next_seq_in != 1 || sessions_[session].next_seq_out != 1 ||
         checks_.get<KillSwitch>().killed(KillScope::kSession, session);
}

std::vector<uint32_t> Engine::SessionsInUse() const {
  std::vector<uint32_t> ids;
  for (SessionIndex session{0}; session < sessions_.size(); ++session) {
    if (IsInUse(session)) ids.push_back(sessions_[session].id);
  }
  return ids;
}

std::vector<uint32_t> Engine::InstrumentIds() const {
  std::vector<uint32_t> ids;
  for (const Instrument& instrument : instruments_) ids.push_back(instrument.id);
  return ids;
}

std::vector<uint32_t> Engine::VenueIds() const {
  std::vector<uint32_t> ids;
  for (VenueIndex venue{0}; venue < venues_.size(); ++venue) ids.push_back(venues_.id(venue));
  return ids;
}

template <class Self, class A>
void Engine::Archive(Self& self, A& archive, Exposure::BookLevels& levels) {
  uint64_t format = kFormat;
  archive(format);
  archive.Require(format == kFormat, "it is of another version of the gateway, or none");
  // Comes first, for Restore().
  std::vector<uint32_t> in_use;
  if constexpr (!A::kLoads) in_use = self.SessionsInUse();
  in_use.resize(archive.Count(in_use.size(), kSessionsMax, "sessions in use"));
  archive.Records(in_use);
  const Numbers sessions = archive.NumbersOf("session", self.SessionIds());
  const Numbers accounts = archive.NumbersOf("account", self.account_ids_);
  const Numbers instruments = archive.NumbersOf("instrument", self.InstrumentIds());
  const Numbers venues = archive.NumbersOf("venue", self.VenueIds());
  const Numbers desks = archive.NumbersOf("desk", self.desk_ids_);
  if (!archive.ok()) return;

  archive(self.now_ns_, self.start_, self.start_requests_, self.earlier_requests_, self.started_,
          self.totals_, self.unknown_, self.alerts_);
  archive.Require(self.now_ns_ >= 0 && self.now_ns_ < kTimeMaxNs, "a time that cannot be");
  ArchiveInstruments(self, archive, instruments);
  ReferenceGuard::Archive(self.reference_guard_, archive, self.now_ns_, instruments);
  ArchiveTable(
      archive, sessions, self.sessions_, [&archive](auto& session) { archive(session); },
      [](const SessionState& session) {
        return session.next_seq_in == 1 && session.next_seq_out == 1;
      });
  // These stay valid for a session that is retired when this is loaded.
  ArchiveTable(
      archive, sessions, self.absence_limits_,
      [&archive](auto& limits) {
        auto policy = limits.policy;
        auto grace_ns = limits.grace_ns;
        archive(policy, grace_ns);
        archive.Require(grace_ns >= 0 && grace_ns <= kCancelGraceMaxNs,
                        "a grace period that cannot be");
        if constexpr (A::kLoads) {
          if (limits.retired) limits = {policy, true, grace_ns};
        }
      },
      [](const AbsenceLimits&) { return true; });
  SaidLimits::Archive(self.said_limits_, archive, accounts, sessions, desks, instruments,
                      [&]([[maybe_unused]] const SaidLimits::Said& said) {
                        if constexpr (A::kLoads) self.RestoreLimit(said);
                      });
  Venues::Archive(self.venues_, archive, venues, instruments);
  OrderTable::Archive(self.orders_, archive, sessions, venues);
  std::vector<bool> needed;
  if constexpr (A::kLoads) needed = self.PositionsNeeded();
  Exposure::Archive(self.exposure_, archive, sessions, accounts, desks, instruments, levels,
                    needed);
  if constexpr (A::kLoads) self.ForgetPositionsGivenUp();
  RiskChecks::Archive(self.checks_, archive,
                      {.now_ns = self.now_ns_,
                       .sessions = sessions,
                       .accounts = accounts,
                       .desks = desks,
                       .venues = venues,
                       .instruments = instruments,
                       .instrument_table = self.instruments_,
                       .exposure = self.exposure_,
                       .order_slots = self.orders_.used_slots()});
  MessageRate::Archive(self.message_rate_, archive, self.now_ns_, sessions);
  ExecutionIds::Archive(self.execution_ids_, archive, venues);
  BookedAhead::Archive(self.booked_ahead_, archive, venues);
  ArchiveWork(self, archive, sessions, venues);
}

// By position index: whether an open order uses it.
std::vector<bool> Engine::PositionsNeeded() const {
  std::vector<bool> needed(exposure_.capacity());
  for (Slot slot = 0; slot < orders_.used_slots(); ++slot) {
    const Order& order = orders_[slot];
    if (IsOpen(order.state) && order.position < needed.size()) needed[order.position] = true;
  }
  return needed;
}

// Drops closed orders of items that are no longer configured, except for their clOrdIds.
void Engine::ForgetPositionsGivenUp() noexcept {
  for (Slot slot = 0; slot < orders_.used_slots(); ++slot) {
    Order& order = orders_[slot];
    if (IsClosed(order.state) && order.position < exposure_.positions() &&
        !exposure_.InUse(order.position)) {
      order.position = kNoPosition;
    }
  }
}

// A saved reference price stays in force, unless it is no longer a valid price; an instrument
// without one begins with the configured price, as if it had arrived just now.
template <class Self, class A>
void Engine::ArchiveInstruments(Self& self, A& archive, const Numbers& numbers) {
  if constexpr (A::kLoads) {
    for (Instrument& instrument : self.instruments_) instrument.reference_time_ns = self.now_ns_;
  }
  ArchiveTable(
      archive, numbers, self.instruments_,
      [&](auto& instrument) {
        int64_t price = instrument.reference_price;
        int64_t time_ns = instrument.reference_time_ns;
        bool known = instrument.has_reference;
        archive(price, time_ns, known);
        archive.Require((known || price == 0) && time_ns >= 0 && time_ns <= self.now_ns_,
                        "a reference price that cannot be");
        if constexpr (A::kLoads) {
          if (!instrument.CanValue(price) || (price == 0 && !instrument.any_sign)) {
            known = false;
            price = 0;
          }
          if (!known && instrument.has_reference) return;
          instrument.reference_price = price;
          instrument.has_reference = known;
          instrument.reference_time_ns = time_ns;
        }
      },
      [](const Instrument&) { return true; });
}

// Where the order of the sessions has changed, work that goes from session to session begins anew;
// at worst a session gets a notice twice.
template <class Self, class A>
void Engine::ArchiveWork(Self& self, A& archive, const Numbers& sessions, const Numbers& venues) {
  VenueSweep::Archive(self.doubtful_, archive, sessions, venues);
  VenueSweep::Archive(self.lost_, archive, sessions, venues);
  VenueSweep::Archive(self.overdue_, archive, sessions, venues);
  ArchiveTable(
      archive, venues, self.lost_before_,
      [&](auto& lost_before) {
        archive(lost_before);
        archive.Require(lost_before <= (self.orders_.requests() + 1) << kSlotBits,
                        "a venue lost orders that were never sent");
      },
      [](uint64_t) { return true; });
  ArchiveTable(
      archive, venues, self.days_, [&archive](auto& day) { archive(day); },
      [](const VenueDay&) { return true; });
  ArchiveTable(
      archive, venues, self.told_,
      [&](auto& told) { ToldReport::Archive(told, archive, sessions); },
      [](const ToldReport&) { return true; });
  archive(self.idle_positions_, self.next_busy_session_, self.next_retry_, self.operator_);
  Notices::Archive(self.notices_, archive,
                   [&self](const Notice& notice) { return self.IsConfigured(notice); });
  if constexpr (A::kLoads) {
    if (!archive.ok() || sessions.same) return;
    self.next_busy_session_ = 0;
    if (self.next_retry_ != kNone) self.next_retry_ = 0;
    // Cancels that are already pending are not sent again.
    if (self.operator_.active) self.BeginOperatorCancel(self.operator_.cancel);
    self.notices_.TellAgain();
  }
}

bool Engine::IsConfigured(const Notice& notice) const noexcept {
  if (notice.type == FrameType::kVenueStatus) {
    return IsKnown(notice.venue.state) && router_.IndexOf(notice.venue.venue) != kNone;
  }
  if (notice.type == FrameType::kPositionReport) {
    return IndexOfAccount(notice.position.account) != kNone &&
           IndexOfInstrument(notice.position.instrument) != kNone;
  }
  if (notice.type != FrameType::kRiskState) return false;
  const bool of_session = notice.risk.scope == KillScope::kSession;
  return of_session || KillIndex(notice.risk.scope, notice.risk.id) != kNone;
}

// Adds what every open order contributes. Names what cannot be valued under this configuration.
std::string_view Engine::RestoreExposure() noexcept {
  for (SessionIndex session{0}; session < sessions_.size(); ++session) {
    for (Slot at = orders_.first_open(session); at != kNoSlot; at = orders_[at].next) {
      const Order& order = orders_[at];
      const Instrument& instrument = InstrumentOf(order);
      const auto price_fits = [&instrument](int64_t price) { return instrument.CanValue(price); };
      const auto ticks_fit = [&](int64_t price) {
        return !HasLimit(order.ord_type) || instrument.IsOnTick(price);
      };
      const bool replaces = order.Has(kReplacePending);
      if (!price_fits(order.price) || !price_fits(order.risk_price) ||
          (replaces &&
           (!price_fits(order.replace_price) || !price_fits(order.replace_risk_price)))) {
        return "an open order's price is above its instrument's price_max, or below price_min: "
               "configure the old";
      }
      if (!ticks_fit(order.price) || (replaces && !ticks_fit(order.replace_price))) {
        return "an open order's price is not a multiple of its instrument's tick: configure the "
               "old";
      }
      if (order.leaves_qty >= kQuantityBound || (replaces && order.replace_qty >= kQuantityBound)) {
        return "an open order's quantity is beyond all bounds";
      }
      const Position& position = exposure_.position(order.position);
      if (!exposure_.groups().Join(session, position.instrument)) {
        return "open orders of sessions in more instruments than there is room for: raise "
               "pools.positions_max";
      }
      exposure_.Add(ContributionOf(order));
    }
  }
  return {};
}

// Checks across components.
std::string_view Engine::FindLoadError() const noexcept {
  for (Slot slot = 0; slot < orders_.used_slots(); ++slot) {
    const Order& order = orders_[slot];
    if (IsClosed(order.state) && order.position == kNoPosition) continue;
    if (order.position >= exposure_.positions() || !exposure_.InUse(order.position)) {
      return "an order of no position";
    }
    // Positions that no order refers to are freed.
    const bool seen =
        idle_positions_.phase >= IdlePositionsJob::Phase::kFree ||
        (idle_positions_.phase == IdlePositionsJob::Phase::kRefer && slot < idle_positions_.at);
    const Position& position = exposure_.position(order.position);
    if (seen && (position.referred == 0 ||
                 !exposure_.groups().IsReferred(order.session, position.instrument))) {
      return "an order's position is not referred to";
    }
  }
  const auto stands = [this](const Walk& walk, SessionIndex session) {
    return walk.at == kNoSlot ||
           (walk.at < orders_.used_slots() && orders_[walk.at].session == session &&
            IsOpen(orders_[walk.at].state));
  };
  for (SessionIndex at{0}; at < sessions_.size(); ++at) {
    const SessionState& session = sessions_[at];
    if (!stands(session.disconnect, at) || !stands(session.mass_cancel.walk, at) ||
        !stands(session.retry.walk, at) || !stands(session.snapshot.walk, at)) {
      return "unfinished work stands on no open order of its session";
    }
    if (session.next_seq_in == 0 || session.next_seq_out == 0) return "a sequence number is 0";
    if (session.grace_end_ns < 0 || session.grace_end_ns > now_ns_ + kCancelGraceMaxNs) {
      return "a grace period that cannot be";
    }
    if (session.retry.due_ns > now_ns_ + kRetryLongestNs) return "a retry that is due too late";
  }
  const auto sessions = static_cast<uint32_t>(sessions_.size());
  for (const VenueSweep* sweep : Sweeps()) {
    if (sweep->session > sessions ||
        (sweep->venue != VenueSweep::kNone &&
         (sweep->session >= sessions || !stands(sweep->walk, sweep->session)))) {
      return "a search for a venue's orders is about no session";
    }
  }
  if (next_busy_session_ > sessions || notices_.next_session() > sessions) {
    return "unfinished work is about no session";
  }
  if ((next_retry_ != kNone && next_retry_ > sessions) || operator_.end_session > sessions ||
      operator_.next_session > operator_.end_session ||
      (operator_.walk.active() &&
       (operator_.next_session == 0 ||
        !stands(operator_.walk, SessionIndex{operator_.next_session - 1})))) {
    return "an operator's cancel is about no session";
  }
  return {};
}

void Engine::Save(const StateWriter::Sink& sink) const {
  StateWriter writer(sink);
  Exposure::BookLevels levels;
  Archive(*this, writer, levels);
  writer.Finish();
}

uint64_t Engine::StateHash() const {
  uint64_t hash = 0;
  Save([&hash](std::span<const std::byte> bytes) {
    for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {
      uint64_t word = 0;
      std::memcpy(&word, &bytes[at], std::min(sizeof(word), bytes.size() - at));
      hash = MixHash(hash ^ word, 1);
    }
  });
  return hash;
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Restore(EngineConfig config,
                                                        std::span<const std::byte> saved) {
  StateReader reader(saved);
  uint64_t format = 0;
  reader(format);
  // Load() reports what is wrong with it.
  if (reader.ok() && format == kFormat) {
    std::vector<uint32_t> in_use(reader.Count(0, kSessionsMax, "sessions in use"));
    reader.Records(in_use);
    for (const uint32_t id : in_use) {
      const auto has = [id](const EngineSessionConfig& session) { return session.id == id; };
      if (id == 0 || id > kConfigIdMax || std::ranges::any_of(config.sessions, has)) continue;
      EngineSessionConfig& kept = config.sessions.emplace_back();
      kept.id = id;
      kept.retired = true;
    }
  }
  if (config.sessions.size() > kSessionsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("this state cannot be loaded: it knows sessions that are not configured any "
                     "more, with which "
                     "there are more than ",
                     kSessionsMax, ": configure fewer new ones"));
  }
  auto engine = std::make_unique<Engine>(config);
  if (absl::Status loaded = engine->Load(saved); !loaded.ok()) return loaded;
  return engine;
}

absl::Status Engine::Load(std::span<const std::byte> saved) {
  RINGWAY_CHECK(!started_ && now_ns_ == 0, "state is loaded into a new engine");
  StateReader reader(saved);
  Exposure::BookLevels levels;
  if (reader.ok()) Archive(*this, reader, levels);
  reader.Finish();
  std::string_view error;
  if (reader.ok()) error = orders_.FindError();
  if (reader.ok() && error.empty()) error = FindLoadError();
  if (reader.ok() && error.empty()) error = RestoreExposure();
  if (reader.ok() && error.empty() && !exposure_.RaiseBooks(levels)) {
    error = "the heights of price trees are not those of the open orders";
  }
  if (!reader.ok() || !error.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this state cannot be loaded: ", reader.ok() ? std::string(error) : reader.error()));
  }
  for (SessionIndex session{0}; session < sessions_.size(); ++session) {
    const MassCancelJob& mass = sessions_[session].mass_cancel;
    if (mass.active && !orders_.NameCancel(session, mass.request.cl_ord_id)) {
      return absl::InvalidArgumentError(
          "this state cannot be loaded: a mass cancel has the clOrdId of an order");
    }
    NoteBusy(session);
    NoteOwed(session);
    SetTimer(session);
  }
  RecountWork();
  return absl::OkStatus();
}

}  // namespace ringway
