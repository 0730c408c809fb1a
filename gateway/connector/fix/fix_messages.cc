// What the venue says: each report passed on once, under its number.
#include <algorithm>
#include <array>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "gateway/connector/fix/fix_connector.h"

namespace ringway {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// False: the sink takes no more.
bool FixConnector::OnMessage(const fix::Message& message) noexcept {
  NoteGeneration();
  if (!pending_.empty() || begins_anew_ || messages_this_turn_ == kMessagesPerTurn) return false;
  if (message.sequence <= received_) return true;
  ++counters_.messages_received;
  ++messages_this_turn_;
  FixEvent event;
  const uint32_t fault = reader_.Read(message, event);
  if (fault != 0) {
    ++counters_.messages_unreadable;
    std::array<char, 96> what;
    std::snprintf(what.data(), what.size(),
                  "tag %u is missing or cannot be read: it is passed over, and the order asked for",
                  fault);
    // What it would have said, the venue has to say of the order.
    reports_.Doubt(event.id);
    Complain(message, event.id, what.data());
    return true;
  }
  pending_number_ = message.sequence;
  pending_ = reports_.Apply(event, SentAs(event.ref_sequence), message.sequence);
  if (const FixComplaint complaint = reports_.TakeComplaint(); complaint != FixComplaint::kNone) {
    Complain(message, event.id, Name(complaint));
  }
  return Deliver(*sink_);
}

// The session's own reject cannot wait for the sink. Its answer goes the way of those that this
// connector gives itself, and is lost with the process; then the venue is asked.
void FixConnector::OnReject(const fix::Message& message) noexcept {
  FixEvent event;
  const uint32_t fault = reader_.ReadReject(message, event);
  const FixSent refers = SentAs(event.ref_sequence);
  if (fault != 0 || refers.id == 0) {
    ++counters_.messages_contradictory;
    return Complain(message, 0, Name(FixComplaint::kRejectUnknown));
  }
  if (refusals_.full()) return Void(refers);
  for (const Effect& effect : reports_.Apply(event, refers, message.sequence)) {
    if (effect.type == FrameType::kExecutionDetail) continue;
    Effect answer = effect;
    answer.seq = 0;
    refusals_.Add(answer);
  }
  if (const FixComplaint complaint = reports_.TakeComplaint(); complaint != FixComplaint::kNone) {
    Complain(message, refers.id, Name(complaint));
  }
}

void FixConnector::OnGap() noexcept { missed_ |= !setup_.dialect.resends; }

// Whether application messages are among them nobody says.
void FixConnector::OnReset(uint64_t first, uint64_t next) noexcept {
  missed_ = true;
  if (now_ns_ < next_complaint_ns_) return;
  next_complaint_ns_ = now_ns_ + kNsPerS;
  Tell(absl::StrCat("the venue passes over its messages from ", first, " to before ", next,
                    ": what they said is asked for"));
}

// Of this connection the venue may have them, or not: it has to say.
void FixConnector::OnRecall(uint64_t first, uint64_t last) noexcept {
  first = std::max({first, voided_, last >= kSentKept ? last - kSentKept + 1 : 0});
  for (uint64_t number = first; number <= last; ++number) {
    if (const FixSent sent = SentAs(number); sent.type != 'H') Void(sent);
  }
  voided_ = std::max(voided_, last + 1);
}

// As if an earlier connection had sent it.
void FixConnector::Void(const FixSent& sent) noexcept {
  FixOrder* const order = orders_.Named(sent.id);
  if (order == nullptr) return;
  if (sent.id == order->id) order->connection = 0;
  if (sent.id == order->cancel_id) order->cancel_connection = 0;
  if (sent.id == order->replace_id) order->replace_connection = 0;
  reports_.Doubt(sent.id);
}

void FixConnector::OnRefused(const fix::Message& message) noexcept {
  ++counters_.messages_unreadable;
  missed_ = true;
  Complain(message, 0,
           "the session refuses it as malformed, and it is lost: every order is asked for");
}

FixSent FixConnector::SentAs(uint64_t sequence) const noexcept {
  const FixSent& sent = sent_[sequence % kSentKept];
  return sequence != 0 && sent.sequence == sequence ? sent : FixSent{};
}

// At most one line a second, whatever the venue sends.
void FixConnector::Complain(const fix::Message& message, uint64_t id,
                            std::string_view what) noexcept {
  ++complaints_;
  if (now_ns_ < next_complaint_ns_) return;
  next_complaint_ns_ = now_ns_ + kNsPerS;
  FixIds::Text text;
  Tell(absl::StrCat(
      "message ", message.sequence, " of the venue (35=", View(message.type),
      id != 0 ? absl::StrCat(", 11=", View(writer_.ids().Write(id, text))) : std::string(),
      "): ", View(what),
      complaints_ > 1 ? absl::StrCat("; ", complaints_, " of such kinds") : std::string()));
  complaints_ = 0;
}

// False: the sink takes no more.
bool FixConnector::Deliver(VenueSink& sink) noexcept {
  if (pending_.empty()) return true;
  while (!pending_.empty()) {
    if (!sink.Take(pending_.front())) return false;
    pending_ = pending_.subspan(1);
  }
  received_ = std::max(received_, pending_number_);
  return true;
}

bool FixConnector::ReportState(int64_t now_ns, VenueState state, VenueSink& sink) noexcept {
  VenueStatus status;
  status.transact_time = static_cast<uint64_t>(now_ns);
  status.venue = setup_.venue;
  status.state = state;
  return sink.Take(Effect(Target::kVenue, setup_.venue, 0, status));
}

}  // namespace ringway
