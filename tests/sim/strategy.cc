// How a simulated strategy connects, sends and learns.
#include "tests/sim/strategy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace ringway::sim {
namespace {

constexpr int64_t kHeartbeatNs = 10 * kNsPerMs;
constexpr int64_t kConnectNs = 40 * kNsPerMs;
constexpr uint32_t kResendSlots = 512;

}  // namespace

SessionKey KeyOf(uint32_t session) {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  bytes.fill(static_cast<std::byte>(session));
  return *SessionKey::FromBytes(bytes);
}

Strategy::Strategy(const Plan& plan, uint32_t site, uint32_t session, Timeline& timeline,
                   Recorder& recorder, DialLink<SimLink> dial, uint32_t orders)
    : plan_(plan),
      session_id_(session),
      account_(AccountOf(site, session)),
      timeline_(timeline),
      recorder_(recorder),
      dial_(std::move(dial)),
      random_(plan.seed * 1'000 + site * kAccountsOfSite + session),
      orders_left_(orders) {}

void Strategy::Calm() noexcept {
  orders_left_ = 0;
  stopped_until_ns_ = slow_until_ns_ = 0;
}

// --- Connecting ---

void Strategy::ConnectIfDown(bool may) {
  const bool was_live = std::exchange(was_live_, live());
  if (was_live && !live()) recorder_.AddNumbers(EventKind::kSessionDisturbed, session_id_, 0);
  if (redial_ && live()) retry_at_ns_ = 0;
  if ((live() && !redial_) || !may || timeline_.now_ns < retry_at_ns_ ||
      timeline_.now_ns < stopped_until_ns_) {
    if (was_live && !live()) {  // just lost: a moment's pause
      retry_at_ns_ = timeline_.now_ns + random_.Between(0, 5) * kNsPerMs;
    }
    return;
  }
  redial_ = false;
  busy_ = true;
  if (session_ == nullptr) {
    Start();
  } else if (session_->Reconnect().ok()) {
    Logged(EventKind::kStrategyBack);
  } else if (session_->end() == SessionEnd::kLogonRejected &&
             session_->logon_reject_reason() != LogonRejectReason::kGatewayFull) {
    // Another process has used the session, or the gateway no longer knows it.
    busy_ = false;
    Die(false, 0);
  }
  busy_ = false;
  if (!live()) retry_at_ns_ = timeline_.now_ns + random_.Between(1, 10) * kNsPerMs;
}

// A new process.
void Strategy::Start() {
  const bool resumes = resume_.next_seq_out != 0;
  if (resume_.incarnation == 0) resume_.incarnation = random_.Next() | 1;
  SessionOptions options;
  options.uri = "shm:/simulated";
  options.session = session_id_;
  options.key = KeyOf(session_id_);
  options.heartbeat_ns = kHeartbeatNs;
  options.connect_timeout_ns = kConnectNs;
  options.resend_slots = kResendSlots;
  options.cancel_on_disconnect = plan_.cancel_on_disconnect;
  options.durability = Asked();
  options.resume = resume_;
  auto made = BasicSession<SimLink, SimClock>::Connect(options, dial_, SimClock(&timeline_));
  if (!made.ok()) {
    // A refusal means that the memory is worth nothing; anything else that it is to be tried again.
    if (resumes && made.status().code() == absl::StatusCode::kFailedPrecondition) resume_ = {};
    return;
  }
  session_ = *std::move(made);
  if (!resumes) working_.clear();
  Logged(resumes ? EventKind::kStrategyResumed : EventKind::kStrategyStart);
}

void Strategy::Logged(EventKind kind) {
  const auto durability = static_cast<uint64_t>(Asked());
  recorder_.Add(kind, session_id_, session_->next_seq_in(), FrameType{},
                std::as_bytes(std::span(&durability, 1)), session_->next_seq_out());
  if (cancel_all_ == CancelAllState::kAsked) cancel_all_ = CancelAllState::kIdle;
}

void Strategy::Die(bool resumes, uint64_t lag) {
  RINGWAY_CHECK(!busy_, "a process dies between two calls");
  if (session_ == nullptr) return;
  ResumeState state = session_->resume_state();
  session_.reset();
  recorder_.Add(EventKind::kStrategyDied, session_id_, 0, FrameType{}, {});
  resume_ = {};
  if (resumes) {
    state.next_seq_in -= std::min(state.next_seq_in - 1, lag);
    state.next_seq_out -= std::min(state.next_seq_out - 1, lag);
    resume_ = state;
  }
  retry_at_ns_ = timeline_.now_ns + random_.Between(0, 8) * kNsPerMs;
}

// --- Sending ---

template <Message M>
bool Strategy::Send(const M& request) {
  if (session_->Send(request) != SendStatus::kOk) return false;
  recorder_.Add(EventKind::kStrategySent, session_id_, session_->next_seq_out() - 1, request);
  return true;
}

void Strategy::Act() {
  if (orders_left_ == 0 || !live() || timeline_.now_ns < stopped_until_ns_ ||
      !random_.Chance(plan_.act_probability)) {
    return;
  }
  const uint64_t burst = 1 + random_.Below(plan_.burst_max);
  for (uint64_t i = 0; i != burst && orders_left_ != 0 && live(); ++i) SendOne();
}

void Strategy::SendOne() {
  const uint64_t what = random_.Below(1'000);
  const bool full = working_.size() >= kWorkingMax;
  if (what < plan_.mass_cancel_permille) {
    MassCancel mass;
    mass.cl_ord_id = session_->NextClOrdId();
    if (random_.Chance(0.5)) mass.side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
    if (random_.Chance(0.3)) mass.venue = static_cast<uint16_t>(1 + random_.Below(plan_.venues));
    if (random_.Chance(0.3)) mass.instrument = kFirstInstrument;
    Send(mass);
  } else if (full || what < plan_.mass_cancel_permille + plan_.cancel_permille) {
    SendChange(false);
  } else if (what < plan_.mass_cancel_permille + plan_.cancel_permille + plan_.replace_permille) {
    SendChange(true);
  } else {
    SendNew();
  }
}

int64_t Strategy::DrawPrice() {
  const auto width = static_cast<int64_t>(plan_.width_ticks);
  return (kMiddleTicks + random_.Between(-width, width)) * kTickPrice;
}

NewOrder Strategy::Draw() {
  NewOrder order;
  order.cl_ord_id = session_->NextClOrdId();
  order.price = DrawPrice();
  order.qty = 1 + random_.Below(100);
  order.instrument = kFirstInstrument + static_cast<uint32_t>(random_.Below(plan_.instruments));
  order.account = account_;
  order.side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
  order.ord_type = OrdType::kLimit;
  if (plan_.has(Fault::kTradingDay) && random_.Chance(0.3)) {
    order.time_in_force = TimeInForce::kGoodTillCancel;
  }
  order.route = static_cast<uint16_t>(random_.Below(plan_.venues + 1));
  return order;
}

void Strategy::MakeSpecial(NewOrder& order) {
  switch (random_.Below(7)) {
    case 0:
      order.ord_type = OrdType::kMarket;
      order.price = 0;
      return;
    case 1:
      order.time_in_force = TimeInForce::kImmediateOrCancel;
      return;
    case 2:
      order.time_in_force = TimeInForce::kFillOrKill;
      return;
    case 3:
      order.post_only = 1;
      return;
    case 4:
      order.ord_type = OrdType::kStopLimit;
      order.stop_price = DrawPrice();
      return;
    case 5:
      order.display_qty = 1 + order.qty / 4;
      return;
    default:
      order.time_in_force = TimeInForce::kGoodTillDate;
      order.expire_time =
          static_cast<uint64_t>(timeline_.now_ns + random_.Between(1, 20) * kNsPerMs);
      return;
  }
}

// What the gateway, or at the latest the venue, must refuse.
void Strategy::MakeWrong(NewOrder& order) {
  switch (random_.Below(7)) {
    case 0:
      order.qty = 0;
      return;
    case 1:
      order.instrument = 999;
      return;
    case 2:
      order.account = 999;
      return;
    case 3:
      order.price += 1;
      return;
    case 4:
      order.side = Side::kUnset;
      return;
    case 5:  // the same again
      if (last_order_.cl_ord_id != 0) order = last_order_;
      return;
    default:  // another one under the same name
      if (last_order_.cl_ord_id != 0) order.cl_ord_id = last_order_.cl_ord_id;
      return;
  }
}

void Strategy::SendNew() {
  NewOrder order = Draw();
  const uint64_t kind = random_.Below(1'000);
  const bool wrong = kind < plan_.wrong_permille;
  if (wrong) {
    MakeWrong(order);
  } else if (kind < plan_.wrong_permille + plan_.special_permille) {
    MakeSpecial(order);
  }
  if (!Send(order)) return;
  --orders_left_;
  if (wrong) return;
  last_order_ = order;
  working_.push_back({order.cl_ord_id, order.price, order.qty, order.instrument, order.side});
}

void Strategy::SendChange(bool replace) {
  if (working_.empty()) return;
  const Working& order = working_[random_.Below(working_.size())];
  if (replace) {
    Replace request;
    request.cl_ord_id = session_->NextClOrdId();
    request.orig_cl_ord_id = order.cl_ord_id;
    request.price = DrawPrice();
    request.qty = random_.Chance(0.5) ? order.qty : 1 + random_.Below(120);
    Send(request);
  } else {
    Cancel request;
    request.cl_ord_id = session_->NextClOrdId();
    request.orig_cl_ord_id = order.cl_ord_id;
    // One that a dead process sent may never have arrived: it must not keep others' room for ever.
    if (Send(request) && working_.size() >= kWorkingMax) Forget(request.orig_cl_ord_id);
  }
}

bool Strategy::CancelAll() {
  if (!live() || cancel_all_ == CancelAllState::kAsked) return false;
  MassCancel mass;
  mass.cl_ord_id = session_->NextClOrdId();
  if (!Send(mass)) return false;
  cancel_all_ = CancelAllState::kAsked;
  cancel_all_id_ = mass.cl_ord_id;
  return true;
}

// --- Reading ---

void Strategy::Poll() {
  if (session_ == nullptr || timeline_.now_ns < stopped_until_ns_) return;
  if (timeline_.now_ns < slow_until_ns_) {
    if (random_.Chance(0.1)) (void)session_->Poll(*this, 1);
    session_->Maintain(timeline_.now_ns);
    return;
  }
  (void)session_->Poll(*this, 64);
}

Strategy::Working* Strategy::Find(uint64_t cl_ord_id) noexcept {
  const auto found =
      std::find_if(working_.begin(), working_.end(),
                   [cl_ord_id](const Working& order) { return order.cl_ord_id == cl_ord_id; });
  return found == working_.end() ? nullptr : &*found;
}

void Strategy::Forget(uint64_t cl_ord_id) noexcept {
  Working* found = Find(cl_ord_id);
  if (found == nullptr) return;
  *found = working_.back();
  working_.pop_back();
}

void Strategy::Learn(const ExecutionReport& report) noexcept {
  switch (report.ord_status) {
    case OrdStatus::kFilled:
    case OrdStatus::kCanceled:
    case OrdStatus::kExpired:
    case OrdStatus::kRejected:
      Forget(report.orig_cl_ord_id != 0 ? report.orig_cl_ord_id : report.cl_ord_id);
      Forget(report.cl_ord_id);
      return;
    default:
      break;
  }
  if (report.exec_type != ExecType::kReplaced) return;
  if (Working* order = Find(report.orig_cl_ord_id)) {
    order->cl_ord_id = report.cl_ord_id;
    order->price = report.price;
    order->qty = report.cum_qty + report.leaves_qty;
  }
}

void Strategy::Learn(const OpenOrder& order) noexcept {
  if (Find(order.cl_ord_id) != nullptr) return;
  working_.push_back({order.cl_ord_id, order.price, order.cum_qty + order.leaves_qty,
                      order.instrument, order.side});
}

void Strategy::Learn(const GapFill& fill) noexcept {
  recorder_.Add(EventKind::kStrategyGap, session_id_, fill.new_seq, FrameType{}, {});
  working_.clear();
  if (cancel_all_ == CancelAllState::kAsked) cancel_all_ = CancelAllState::kIdle;
}

void Strategy::Learn(const MassCancelReport& report) noexcept {
  if (cancel_all_ != CancelAllState::kAsked || report.cl_ord_id != cancel_all_id_) return;
  const bool whole = report.reason == CancelRejectReason::kNone && report.not_sent == 0;
  cancel_all_ = whole ? CancelAllState::kDone : CancelAllState::kIdle;
}

}  // namespace ringway::sim
