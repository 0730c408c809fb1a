// The session of a member that speaks FIX, and what goes on by itself.
#include "exchange/fix/fix_member.h"

#include <utility>

#include "base/check.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/tags.h"

namespace ringway::exchange {
namespace {

using fix::Recalled;
using fix::SessionState;

// Takes the same time wherever they differ.
bool Same(std::string_view expected, std::string_view given) noexcept {
  unsigned differences = expected.size() != given.size();
  for (std::size_t at = 0; at < given.size(); ++at) {
    const char other = expected.empty() ? '\0' : expected[at % expected.size()];
    differences |= static_cast<unsigned>(given[at] ^ other);
  }
  return differences == 0;
}

// Places for open orders: one more than the exchange lets it have, which is refused.
uint32_t OpenMax(const Exchange& exchange) noexcept {
  return exchange.options().member_queue_reports / 4 * 3 + 1;
}

}  // namespace

FixMember::FixMember(Exchange& exchange, uint32_t member, const FixMemberOptions& options)
    : exchange_(exchange),
      member_(member),
      options_(options),
      reader_(options.version),
      writer_(options.version),
      messages_(options.messages_max),
      orders_(OpenMax(exchange), options.messages_max, options.hash_seed),
      session_(options_.session, reader_.tags(), *this) {
  listed_.reserve(OpenMax(exchange));
}

// --- The session ---

void FixMember::Connect(int64_t now_ns) noexcept {
  logged_on_ = false;
  RINGWAY_CHECK(session_.Connect(now_ns), "a session without a schedule is always on");
}

std::size_t FixMember::Receive(int64_t now_ns, std::string_view input) noexcept {
  now_ns_ = now_ns;
  waits_ = false;
  return session_.Receive(now_ns, input);
}

void FixMember::Tick(int64_t now_ns) noexcept { session_.Tick(now_ns); }

void FixMember::OnNumbers(const fix::Numbers& numbers) noexcept {
  if (numbers.generation == generation_) return;
  generation_ = numbers.generation;
  messages_.ForgetSent();
}

Recalled FixMember::OnRecall(uint64_t sequence, uint64_t last) noexcept {
  const FixMessages::Message* const message = messages_.SentFrom(sequence);
  if (message == nullptr || message->sequence > last) return {.through = last};
  if (message->sequence != sequence) return {.through = message->sequence - 1};
  // A Reject is gap-filled by the session.
  return {.kind = Recalled::Kind::kResend,
          .through = sequence,
          .msg_type = message->msg_type(),
          .body = message->body(),
          .sending_time_ns = message->sent_ns};
}

std::string_view FixMember::OnLogon(const fix::Message& logon) noexcept {
  const std::string_view username = fix::FindField(logon.frame, fix::kTagUsername);
  const std::string_view password = fix::FindField(logon.frame, fix::kTagPassword);
  const bool name_is_right = options_.username.empty() || Same(options_.username, username);
  const bool word_is_right = options_.password.empty() || Same(options_.password, password);
  return name_is_right && word_is_right ? "" : "unknown user, or a wrong password";
}

bool FixMember::OnMessage(const fix::Message& message) noexcept {
  Drain();
  // What was reported before, and what is under way, comes first.
  const bool behind = exchange_.reports(member_).Front() != nullptr;
  if (behind || sweep_.kind != Sweep::Kind::kNone || cancels_all_ ||
      messages_.room() < kAnswersMax) {
    waits_ = true;
    return false;
  }
  if (phase_ != Phase::kOpen) {
    TellBy('j',
           [&](fix::Writer& to) { writer_.Refuse(message, FixBusinessReason::kNotAvailable, to); });
    return true;
  }
  FixRequest request;
  const FixFault fault = reader_.Read(message, request);
  // Other members wait meanwhile.
  const bool walks = request.kind == FixRequest::Kind::kMassStatus ||
                     request.kind == FixRequest::Kind::kMassCancel;
  if (requests_in_turn_ == kRequestsPerTurnMax || (walks && listed_in_turn_)) {
    waits_ = true;
    return false;
  }
  ++requests_in_turn_;
  listed_in_turn_ |= walks;
  switch (fault.kind) {
    case FixFault::Kind::kReject:
      TellBy('3', [&](fix::Writer& to) { writer_.Refuse(message, fault, to); });
      return true;
    case FixFault::Kind::kUnsupportedType:
      TellBy('j', [&](fix::Writer& to) {
        writer_.Refuse(message, FixBusinessReason::kUnsupportedType, to);
      });
      return true;
    case FixFault::Kind::kNone:
      break;
  }
  waits_ = !Carry(request);
  return !waits_;
}

// Moves what is to be told to the session's output, as far as there is room.
bool FixMember::Flush() noexcept {
  uint32_t sent = 0;
  while (sent != kSendsPerTurnMax && messages_.unsent() != 0 &&
         session_.output().size() < kOutputBytes) {
    const FixMessages::Message& message = messages_.Next();
    const fix::Sent done = session_.Send(now_ns_, message.msg_type(),
                                         [&](fix::Writer& to) { to.Fields(message.body()); });
    RINGWAY_CHECK(done.status != fix::SendStatus::kRefused, "a message that is too long");
    if (done.status != fix::SendStatus::kOk) break;
    messages_.Sent(done.sequence, now_ns_);
    ++sent;
  }
  return sent != 0;
}

// --- What goes on by itself ---

bool FixMember::DoWork(int64_t now_ns) noexcept {
  now_ns_ = now_ns;
  requests_in_turn_ = 0;
  listed_in_turn_ = false;
  bool worked = Drain();
  // Nobody is there to hear the rest of it.
  if (cancels_all_ && sweep_.kind == Sweep::Kind::kStatus &&
      session_.state() != SessionState::kActive) {
    sweep_ = {};
  }
  if (sweep_.kind == Sweep::Kind::kNone && std::exchange(cancels_all_, false)) {
    FixRequest all;
    all.scope = '7';
    List(all);
    sweep_ = {.kind = Sweep::Kind::kCancel};
    cancel_text_ =
        phase_ == Phase::kOpen ? "its connection has ended" : "the exchange is being stopped";
  }
  if (sweep_.kind != Sweep::Kind::kNone) worked |= GoOn();
  worked |= Flush();
  if (phase_ == Phase::kOpen) return worked;
  const bool connected = session_.state() == SessionState::kActive;
  if (phase_ == Phase::kEnding) {
    const bool done = sweep_.kind == Sweep::Kind::kNone && !cancels_all_ &&
                      exchange_.reports(member_).Front() == nullptr;
    // Nobody will make room for what else there is to tell.
    const bool stuck = !connected && messages_.room() == 0;
    if (!done && !stuck) return worked;
    phase_ = Phase::kEnded;
    worked = true;
  }
  if (connected && messages_.unsent() == 0 && !session_.resending()) {
    session_.Logout(now_ns, "the exchange is being stopped");
    worked = true;
  }
  return worked;
}

void FixMember::CancelAll() noexcept { cancels_all_ = true; }

void FixMember::EndSession() noexcept {
  if (phase_ != Phase::kOpen) return;
  phase_ = Phase::kEnding;
  cancels_all_ = true;
}

// Goes through the listed orders; those that have ended meanwhile have told so themselves.
bool FixMember::GoOn() noexcept {
  const bool cancels = sweep_.kind == Sweep::Kind::kCancel;
  const std::size_t begin = sweep_.next;
  while (sweep_.next != listed_.size()) {
    if (sweep_.next - begin == kCancelsPerTurnMax) return true;
    // The end of each order has its place in the exchange's queue, whether anybody reads or not.
    if (!cancels && messages_.room() < kAnswersMax) return sweep_.next != begin;
    const Slot slot = listed_[sweep_.next];
    if (cancels) {
      if (orders_[slot].open() && !SweepAway(slot)) return sweep_.next != begin;
      Drain();
    } else {
      Tell(orders_[slot], {.kind = FixExecution::Kind::kStatus,
                           .time_ns = now_ns_,
                           .exec_id = "0",
                           .reason = orders_[slot].reason,
                           .mass_id = sweep_.id.view(),
                           .reports = static_cast<uint32_t>(listed_.size()),
                           .last = sweep_.next + 1 == listed_.size()});
    }
    ++sweep_.next;
  }
  sweep_ = {};
  return true;
}

// Under both names, where it is not told yet whether the order was replaced.
bool FixMember::SweepAway(Slot slot) noexcept {
  if (!CancelOrder(slot, NextId(slot))) return false;
  if (SlotOf(asked_) != slot || exchange_.reports(member_).Front() == nullptr) return true;
  return exchange_.OnRequest(now_ns_, member_,
                             Cancel{.cl_ord_id = NextId(slot), .orig_cl_ord_id = asked_}) ==
         Answer::kTaken;
}

bool FixMember::CancelOrder(Slot slot, uint64_t id) noexcept {
  Cancel cancel;
  cancel.cl_ord_id = id;
  cancel.orig_cl_ord_id = orders_[slot].id;
  return exchange_.OnRequest(now_ns_, member_, cancel) == Answer::kTaken;
}

}  // namespace ringway::exchange
