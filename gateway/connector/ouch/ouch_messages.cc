// What the venue says: its session, and its messages, each passed on once.
#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/connector/ouch/ouch_connector.h"
#include "gateway/connector/ouch/session_incarnation.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/ouch50.h"

namespace ringway {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct OuchConnector::Handler {
  OuchConnector& connector;
  VenueSink& sink;

  bool On(const soup::Sequenced& message) {
    return connector.OnMessage(message.number, message.payload, sink);
  }
  bool On(const soup::Unsequenced&) { return true; }  // OUCH has none from the venue
  void On(const soup::Debug&) {}
  void On(const soup::LoginRequest&) {}
  void On(const soup::LoginAccepted& accepted) {
    if (!connector.LoggedOn(accepted)) return;
    connector.Advance();
  }
};

void OuchConnector::TakeMessages(int64_t now_ns, VenueSink& sink) {
  Handler handler{*this, sink};
  // While requests are settled none is asked for: what they are settled by stays as it is.
  (void)soup_.Poll(now_ns, handler, book_lost_to_report_ || forgets_ || walks_ ? 0 : kBurstMax);
}

// False: the connection has to end.
bool OuchConnector::LoggedOn(const soup::LoginAccepted& accepted) {
  const uint64_t incarnation = IncarnationOf(accepted.session);
  if (incarnation == 0) {
    broken_ =
        "the venue's session is called by other characters than letters and digits: this "
        "gateway could not name it again";
    return false;
  }
  const bool same = SessionOf(incarnation_).Names(accepted.session);
  if (incarnation_ != 0 && asks_any_ && same && !discards_) {
    asks_any_ = false;
    has_ours_ = true;
    broken_ = "the venue still has this gateway's session: the next logon goes on with it";
    return false;
  }
  if (discards_ && !same) {
    discards_ = false;
    broken_ = "the venue began another session meanwhile: the next logon takes all of it";
    return false;
  }
  if (incarnation_ != 0 && (!same || discards_)) {
    Tell(
        "the venue began another session: it has no order of this gateway any more. They end here "
        "as canceled, venueLostBook");
    book_lost_to_report_ = true;
  }
  if (incarnation_ == 0 || !same || discards_) BeginSession(incarnation);
  if (discards_) {
    rebuild_to_ = accepted.sequence;
    received_ = rebuild_to_ - 1;
  }
  asks_any_ = has_ours_ = discards_ = false;
  if (!std::exchange(holds_recorded_, true)) {
    source_->Settle();
    broken_ = "the venue has all that was recorded: the next logon takes it in from the beginning";
    return false;
  }
  ++connection_;
  ++counters_.connections;
  reports_.SetSession(incarnation_);
  reports_.SetConnection(connection_);
  barrier_seen_ = false;
  state_ = State::kRebuilding;
  return true;
}

void OuchConnector::BeginSession(uint64_t incarnation) {
  const bool known = incarnation_ != 0;
  incarnation_ = incarnation;
  received_ = rebuild_to_ = passes_over_ = unreadable_ = sent_ = 0;
  holds_recorded_ = true;
  owed_ = kOwedMax;  // an earlier process may have asked in it
  disputed_ = false;
  if (!known) return;
  restored_.clear();
  forgets_ = true;
  forgotten_ = 0;
  numbers_ = ouch50::UserRefNums();
}

// One turn's part of forgetting the last session.
void OuchConnector::Forget() noexcept {
  const bool orders = orders_.Forget(forgotten_, kForgottenPerTurn);
  const bool executions = executions_.Forget(forgotten_, kForgottenPerTurn);
  const bool ids = reader_.Forget(forgotten_, kForgottenPerTurn);
  forgotten_ += kForgottenPerTurn;
  forgets_ = !orders || !executions || !ids;
}

// To the next state, where nothing more is to be waited for.
void OuchConnector::Advance() {
  if (forgets_) return;
  if (state_ == State::kRebuilding && received_ >= rebuild_to_) {
    TakeRestored();
    state_ = State::kAsking;
    if (is_50()) {
      Ask();
    } else {
      state_ = State::kSettling;
      BeginWalk(true, false);
    }
  }
  // In a dispute over a message it is repeated now, and read or refused again.
  if (state_ == State::kSettling && !walks_ && unreadable_ == 0) {
    state_ = State::kUp;
    disputed_ = false;
    settles_at_ns_ = now_ns_ + kLastingConnectionNs;
    reason_.clear();
    up_to_report_ = true;
    if (is_50()) sent_ = std::max(sent_, numbers_.next() - 1);
    ++logons_;
    Tell(absl::StrCat("logged on at the venue, session ", View(SessionOf(incarnation_).text()),
                      ", after message ", received_, "; ", Describe(stream_->acceleration())));
  }
}

// Asks for the next UserRefNum, so often that one answer is certainly of this connection.
void OuchConnector::Ask() {
  std::array<std::byte, 8> query;
  const ouch::Encoded encoded = ouch50::Encode(ouch50::AccountQuery{}, query);
  const uint32_t queries = owed_ < kOwedMax ? owed_ + 1 : 1;
  for (; asked_ != queries; ++asked_) {
    if (soup_.SendUnsequenced(std::span(query).first(encoded.bytes)) != soup::SendStatus::kOk) {
      broken_ = "the venue does not take the question for the next UserRefNum";
      return;
    }
  }
}

void OuchConnector::OnAccountAnswer(uint32_t next_number) {
  (void)numbers_.Resume(next_number);
  ++answers_;
  if (state_ != State::kAsking) return;
  // Where too many may be owed, requests stay in doubt until a later one is answered.
  const bool tells = owed_ < kOwedMax;
  if (tells && answers_ <= owed_) return;
  state_ = State::kSettling;
  barrier_seen_ = tells;
  BeginWalk(true, tells);
}

// False: the sink takes no more.
bool OuchConnector::OnMessage(uint64_t number, std::span<const std::byte> payload,
                              VenueSink& sink) {
  if (!broken_.empty() || book_lost_to_report_ || forgets_) return false;
  if (!pending_.empty()) return Deliver(sink);
  if (number <= received_) return true;
  OuchEvent event;
  const ouch::Fault fault = reader_.Read(payload, event);
  if (fault != ouch::Fault::kNone && (number == passes_over_ || number <= rebuild_to_)) {
    event = {};
    Tell(absl::StrCat("message ", number, " is passed over, as an operator decided"));
  } else if (fault == ouch::Fault::kUnknownType || fault == ouch::Fault::kEmpty) {
    ++counters_.messages_unreadable;
    const std::size_t type = payload.empty() ? 0 : std::to_integer<std::size_t>(payload[0]);
    if (!told_types_[type]) {
      told_types_[type] = true;
      Tell(absl::StrCat("message ", number,
                        " of the venue is of a type that this gateway does not know: it is passed "
                        "over, as are all others of type ",
                        type));
    }
  } else if (fault != ouch::Fault::kNone) {
    disputed_ = true;
    unreadable_ = number;
    broken_ = absl::StrCat("DISPUTED: message ", number, " of the venue cannot be read (",
                           View(ouch::Name(fault)),
                           "), and might be an execution: nothing is sent. Check ouch.version, and "
                           "ask the venue. 'resync' passes over this one message");
    return false;
  }
  ++counters_.messages_received;
  pending_number_ = number;
  pending_ = reports_.Apply(event, number);
  if (number <= rebuild_to_) pending_ = {};
  NoteEvent(event);
  if (pending_.empty()) {
    received_ = number;
    Advance();
    return true;
  }
  return Deliver(sink);
}

void OuchConnector::NoteEvent(const OuchEvent& event) {
  const uint64_t unknown = reports_.TakeUnknownMatch();
  if (unknown != 0 && pending_number_ > rebuild_to_) {
    Tell(absl::StrCat("the venue breaks or corrects match ", unknown,
                      ", which this gateway does not know: correct the position by hand"));
  }
  if (reports_.TakeFull()) {
    Tell(
        "there is no room to remember executions any more: from now on a bust or correction of a "
        "later one has to be booked by hand. Raise ouch.executions_max");
  }
  if (event.is_beyond && event.kind == OuchEventKind::kExecuted && pending_number_ > rebuild_to_) {
    Tell(absl::StrCat("an execution of UserRefNum ", event.number,
                      " is not booked, because ouch.requests_max is lower: raise it, and book ",
                      event.shares, " of match ", event.match, " by hand"));
  }
  switch (event.kind) {
    case OuchEventKind::kStartOfDay:
      if (pending_number_ > rebuild_to_) Tell("the venue's day begins: it takes orders");
      break;
    case OuchEventKind::kEndOfDay:
      if (pending_number_ > rebuild_to_) Tell("the venue's day ends: it takes no more orders");
      break;
    case OuchEventKind::kAccountAnswer:
      OnAccountAnswer(event.next_number);
      break;
    default:
      break;
  }
  if (event.number != 0 && event.number != UINT32_MAX) (void)numbers_.Resume(event.number + 1);
  if (!reports_.TakeBarrier() || state_ != State::kUp) return;
  owed_ = asked_ = answers_ = 0;  // what was owed came before
  if (std::exchange(barrier_seen_, true)) return;
  BeginWalk(false, true);
}

// False: the sink takes no more.
bool OuchConnector::Deliver(VenueSink& sink) noexcept {
  if (pending_.empty()) return true;
  while (!pending_.empty()) {
    if (!sink.Take(pending_.front())) return false;
    pending_ = pending_.subspan(1);
  }
  received_ = pending_number_;
  return true;
}

bool OuchConnector::ReportState(int64_t now_ns, VenueState state, VenueSink& sink) noexcept {
  VenueStatus status;
  status.transact_time = static_cast<uint64_t>(now_ns);
  status.venue = setup_.venue;
  status.state = state;
  return sink.Take(Effect(Target::kVenue, setup_.venue, 0, status));
}

}  // namespace ringway
