// The connection: dialed, logged on, kept alive, and ended with a reason.
#include "gateway/connector/fix/fix_connector.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace ringway {
namespace {

constexpr int64_t kTickNs = 10 * kNsPerMs;
constexpr int64_t kRoundNs = 30 * kNsPerS;

// A session's name, as the venue's incarnation: when its period started, in seconds, and how often
// its numbers began anew. Never 0.
constexpr uint32_t kGenerationBits = 20;
constexpr uint64_t kGenerationMask = (uint64_t{1} << kGenerationBits) - 1;

uint64_t IncarnationOf(const fix::Numbers& numbers) noexcept {
  const auto start_s = static_cast<uint64_t>(numbers.period_start_ns / kNsPerS);
  // From 1 to the mask, over and over.
  const uint64_t generation = (numbers.generation - 1) % kGenerationMask + 1;
  return start_s << kGenerationBits | generation;
}

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// Whether a session ended because its ends count each other's messages differently: by the words of
// this engine, and by those in which others put it.
bool IsDispute(std::string_view why) {
  const std::string text = absl::AsciiStrToLower(View(why));
  const auto has = [&](const char* word) { return absl::StrContains(text, word); };
  return has("(789) is higher") ||
         (has("seq") && !has("is no number") && (has("too low") || has("lower") || has("expect")));
}

}  // namespace

FixConnector::FixConnector(std::unique_ptr<StreamSource> source, const FixSetup& setup)
    : setup_(setup),
      source_(std::move(source)),
      writer_(setup.fix, setup.dialect, setup.instruments, setup.profiles),
      reader_(setup.dialect, writer_),
      orders_(setup.slots),
      reports_(setup.venue, setup.fix.details, setup.dialect, orders_, counters_),
      refusals_(setup.venue),
      acceleration_(setup.asks_acceleration, setup.on_acceleration_loss),
      session_(setup.session, reader_.tags(), handler_),
      sent_(kSentKept),
      input_(std::make_unique<char[]>(kInputBytes)) {
  // Nothing is known of what was said before: both ends begin anew.
  session_.Restore({.generation = 1, .reset_pending = setup_.fix.reset_at_start});
}

FixConnector::~FixConnector() {
  if (connected()) source_->Discard(std::move(stream_));
}

std::string_view FixConnector::reason() const noexcept {
  if (state_ == State::kRecovering) {
    return "reconciling: it is logged on, and what happened there meanwhile is being taken in";
  }
  return reason_;
}

VenueCursor FixConnector::cursor() const noexcept {
  if (generation_ == 0) return {};
  return {.incarnation = IncarnationOf(session_.numbers()),
          .sent = session_.numbers().next_out,
          .received = received_,
          .lost = 0};
}

void FixConnector::RestoreOrders(std::span<const VenueOrder> orders) {
  for (const VenueOrder& each : orders) {
    if (each.id == 0 || orders_.At(each.id) == nullptr) continue;
    FixOrder& order = orders_.Enter(each.id);
    order.first_id = each.first_id;
    order.newest_id = std::max({each.id, each.cancel_id, each.replace_id});
    order.replace_id = each.replace_id;
    order.cancel_id = each.cancel_id;
    order.price = each.price;
    order.replace_price = each.replace_price;
    order.stop_price = each.stop_price;
    order.qty = each.qty;
    order.cum_qty = each.cum_qty;
    order.replace_qty = each.replace_qty;
    order.instrument = each.instrument;
    order.account = each.account;
    order.side = each.side;
    order.ord_type = each.ord_type;
    order.time_in_force = each.time_in_force;
    order.state = each.confirmed ? FixOrderState::kLive : FixOrderState::kSent;
    // Display quantity, expiry, capacity and instructions are not the engine's to know.
    order.terms_unknown = true;
    // What the former process knew to be missing is not recorded.
    order.unsure = true;
    orders_.Relist(order);
    reports_.KnowId(order.newest_id);
  }
}

void FixConnector::Restore(const VenueCursor& cursor, std::span<const Effect> requests) {
  for (const Effect& request : requests) reports_.KnowId(VenueRequestId(request));
  if (cursor.incarnation == 0) return;
  generation_ = std::max<uint64_t>(cursor.incarnation & kGenerationMask, 1);
  received_ = cursor.received;
  session_.Restore(
      {.next_out = cursor.sent + setup_.jump,
       .next_in = cursor.received + 1,
       .generation = generation_,
       .period_start_ns = static_cast<int64_t>(cursor.incarnation >> kGenerationBits) * kNsPerS,
       .reset_pending = false});
  reports_.SetSession(IncarnationOf(session_.numbers()));
  // Recorded before any of its numbers is used: the next process begins above them, whatever
  // becomes of this one.
  recorded_out_ = session_.numbers().next_out;
  ++logons_;
}

bool FixConnector::Resync() noexcept {
  if (!disputed_ || connected()) return false;
  disputed_ = false;
  schedule_until_ns_ = 0;
  session_.ResetAtNextLogon();
  return true;
}

void FixConnector::Poll(int64_t now_ns, VenueSink& sink) {
  now_ns_ = now_ns;
  begins_anew_ = false;
  messages_this_turn_ = 0;
  // What the last connection still has to say comes before the word that it ended.
  const bool took = Deliver(sink) && refusals_.Answer(sink);
  if (took && down_to_report_ && ReportState(now_ns, VenueState::kDown, sink)) {
    down_to_report_ = false;
  }
  const bool told = took && !down_to_report_;
  switch (state_) {
    case State::kIdle:
      if (!told || !MayDial(now_ns)) return;
      source_->Start();
      state_ = State::kDialing;
      return;
    case State::kDialing:
      return Dial(now_ns);
    default:
      return Turn(now_ns, sink);
  }
}

// Each logon that fails would bring the numbers in dispute nearer to each other, until they agree
// by chance: there is none before an operator or a new period ends the dispute.
bool FixConnector::MayDial(int64_t now_ns) {
  const std::optional<fix::Schedule>& schedule = setup_.session.schedule;
  if (!schedule) return !disputed_;
  if (now_ns < schedule_until_ns_) return false;
  const fix::Schedule::Period period = schedule->At(now_ns);
  if (!period.on) {
    schedule_until_ns_ = period.until_ns;
    Because("outside the session's schedule");
    return false;
  }
  if (!disputed_ || period.start_ns != session_.numbers().period_start_ns) return true;
  schedule_until_ns_ = period.until_ns;
  return false;
}

void FixConnector::Dial(int64_t now_ns) {
  std::unique_ptr<ByteStream> stream;
  switch (source_->Poll(stream)) {
    case StreamDialState::kUnderWay:
      return;
    case StreamDialState::kConnected:
      stream_ = std::move(stream);
      return LogOn(now_ns);
    case StreamDialState::kIdle:
    case StreamDialState::kFailed:
      ++counters_.attempts_failed;
      state_ = State::kIdle;
      return Because(absl::StrCat("the venue cannot be reached: ", source_->last_error()));
  }
}

void FixConnector::LogOn(int64_t now_ns) {
  stream_ended_ = false;
  resets_ = 0;
  answer_until_ns_ = 0;
  next_marks_ns_ = 0;
  input_begin_ = input_end_ = 0;
  const std::optional<fix::Schedule>& schedule = setup_.session.schedule;
  if (schedule && setup_.fix.reset_at_start) {
    const fix::Schedule::Period period = schedule->At(now_ns);
    if (period.on && period.start_ns != session_.numbers().period_start_ns)
      session_.ResetAtNextLogon();
  }
  acceleration_.Begin(now_ns, *stream_);
  next_tick_ns_ = now_ns + kTickNs;
  reports_.SetConnection(++connection_);
  voided_ = session_.numbers().next_out;
  state_ = State::kLoggingOn;
  if (!session_.Connect(now_ns)) return Drop(std::string(session_.reason()));
  // A period that begins without a word: no other process may begin it again. The Logon leaves in
  // the next turn, when this is recorded.
  const fix::Numbers& numbers = session_.numbers();
  if (numbers.generation != generation_) disputed_ = false;
  if (!numbers.reset_pending && numbers.generation != generation_) BeginAnew();
}

void FixConnector::Turn(int64_t now_ns, VenueSink& sink) {
  sink_ = &sink;
  const bool took = pending_.empty() && Read(now_ns);
  if (now_ns >= next_tick_ns_) {
    next_tick_ns_ = now_ns + kTickNs;
    session_.Tick(now_ns);
    if (const std::string news = acceleration_.Look(now_ns, *stream_); !news.empty()) Tell(news);
    if (state_ == State::kUp && session_.output().empty()) {
      acceleration_.KeepWarm(now_ns, *stream_);
    }
    if (state_ == State::kUp && settles_at_ns_ != 0 && now_ns >= settles_at_ns_) {
      settles_at_ns_ = 0;
      source_->Settle();
    }
  }
  sink_ = nullptr;
  NoteGeneration();
  if (session_.state() == fix::SessionState::kActive) Advance(now_ns);
  if (!connected()) return;
  if (up_to_report_ && state_ == State::kUp && pending_.empty() &&
      ReportState(now_ns, VenueState::kUp, sink)) {
    up_to_report_ = false;
  }
  // What was used without a record is bounded: see kJump.
  if (generation_ != 0 && session_.numbers().next_out > recorded_out_ + setup_.jump / 2) {
    recorded_out_ = session_.numbers().next_out;
    ++logons_;
  }
  Flush();
  if (resets_ > kResetsMax) {
    return Drop("the venue resets its numbers again and again: find out why it does");
  }
  if (session_.state() == fix::SessionState::kClosing) {
    const std::string_view why = session_.reason();
    if (state_ == State::kLoggingOn && IsDispute(why)) {
      disputed_ = true;
      return Drop(absl::StrCat(
          "DISPUTED: ", View(why),
          ". Venue and gateway count each other's messages differently; nothing is sent. Find out "
          "what it knows of the orders, then 'resync': both ends begin anew, and every open order "
          "is asked for"));
    }
    return Drop(absl::StrCat("the session with the venue ended: ", View(why)));
  }
  // What had arrived before counts.
  if (stream_ended_ && !took && pending_.empty() && !begins_anew_) {
    const std::string_view said = session_.reason();
    const std::string_view why = said.empty() ? stream_->error() : said;
    Drop(absl::StrCat("the connection to the venue ended", why.empty() ? "" : ": ", View(why)));
  }
}

// At most kBytesPerTurn are taken: other venues and sessions wait meanwhile.
bool FixConnector::Read(int64_t now_ns) {
  if (input_begin_ != 0 && kInputBytes - input_end_ < kBytesPerTurn) {
    std::memmove(input_.get(), input_.get() + input_begin_, input_end_ - input_begin_);
    input_end_ -= input_begin_;
    input_begin_ = 0;
  }
  const std::size_t wanted = kBytesPerTurn + setup_.session.message_bytes_max;
  while (input_end_ - input_begin_ < wanted && input_end_ != kInputBytes && !stream_ended_) {
    const std::span<char> room(input_.get() + input_end_, kInputBytes - input_end_);
    const StreamIo io =
        stream_->Read(std::as_writable_bytes(room.first(std::min(room.size(), kBytesPerTurn))));
    input_end_ += io.bytes;
    if (io.status == StreamStatus::kWouldBlock) break;
    stream_ended_ |= io.status != StreamStatus::kOk;
  }
  // What the session leaves of a part is a message that goes on behind it, or was not taken.
  const auto take = [&](std::size_t bytes) {
    const std::size_t done = session_.Receive(now_ns, {input_.get() + input_begin_, bytes});
    input_begin_ += done;
    return done;
  };
  const std::size_t bytes = input_end_ - input_begin_;
  if (bytes == 0) return false;
  std::size_t done = take(std::min(bytes, kBytesPerTurn));
  if (done == 0 && bytes > kBytesPerTurn) done = take(bytes);
  if (input_begin_ == input_end_) input_begin_ = input_end_ = 0;
  return done != 0;
}

void FixConnector::Flush() noexcept {
  while (connected() && !session_.output().empty()) {
    const std::string_view output = session_.output();
    const StreamIo io = stream_->Write(std::as_bytes(std::span(output.data(), output.size())));
    session_.Consumed(io.bytes);
    if (io.bytes != 0) acceleration_.NoteSent(now_ns_);
    if (io.status == StreamStatus::kOk) continue;
    // One that has ended shows itself when it is read, or here.
    stream_ended_ |= io.status != StreamStatus::kWouldBlock;
    return;
  }
}

// Whether the numbers began anew: what the venue said before, and this gateway did not hear, is
// lost.
void FixConnector::NoteGeneration() noexcept {
  // A Logon that asks for it counts when it is answered.
  if (session_.numbers().reset_pending || session_.numbers().generation == generation_) return;
  if (session_.state() != fix::SessionState::kActive &&
      session_.state() != fix::SessionState::kLogoutSent) {
    return;
  }
  if (state_ != State::kLoggingOn) {
    // What this connection sent has no answer by its number any more.
    ++resets_;
    reports_.SetConnection(++connection_);
  }
  BeginAnew();
}

void FixConnector::BeginAnew() noexcept {
  missed_ |= generation_ != 0;
  begins_anew_ = true;
  generation_ = session_.numbers().generation;
  received_ = voided_ = 0;
  std::ranges::fill(sent_, FixSent{});
  reports_.SetSession(IncarnationOf(session_.numbers()));
  recorded_out_ = session_.numbers().next_out;
  ++logons_;
}

// To the next state, where nothing more is to be waited for.
void FixConnector::Advance(int64_t now_ns) {
  if (state_ == State::kLoggingOn) OnActive();
  if (session_.recovering() || !pending_.empty()) {
    answer_until_ns_ = 0;
    return;
  }
  // The venue asks for the numbers that this process passed over, and whatever left before it is
  // answered would be void with them.
  if (state_ == State::kRecovering && !session_.Probe(now_ns)) {
    if (answer_until_ns_ == 0) answer_until_ns_ = now_ns + 2 * session_.heartbeat_ns() + kNsPerS;
    if (now_ns >= answer_until_ns_) Drop("the venue does not answer a TestRequest");
    return;
  }
  if (missed_ && now_ns >= next_marks_ns_) {
    missed_ = false;
    next_marks_ns_ = now_ns + kRoundNs;
    if (!setup_.dialect.status) {
      Tell("reports of the venue may be lost, and it cannot be asked: look up every open order");
    }
    MarkUnsure();
  }
  if (reports_.TakeDoubts()) BeginAsking();
  if (now_ns >= next_round_ns_) {
    next_round_ns_ = now_ns + kRoundNs;
    ++question_;
    BeginAsking();
  }
  Ask(now_ns);
  if (state_ != State::kRecovering || settles()) return;
  state_ = State::kUp;
  settles_at_ns_ = now_ns + kLastingConnectionNs;
  disputed_ = false;
  reason_.clear();
  up_to_report_ = true;
  recorded_out_ = session_.numbers().next_out;
  ++logons_;
  Tell(absl::StrCat("logged on at the venue, own number ", session_.numbers().next_out,
                    ", the venue's ", session_.numbers().next_in, "; ",
                    Describe(stream_->acceleration())));
}

void FixConnector::OnActive() {
  ++counters_.connections;
  state_ = State::kRecovering;
  next_round_ns_ = now_ns_ + kRoundNs;
  BeginAsking();
  if (setup_.fix.reset_on_logon) missed_ = true;
}

void FixConnector::Drop(std::string why) {
  Because(std::move(why));
  if (state_ == State::kUp) {
    ++counters_.connections_lost;
    down_to_report_ = !up_to_report_;  // nobody was told that it was up
  } else {
    ++counters_.attempts_failed;
  }
  up_to_report_ = false;
  // What remains to be asked is asked after the next logon.
  missed_ |= marks_ != kNoMark;
  marks_ = kNoMark;
  asks_ = false;
  session_.Disconnected();
  source_->Discard(std::move(stream_));
  state_ = State::kIdle;
}

void FixConnector::Because(std::string why) {
  if (why == reason_) return;
  reason_ = std::move(why);
  Tell(reason_);
}

}  // namespace ringway
