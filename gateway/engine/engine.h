// Engine: the core order path. Handles requests, venues' reports, operators' commands and the
// passing of time.
//
// Step() is a pure function of the engine's state, the time and one input; see gateway/core/step.h.
// It does no I/O, reads no clock, starts no thread, draws no random number and allocates nothing
// after construction; the same inputs give the same effects and the same StateHash(), so a journal
// of inputs replays it. Only the places of keys in its hash tables depend on a secret that its
// constructor draws (table_secret.h), and nothing else depends on those places.
//
// One step seen from outside:
//
//   a session's NewOrder      ->  NewOrder to a venue + OrderAck  | OrderReject  (+ ThrottleNotice)
//   a session's Cancel        ->  Cancel to the venue + OrderAck  | CancelReject
//   a session's Replace       ->  Replace to the venue + OrderAck | CancelReject
//   a session's MassCancel    ->  Cancels, more in later steps; MassCancelReport when all are sent
//   a venue's ExecutionReport ->  the same to the session, in the client's identifiers
//   a venue's CancelReject    ->  likewise
//
// Files: engine.cc construction and dispatch; engine_request.cc one order; engine_cancel.cc cancel
// and replace; engine_report.cc, engine_forgotten.cc and engine_venue.cc what venues report;
// engine_session.cc sessions and gateways that start and end; engine_day.cc trading days;
// engine_operator.cc operators; engine_work.cc work over many orders; engine_prefetch.cc what a
// step will touch; engine_state.cc inspection and hash; engine_archive.cc the state as bytes.
//
// Thread rule: one thread. Lifetime: the configuration is not kept.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/core/indices.h"
#include "gateway/core/step.h"
#include "gateway/engine/alerts.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/booked_ahead.h"
#include "gateway/engine/engine_config.h"
#include "gateway/engine/engine_counters.h"
#include "gateway/engine/execution_ids.h"
#include "gateway/engine/index_set.h"
#include "gateway/engine/latest.h"
#include "gateway/engine/lifecycle.h"
#include "gateway/engine/notices.h"
#include "gateway/engine/order.h"
#include "gateway/engine/order_table.h"
#include "gateway/engine/session_state.h"
#include "gateway/engine/session_timers.h"
#include "gateway/risk/checks.h"
#include "gateway/risk/exposure.h"
#include "gateway/risk/instruments.h"
#include "gateway/risk/message_rate.h"
#include "gateway/risk/reference_guard.h"
#include "gateway/risk/said_limits.h"
#include "gateway/route/router.h"
#include "gateway/route/venues.h"
#include "schema/messages.h"

namespace ringway {

// An order as seen by administration and tests.
struct OrderView {
  SessionId session;
  uint64_t cl_ord_id;
  uint64_t order_id;
  uint64_t venue_request_id;  // the venue's identifier of the order
  uint32_t account;
  uint32_t instrument;
  VenueId venue;
  Side side;
  OrdStatus status;
  int64_t price;
  uint64_t leaves_qty;
  uint64_t cum_qty;
  // Towards the venue.
  OrdType ord_type;
  TimeInForce time_in_force;
  bool confirmed;  // the venue has said of it that it is there
  int64_t stop_price;
  uint64_t cancel_id;  // of a cancel and a replace without an answer; 0: none
  uint64_t replace_id;
  int64_t replace_price;
  uint64_t replace_qty;
};

struct PositionView {
  uint32_t account;
  uint32_t instrument;
  int64_t quantity;   // bought minus sold
  uint64_t open_buy;  // of open orders, pending replacements at their larger size
  uint64_t open_sell;
  // Profit (negative: loss) of its account since the trading day began, at market prices, where the
  // account, its desk or the firm has a loss limit.
  std::optional<Money> account_day_result = {};
};

// Operators' cancels of many orders: the latest, with those that it followed immediately.
struct OperatorCancelView {
  bool under_way = false;
  uint32_t waiting = 0;   // cancels that begin when it has ended
  uint32_t affected = 0;  // cancels that were sent
  uint32_t not_sent = 0;  // the venue is down: sent when it is back
};

// A limit that an operator has changed from its configured value; kNoLimit: off.
struct ChangedLimit {
  LimitOwner owner;
  uint32_t id;  // of the owner; 0: the firm
  LimitKind limit;
  int64_t configured;
  int64_t value;
};

// A venue's report about an order that is not, or no longer, known.
struct UnknownReport {
  int64_t time_ns;
  uint64_t venue_request_id;
  uint64_t exec_id;
  uint64_t last_qty;
  uint32_t account;  // as stated by the venue, like all members here; 0: not stated
  uint32_t instrument;
  VenueId venue;
  ExecType exec_type;
  Side side;
  bool booked;  // the position follows it; otherwise an operator must decide whether it should

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.time_ns, self.venue_request_id, self.exec_id, self.last_qty, self.account,
            self.instrument, self.venue, self.exec_type, self.side, self.booked);
  }
};

class Engine {
 public:
  // REQUIRES: `config` fits the ranges of engine_config.h; CHECKed.
  explicit Engine(const EngineConfig& config);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Processes one input to completion; its effects are appended. REQUIRES: now_ns (Unix epoch)
  // never steps back (gateway/core/step.h); `effects` is empty; CanStart() before kStart, CHECKed.
  void Step(int64_t now_ns, const Input& input, Effects& effects) noexcept;

  // Prefetches what a Step() with this input, or one soon after, would wait for. A hint: it changes
  // nothing, any bytes are harmless, and input.payload may be memory that others write to.
  void Prefetch(const Input& input) const noexcept;

  // The venue that a session's new order or replace would be routed to if it were the next step; 0:
  // none, it would be refused.
  VenueId VenueOf(const Input& input) noexcept;

  // Whether a kTimer step would find work that an earlier step left over.
  bool HasWork() const noexcept { return work_ != 0 || timers_.next_due_ns() <= now_ns_; }
  // Whether a kTimer step at that time would change anything but the time. If not, it need not be
  // journaled.
  bool TimerMatters(int64_t now_ns) const noexcept {
    return work_ != 0 || now_ns >= timers_.next_due_ns() ||
           orders_.requests() >= kRequestsMax - kRequestsReserve;
  }

  // Whether kStart with this number is permitted: it is above every earlier one and leaves
  // identifiers for venue requests (order.h). Otherwise this state is exhausted: close all orders
  // and begin with a new one.
  bool CanStart(uint32_t number) const noexcept {
    return number > start_ &&
           orders_.requests() + (uint64_t{number} - start_) * kRequestsPerStart <=
               kRequestsMax - kRequestsReserve / 2;
  }

  // --- The whole state as bytes ---

  // Writes everything that later steps depend on, in pieces to `sink`, in order; about 200 bytes
  // for every order that is open or remembered. An engine that loads it answers every further input
  // as this one does, and has the same StateHash(). Not within a step; allocates.
  void Save(const StateWriter::Sink& sink) const;

  // Loads what Save() wrote. Items are identified by their numbers, so the configuration may have
  // more of them, in another order and with other limits; everything the state refers to must still
  // be there, and pools must hold it. Errors: InvalidArgument naming what does not fit and the
  // remedy; the engine is then unusable, construct a new one. REQUIRES: a new engine, no step done.
  absl::Status Load(std::span<const std::byte> saved);

  // A new engine that has loaded it. Sessions that the state knows and the configuration does not
  // are kept, retired: their orders stay live, but they can send nothing. Errors: as Load().
  static absl::StatusOr<std::unique_ptr<Engine>> Restore(EngineConfig config,
                                                         std::span<const std::byte> saved);

  // --- Inspection; none of it changes anything. ---
  const OrderTotals& totals() const noexcept { return totals_; }
  // Since construction or the latest BeginCounting().
  const EngineCounters& counters() const noexcept { return counters_; }
  void BeginCounting() noexcept { counters_ = {}; }
  int64_t now_ns() const noexcept { return now_ns_; }  // of the latest step; 0: none
  uint32_t start() const noexcept { return start_; }   // number of the latest kStart; 0: none
  bool journal_failed() const noexcept {               // as of the last kJournal
    return checks_.get<KillSwitch>().Has(GatewayFault::kJournal);
  }
  uint32_t open_orders() const noexcept { return orders_.open_orders(); }
  const OrderTable& orders() const noexcept { return orders_; }
  // 0 for an unknown session.
  uint32_t open_orders(SessionId session) const noexcept;
  uint64_t next_seq_in(SessionId session) const noexcept;
  // All sessions, including retired ones.
  std::vector<uint32_t> SessionIds() const;
  bool retired(SessionId session) const noexcept {
    const SessionIndex index = IndexOfSession(session);
    return index != kNone && absence_limits_[index].retired;
  }
  // Sides of instruments in which its executions have disabled it. 0 for an unknown session.
  uint32_t execution_throttles(SessionId session) const noexcept;
  uint64_t next_seq_out(SessionId session) const noexcept;
  VenueState venue_state(VenueId venue) const noexcept;
  bool killed(KillScope scope, uint32_t id) const noexcept;
  // The number of latched kill switches of this kind.
  uint32_t killed_count(KillScope scope) const noexcept {
    return checks_.get<KillSwitch>().latched(scope);
  }
  // visit(number) for the latched accounts or instruments, of `most` from index `first`; returns
  // the index to continue from, UINT32_MAX: complete.
  template <class F>
  uint32_t ForEachKilled(KillScope scope, uint32_t first, uint32_t most, F&& visit) const {
    const bool of_account = scope == KillScope::kAccount;
    const size_t count = of_account ? account_ids_.size() : instruments_.size();
    const size_t end = std::min<size_t>(count, size_t{first} + most);
    for (auto at = first; at < end; ++at) {
      if (!checks_.get<KillSwitch>().killed(scope, at)) continue;
      visit(of_account ? account_ids_[at] : instruments_[at].id);
    }
    return end == count ? UINT32_MAX : static_cast<uint32_t>(end);
  }
  // Whether an operator's kill switch is latched for the order of a venue request.
  bool RequestIsKilled(uint64_t venue_request) const noexcept;
  OperatorCancelView operator_cancel() const noexcept;
  const Alerts& alerts() const noexcept { return alerts_; }
  // The number of restrictions by operators that differ from the configuration.
  size_t restrictions() const noexcept { return exposure_.restricted_list().said().size(); }
  // Limits that operators have changed from their configured values: how many, and one of them, in
  // the order of the commands. REQUIRES: at < limits_changed().
  size_t limits_changed() const noexcept { return said_limits_.all().size(); }
  ChangedLimit limit_changed(size_t at) const noexcept;
  // The reference price of an instrument, and the price that waits for confirmation; 0: none.
  int64_t reference_price(uint32_t instrument) const noexcept;
  int64_t held_reference(uint32_t instrument) const noexcept;
  PositionView position(uint32_t account, uint32_t instrument) const noexcept;
  // Finds an order that is open, or closed and still remembered.
  std::optional<OrderView> FindOrder(SessionId session, uint64_t cl_ord_id) const noexcept;
  // visit(const OrderView&) for a session's open orders, in order of entry; for the first `most`.
  template <class F>
  void ForEachOpenOrder(SessionId session, F&& visit, uint32_t most = UINT32_MAX) const {
    const SessionIndex index = IndexOfSession(session);
    if (index == kNone) return;
    for (Slot at = orders_.first_open(index); at != kNoSlot && most != 0; --most) {
      visit(ViewOf(orders_[at]));
      at = orders_[at].next;
    }
  }
  // visit(const PositionView&) in order of creation.
  template <class F>
  void ForEachPosition(F&& visit) const {
    for (uint32_t at = 0; at < exposure_.positions(); ++at) {
      if (exposure_.InUse(at)) visit(ViewOf(exposure_.position(at)));
    }
  }
  // The positions one by one, for callers that visit a few at a time: their number never falls. One
  // with account 0 is a free place.
  uint32_t positions() const noexcept { return exposure_.positions(); }
  PositionView position_at(uint32_t index) const noexcept {  // REQUIRES: index < positions()
    return exposure_.InUse(index) ? ViewOf(exposure_.position(index)) : PositionView{};
  }
  // As of the last kTradingDay; 0: none yet.
  uint32_t trading_day(VenueId venue) const noexcept;
  // The latest, oldest first.
  static constexpr uint32_t kUnknownReportsKept = 16;
  std::vector<UnknownReport> unknown_reports() const;
  // Of what Save() writes.
  uint64_t StateHash() const;
  // Recomputes every sum of exposure and the best resting prices from the orders and names the
  // first that differs; empty: none. Allocates and walks all orders.
  std::string_view FindExposureError() const;

 private:
  // Inside the engine this name is unambiguous; outside, SessionState is the client's (msg/).
  using SessionState = EngineSession;

  Engine(const EngineConfig& config, const TableSecret& secret);

  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr SessionIndex kNoSession{kNone};
  // The most orders, sessions to be notified and timers that one step visits, in work over many.
  static constexpr uint32_t kVisitsPerStepMax = 128;
  // The part of these that one kind of work gets before the others have had theirs.
  static constexpr uint32_t kVisitsOfAKindMax = kVisitsPerStepMax / 8;
  // The most effects that one visited order causes: an OpenOrder, a report and a cancel.
  static constexpr uint32_t kEffectsPerVisitMax = 4;

  // engine.cc
  inline void OnSession(SessionIndex session, const Input& input, Effects& effects) noexcept;
  void OnVenue(VenueIndex venue, const Input& input, Effects& effects) noexcept;
  [[nodiscard]] bool OnLifecycleInput(const Input& input) noexcept;
  void StartReferences() noexcept;
  void SkipRequests(SessionState& session, const Input& input) noexcept;
  void RejectMessage(SessionState& session, FrameType type, SessionRejectReason reason,
                     Effects& effects) noexcept;

  // engine_prefetch.cc
  void PrefetchRequest(const Input& input) const noexcept;
  void PrefetchBook(std::span<const std::byte> new_order) const noexcept;
  void PrefetchReport(const Input& input) const noexcept;

  // engine_request.cc
  inline void SendOrder(VenueIndex venue, const NewOrder& request, bool plain, uint64_t order_id,
                        uint8_t profile, Effects& effects) noexcept;
  // `plain`: it asks for nothing out of the ordinary; all fields behind the plain words are zero.
  static constexpr uint32_t kPlainWords = offsetof(NewOrder, stop_price) / kWordBytes;
  static bool IsPlain(const NewOrder& request) noexcept;
  void OnNewOrder(SessionIndex session, const NewOrder& request, bool plain,
                  Effects& effects) noexcept;
  // Of more than the plain words.
  [[gnu::noinline]] void OnLongNewOrder(SessionIndex session, const NewOrder& request,
                                        Effects& effects) noexcept;
  [[gnu::noinline]] void AnswerResend(SessionIndex session, const OrderTable::Name& name,
                                      const NewOrder& request, Effects& effects) noexcept;
  // The price that open quantity is valued at. `otherwise`: for an order without any price.
  [[gnu::always_inline]] static int64_t RiskPrice(const Instrument& instrument, BookSide side,
                                                  OrdType type, int64_t price, int64_t stop_price,
                                                  int64_t otherwise) noexcept {
    const int64_t own = HasLimit(type) ? price : HasTrigger(type) ? stop_price : otherwise;
    // A sell gets the market price, and a buy without a limit pays it. Below zero a buy gets it
    // too.
    const bool at_market = side == kSellSide || !HasLimit(type) || instrument.any_sign;
    return at_market ? instrument.Worse(own, instrument.reference_price) : own;
  }
  // `order`: what a replace is about; null: this is a new order. `features`: those that the order
  // itself asked for.
  template <class M>
  RiskRequest RiskRequestOf(const M& request, const Order* order, FeatureSet features,
                            uint8_t profile, VenueIndex venue, const Position& position,
                            int64_t risk_price, const Contribution& before,
                            const Contribution& after) const noexcept;
  RejectReason ExpiryError(TimeInForce time_in_force, uint64_t time, uint32_t date) const noexcept;
  // REQUIRES: one of them is 0.
  static uint64_t ExpiryOf(uint64_t time, uint32_t date) noexcept {
    return date != 0 ? kExpiryIsDate | date : time;
  }
  inline RejectReason FieldError(const NewOrder& request, const Instrument& instrument,
                                 bool plain) const noexcept;
  static RejectReason InstructionError(const NewOrder& request) noexcept;
  void RejectOrder(SessionState& session, const NewOrder& request, const Verdict& verdict,
                   VenueId venue, Effects& effects) noexcept;
  void NoticeThrottling(SessionState& session, SessionIndex index,
                        const MessageRate::Answer& answer, Effects& effects) noexcept;
  void Acknowledge(SessionState& session, const Order& order, RequestType type, uint64_t cl_ord_id,
                   uint64_t orig_cl_ord_id, Effects& effects) noexcept;
  void AcknowledgeAgain(const Order& order, RequestType type, uint64_t cl_ord_id,
                        uint64_t orig_cl_ord_id, Effects& effects) noexcept;

  // engine_cancel.cc
  void OnCancel(SessionIndex session, const Cancel& request, Effects& effects) noexcept;
  void OnReplace(SessionIndex session, const Replace& request, Effects& effects) noexcept;
  Order* FindForChange(SessionIndex session, uint64_t orig_cl_ord_id) noexcept;
  void EndCancel(Order& order) noexcept;
  void SendCancel(Order& order, uint64_t cl_ord_id, uint8_t profile, Effects& effects) noexcept;
  bool IsReplaceOf(const Order& order, const Replace& request) const noexcept;
  void RejectChange(SessionState& session, const Order* order, RequestType type, uint64_t cl_ord_id,
                    uint64_t orig_cl_ord_id, CancelRejectReason reason, RiskCheck check,
                    Effects& effects) noexcept;
  CancelRejectReason ReplaceError(const Order& order, const Replace& request) const noexcept;
  bool CancelIsUnanswered(const Order& order) const noexcept {
    return order.Has(kCancelPending) && order.outages_at_cancel == venues_.outages(order.venue);
  }

  // engine_report.cc
  void OnExecution(VenueIndex venue, const ExecutionReport& report, Effects& effects) noexcept;
  void OnCancelReject(VenueIndex venue, const CancelReject& report, Effects& effects) noexcept;
  void OnDetail(VenueIndex venue, const ExecutionDetail& detail, Effects& effects) noexcept;
  void NoteTold(const Order& order, uint64_t request, uint64_t exec_id,
                uint64_t cl_ord_id) noexcept;
  Order* FindReported(VenueIndex venue, uint64_t id, uint64_t orig_id) noexcept;
  void OnTrade(Order& order, const ExecutionReport& report, bool late, Effects& effects) noexcept;
  void OnAdjustment(Order& order, const ExecutionReport& report, Effects& effects) noexcept;
  void OnReplaced(Order& order, const ExecutionReport& report, Effects& effects) noexcept;
  void OnRestated(Order& order, const ExecutionReport& report, Effects& effects) noexcept;
  void OnStanding(Order& order, const ExecutionReport& report, Transition transition,
                  Effects& effects) noexcept;
  void OnNeverSent(Order& order, Effects& effects) noexcept;
  void EndUnknown(Order& order, Effects& effects) noexcept;
  void EndHere(Order& order, OrderState state, ExecType type, RejectReason why,
               Effects& effects) noexcept;
  void OnUnknownAtVenue(Order& order, uint64_t request_id, Effects& effects) noexcept;
  bool CanBe(const Order& order, const ExecutionReport& report) const noexcept;
  void BookMissing(Order& order, uint64_t cum_qty, const ExecutionReport& report,
                   Effects& effects) noexcept;
  uint64_t AddMissing(Order& order, uint64_t cum_qty, int64_t price) noexcept;
  void TakePrice(Order& order, int64_t price) noexcept;
  int64_t FillPrice(const Order& order, int64_t said) const noexcept;
  [[nodiscard]] bool Reopen(Order& order, uint64_t leaves_qty) noexcept;
  void BeginDoubt(Order& order, Effects& effects) noexcept;
  // Whether this status from the venue ends the order.
  static bool HasEnded(const Order& order, OrdStatus status) noexcept {
    return IsFinal(status) && !(status == OrdStatus::kFilled && MayStillGrow(order));
  }
  // Whether a pending replace may add to a filled order: then the order is open with leaves 0.
  static bool MayStillGrow(const Order& order) noexcept {
    return order.Has(kReplacePending) && order.replace_qty > order.cum_qty;
  }
  void OnRefused(Order& order, uint64_t request_id, CancelRejectReason reason,
                 Effects& effects) noexcept;
  void TakeReplacement(Order& order, uint32_t day) noexcept;
  void Report(const Order& order, const ExecutionReport& from_venue, uint64_t cl_ord_id,
              uint64_t orig_cl_ord_id, Effects& effects) noexcept;
  void Close(Order& order, OrderState state) noexcept;
  void RejectPending(Order& order, Effects& effects) noexcept;
  void AddFill(Order& order, int64_t quantity, int64_t price) noexcept;
  void CorrectTrade(Order& order, const ExecutionReport& report) noexcept;
  void ChangePosition(uint32_t place, SessionIndex session, int64_t quantity, int64_t price,
                      int64_t paid) noexcept;
  void TellLoss(const LossCrossing& crossing) noexcept;
  void CountExecution(const Order& order) noexcept;

  // engine_venue.cc
  void OnVenueStatus(VenueIndex venue, const VenueStatus& status) noexcept;
  void OnBookLost(VenueIndex venue) noexcept;
  void OnReferencePrice(const ReferencePrice& reference) noexcept;
  void Alert(AlertKind kind, RiskAlert alert) noexcept {
    alert.kind = kind;
    alert.time_ns = now_ns_;
    alerts_.Add(alert);
  }
  [[nodiscard]] bool LeaveOutRequests(const Input& input) noexcept;

  // engine_forgotten.cc
  void OnForgotten(VenueIndex venue, const ExecutionReport& report) noexcept;
  void RememberUnknown(VenueIndex venue, const ExecutionReport& report, bool booked) noexcept;
  bool CanBook(VenueIndex venue, const ExecutionReport& report) const noexcept;
  bool MayHaveGiven(VenueIndex venue, uint64_t request_id) const noexcept;
  uint64_t* BookedAheadOf(VenueIndex venue, const ExecutionReport& report) noexcept;

  // engine_day.cc
  bool OnTradingDay(const Input& input) noexcept;
  void BeginTradingDay(VenueIndex venue, const TradingDay& began) noexcept;
  uint32_t DayOf(VenueIndex venue, uint64_t transact_time) const noexcept;
  bool IsOverdue(const Order& order) const noexcept;
  void EndOverdue(Order& order, Effects& effects) noexcept;
  void SweepOverdue(Effects& effects) noexcept;
  void FreeIdlePositions(Effects& effects) noexcept;
  [[nodiscard]] bool VisitIdle(IdlePositionsJob& job) noexcept;
  void FreeIfIdle(uint32_t place) noexcept;
  void MarkPositions(Effects& effects) noexcept;
  void ReferToPosition(Order& order) noexcept;

  // engine_session.cc
  void OnSessionUp(SessionIndex session, const Input& input) noexcept;
  void OnSessionDown(SessionIndex session, const Input& input) noexcept;
  CancelOnDisconnect PolicyOf(SessionIndex session) const noexcept;
  void BeginGrace(SessionIndex session) noexcept;
  void CancelGone(SessionIndex session) noexcept;
  void EndWaits(const Effects& effects) noexcept;
  void SetTimer(SessionIndex session) noexcept;
  // Whether the gateway itself wants this open order canceled, until it has ended.
  bool IsOwed(const Order& order) const noexcept {
    return order.Has(kCancelWanted | kAskedFor) ||
           sessions_[order.session].absence == Absence::kGone;
  }
  void NoteOwed(SessionIndex session) noexcept;
  void WantCancel(Order& order, uint8_t why) noexcept;
  void RetryLater(SessionIndex session) noexcept;
  void StartRetry(SessionIndex session) noexcept;
  void RetryAll() noexcept;
  void OnStart(const Input& input) noexcept;
  void WatchIdentifiers() noexcept;

  // engine_work.cc
  void OnMassCancel(SessionIndex session, const MassCancel& request, Effects& effects) noexcept;
  void DoWork(Effects& effects) noexcept;
  void WorkForSessions(Effects& effects) noexcept;
  void WorkForSession(SessionIndex index, Effects& effects) noexcept;
  void RetryForSession(SessionIndex index, Effects& effects) noexcept;
  void StartRetries(const Effects& effects) noexcept;
  void NoteBusy(SessionIndex index) noexcept;
  enum class Walked : uint8_t { kSent, kUnreachable, kAskedBefore };
  void CancelFor(MassCancelJob& job, SessionState& session, Effects& effects) noexcept;
  // Whether a MassCancel or OperatorCancel is about the order.
  template <Message M>
  bool Fits(const Order& order, const M& filter) const noexcept {
    const Position& position = exposure_.position(order.position);
    return (filter.instrument == 0 || filter.instrument == instruments_[position.instrument].id) &&
           (filter.account == 0 || filter.account == account_ids_[position.account]) &&
           (filter.venue == 0 || filter.venue == venues_.id(order.venue)) &&
           (filter.side == Side::kUnset || filter.side == order.side);
  }
  Walked CancelWalked(Order& order, SessionState& session, uint64_t cl_ord_id,
                      Effects& effects) noexcept;
  void SendOpenOrder(SessionState& session, Order& order, Effects& effects) noexcept;
  void StepSnapshot(SessionIndex index, Effects& effects) noexcept;
  bool MaySee(SessionIndex session, AccountIndex account,
              InstrumentIndex instrument) const noexcept;
  PositionReport ReportOf(const Position& position) const noexcept;
  void TellPosition(AccountIndex account, InstrumentIndex instrument) noexcept;
  void SendNotices(Effects& effects) noexcept;
  void SweepDoubt(Effects& effects) noexcept;
  void SweepLost(Effects& effects) noexcept;
  std::array<const VenueSweep*, 3> Sweeps() const noexcept {
    return {&doubtful_, &lost_, &overdue_};
  }
  template <class F>
  void Sweep(VenueSweep& sweep, const Effects& effects, F&& visit) noexcept;
  bool TakeVisit(const Effects& effects) noexcept;
  Walk StartWalk(SessionIndex session) const noexcept;
  void StepWalk(Walk& walk) noexcept;
  void SkipClosing(const Order& order) noexcept;
  void RecountWork() noexcept;
  bool Concerns(const Notice& notice, SessionIndex session) const noexcept;

  // engine_operator.cc
  void OnAdmin(const Input& input) noexcept;
  [[nodiscard]] bool OnKill(RiskState request) noexcept;
  void SetKill(const RiskState& request, uint32_t index) noexcept;
  void OnBreach(SessionIndex session, const Verdict& verdict) noexcept;
  [[nodiscard]] bool OnAdjustPosition(const PositionAdjustment& adjustment) noexcept;
  bool AdjustAccount(const PositionAdjustment& adjustment, InstrumentIndex index) noexcept;
  bool AdjustSession(const PositionAdjustment& adjustment, InstrumentIndex index) noexcept;
  [[nodiscard]] bool OnChangeLimit(const LimitChange& change) noexcept;
  uint32_t LimitOwnerIndex(LimitOwner owner, uint32_t id) const noexcept;
  // Calls use(limits) with the limits of this owner and returns its result; false: no such owner.
  template <class F>
  bool WithLimitsOf(LimitOwner owner, uint32_t index, F&& use) noexcept {
    switch (owner) {
      case LimitOwner::kFirm:
        return use(firm_limits_);
      case LimitOwner::kSession:
        return use(session_limits_[index]);
      case LimitOwner::kAccount:
        return use(account_limits_[index]);
      case LimitOwner::kDesk:
        return use(desk_limits_[index]);
      case LimitOwner::kInstrument:
        return use(exposure_.LimitsOfFirm(InstrumentIndex{index}));
      case LimitOwner::kUnset:
        break;
    }
    return false;
  }
  // Sets a limit and informs every check.
  bool SayLimit(LimitOwner owner, uint32_t index, LimitKind kind, int64_t value) noexcept;
  // Restores an operator's saved limit, unless the configured value has changed since.
  void RestoreLimit(const SaidLimits::Said& said) noexcept;
  [[nodiscard]] bool OnRestrict(const Restriction& restriction) noexcept;
  [[nodiscard]] bool OnSetReference(const ReferencePrice& reference) noexcept;
  [[nodiscard]] bool OnOperatorCancel(const OperatorCancel& request) noexcept;
  void BeginOperatorCancel(const CancelCommand& cancel) noexcept;
  void WorkForOperator(Effects& effects) noexcept;

  // engine_soft_limits.cc
  void LookAtSoftLimits(SessionIndex session, uint32_t position) noexcept;

  // engine_archive.cc
  template <class Self, class A>
  static void Archive(Self& self, A& archive, Exposure::BookLevels& levels);
  template <class Self, class A>
  static void ArchiveInstruments(Self& self, A& archive, const Numbers& numbers);
  template <class Self, class A>
  static void ArchiveWork(Self& self, A& archive, const Numbers& sessions, const Numbers& venues);
  std::vector<bool> PositionsNeeded() const;
  void ForgetPositionsGivenUp() noexcept;
  bool IsConfigured(const Notice& notice) const noexcept;
  std::string_view RestoreExposure() noexcept;
  std::string_view FindLoadError() const noexcept;
  bool IsInUse(SessionIndex session) const noexcept;
  std::vector<uint32_t> SessionsInUse() const;
  std::vector<uint32_t> InstrumentIds() const;
  std::vector<uint32_t> VenueIds() const;

  // engine_state.cc
  OrderView ViewOf(const Order& order) const noexcept;
  PositionView ViewOf(const Position& position) const noexcept;

  template <Message M>
  void ToSession(SessionState& session, const M& message, Effects& effects) noexcept {
    static_assert(static_cast<uint8_t>(M::kType) >= 64, "only reports are numbered");
    effects.Add(Target::kSession, session.id, session.next_seq_out++, message);
  }
  // As above, of a message that fill(M&) builds where it stays.
  template <Message M, class F>
  void BuildForSession(SessionState& session, Effects& effects, F&& fill) noexcept {
    static_assert(static_cast<uint8_t>(M::kType) >= 64, "only reports are numbered");
    effects.Build<M>(Target::kSession, session.id, session.next_seq_out++, fill);
  }
  template <Message M>
  void ToVenue(VenueIndex venue, const M& message, Effects& effects) noexcept {
    effects.Add(Target::kVenue, venues_.id(venue), 0, message);
  }

  // Every snapshot shows an order before any report about it.
  void ShowFirst(SessionState& session, Order& order, Effects& effects) noexcept {
    if (session.snapshot.active) [[unlikely]] {
      if (order.order_id < session.snapshot.walk.end_order_id)
        SendOpenOrder(session, order, effects);
    }
  }

  Contribution ContributionOf(const Order& order) const noexcept;
  uint64_t RestingTick(OrdType type, TimeInForce time_in_force, BookSide side,
                       const Instrument& instrument, int64_t price) const noexcept;
  const Instrument& InstrumentOf(const Order& order) const noexcept {
    return instruments_[exposure_.position(order.position).instrument];
  }
  static BookSide BookSideOf(Side side) noexcept {
    return side == Side::kBuy ? kBuySide : kSellSide;
  }

  // kNone: nothing has this id. None of them takes an index for an id.
  SessionIndex IndexOfSession(std::unsigned_integral auto id) const noexcept {
    return IndexIn<SessionIndex>(session_index_, id);
  }
  AccountIndex IndexOfAccount(std::unsigned_integral auto id) const noexcept {
    return IndexIn<AccountIndex>(account_index_, id);
  }
  InstrumentIndex IndexOfInstrument(std::unsigned_integral auto id) const noexcept {
    return IndexIn<InstrumentIndex>(instrument_index_, id);
  }
  VenueIndex IndexOfVenue(std::unsigned_integral auto id) const noexcept {
    return id <= UINT16_MAX ? router_.IndexOf(static_cast<VenueId>(id)) : Router::kNoVenue;
  }
  // The index of what a kill switch names; 0 for kAll.
  uint32_t KillIndex(KillScope scope, uint32_t id) const noexcept;
  template <class I>
  static I IndexIn(const std::vector<uint32_t>& table, uint32_t id) noexcept {
    return I{id < table.size() ? table[id] : kNone};
  }

  // Configuration, resolved to indices.
  std::vector<uint32_t> session_index_;  // by number; kNone: not configured
  std::vector<uint32_t> account_index_;
  std::vector<uint32_t> instrument_index_;
  std::vector<uint32_t> account_ids_;
  std::vector<uint32_t> desk_index_;
  std::vector<uint32_t> desk_ids_;
  // Including operators' changes.
  std::vector<SessionLimits> session_limits_;
  std::vector<AccountLimits> account_limits_;
  std::vector<GroupLimits> desk_limits_;
  GroupLimits firm_limits_;
  std::vector<uint8_t> default_profiles_;  // by session
  uint32_t warn_at_percent_ = 0;
  struct AbsenceLimits {
    CancelOnDisconnect policy;
    bool retired;
    int64_t grace_ns;
  };
  std::vector<AbsenceLimits> absence_limits_;  // by session
  std::vector<OverdueOrders> overdue_orders_;  // by venue

  // State.
  int64_t now_ns_ = 0;
  uint32_t start_ = 0;
  uint64_t start_requests_ = 0;  // counter of requests: up to here they are earlier processes'
  // Likewise, including those that a venue knows from processes that left no records.
  uint64_t earlier_requests_ = 0;
  bool started_ = false;
  // Within the present step: what an order or replace waited for too long (Origin::kSessionBusy,
  // kSessionUnrecorded); otherwise kNone.
  RejectReason refused_for_ = RejectReason::kNone;
  std::vector<Instrument> instruments_;
  std::vector<SessionState> sessions_;
  Venues venues_;
  Router router_;
  OrderTable orders_;
  Exposure exposure_;
  RiskChecks checks_;
  MessageRate message_rate_;
  ReferenceGuard reference_guard_;
  SaidLimits said_limits_;
  ExecutionIds execution_ids_;
  BookedAhead booked_ahead_;
  std::vector<VenueDay> days_;    // by venue
  std::vector<ToldReport> told_;  // likewise
  OrderTotals totals_;
  EngineCounters counters_;  // no part of the state
  Alerts alerts_;
  Latest<UnknownReport, kUnknownReportsKept> unknown_;

  // Work over many orders.
  uint32_t work_ = 0;               // unfinished pieces, of all kinds
  uint32_t visits_left_ = 0;        // of this step
  IndexSet busy_;                   // a walk of the session is unfinished
  uint32_t next_busy_session_ = 0;  // the next to be served
  IndexSet owed_;                   // sessions to which cancels may be owed: see RetryJob
  uint32_t next_retry_ = kNone;     // from this session on all are retried; kNone: none
  SessionTimers timers_;            // ends of graces, retries that are due
  OperatorCancelJob operator_;      // the present one, or the last
  Notices notices_;
  VenueSweep doubtful_;  // orders of venues that went down
  VenueSweep lost_;      // orders of venues that lost their book
  // By venue: orders with lower ids were in the book that was lost last.
  std::vector<uint64_t> lost_before_;
  VenueSweep overdue_;  // orders of venues whose day has ended
  IdlePositionsJob idle_positions_;
};

}  // namespace ringway
