// The connection: dialed, logged on, kept alive, and ended with a reason.
#include "gateway/connector/ouch/ouch_connector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "gateway/connector/ouch/session_incarnation.h"

namespace ringway {
namespace {

constexpr int64_t kUpkeepNs = kNsPerMs;
constexpr uint32_t kReadsPerTurn = 8;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

soup::Options SoupOptions(const OuchOptions& ouch) {
  soup::Options options;
  options.role = soup::Role::kClient;
  options.silence_max_ns = ouch.silence_max_ns;
  options.payload_bytes_max = 2048;
  options.input_bytes = 256 << 10;
  options.output_bytes = 128 << 10;
  return options;
}

}  // namespace

OuchConnector::OuchConnector(std::unique_ptr<StreamSource> source, const OuchSetup& setup)
    : setup_(setup),
      source_(std::move(source)),
      soup_(SoupOptions(setup.ouch)),
      writer_(setup.ouch, setup.instruments),
      reader_(setup.ouch.version, writer_.tokens(), setup.ouch.requests_max),
      orders_(setup.slots),
      executions_(setup.ouch.executions_max),
      reports_(setup.venue, setup.ouch.details, writer_, orders_, executions_, counters_),
      refusals_(setup.venue),
      acceleration_(setup.asks_acceleration, setup.on_acceleration_loss) {}

OuchConnector::~OuchConnector() {
  if (connected()) source_->Discard(std::move(stream_));
}

std::string_view OuchConnector::reason() const noexcept {
  if (disputed_) return reason_;
  switch (state_) {
    case State::kRebuilding:
      return "reconciling: the venue repeats its session from the beginning";
    case State::kAsking:
    case State::kSettling:
      return "reconciling: it is logged on, and what happened there meanwhile is being taken in";
    default:
      return reason_;
  }
}

uint64_t OuchConnector::recorded() const noexcept { return std::max(received_, rebuild_to_); }

VenueCursor OuchConnector::cursor() const noexcept {
  // Requests whose arrival is unknown have to be remembered across a kill. Which they are, the
  // venue's messages say, so more of them do no harm.
  const uint64_t lost = orders_.first() == OuchOrders::kNobody ? 0 : kRemembered;
  return {incarnation_, sent_ + lost, recorded(), lost};
}

void OuchConnector::Restore(const VenueCursor& cursor, std::span<const Effect> requests) {
  incarnation_ = cursor.incarnation;
  rebuild_to_ = incarnation_ == 0 ? 0 : cursor.received;
  holds_recorded_ = rebuild_to_ == 0;
  restored_.assign(requests.begin(), requests.end());
  for (const Effect& request : restored_) reports_.KnowId(VenueRequestId(request));
  sent_ = cursor.sent;
  owed_ = kOwedMax;  // the earlier process did not record what it asked
}

bool OuchConnector::Resync() noexcept {
  if (!disputed_) return false;
  disputed_ = false;
  if (unreadable_ != 0) {
    passes_over_ = std::exchange(unreadable_, 0);
  } else {
    discards_ = asks_any_ = true;
  }
  return true;
}

// --- The connection ---

void OuchConnector::Poll(int64_t now_ns, VenueSink& sink) {
  now_ns_ = now_ns;
  if (now_ns >= day_ends_ns_) {
    const TradingCalendar::Day day = setup_.days.DayAt(now_ns);
    day_began_ns_ = day.began_ns;
    day_ends_ns_ = day.ends_ns;
  }
  reports_.SetTime(day_began_ns_, now_ns);
  // What the last connection still has to say comes before the word that it ended.
  const bool took = Deliver(sink) && refusals_.Answer(sink);
  if (took && down_to_report_ && ReportState(now_ns, VenueState::kDown, sink)) {
    down_to_report_ = false;
  }
  const bool told = took && !down_to_report_;
  switch (state_) {
    case State::kIdle:
      if (!told) return;
      source_->Start();
      state_ = State::kDialing;
      return;
    case State::kDialing:
      return Dial(now_ns);
    default:
      return Turn(now_ns, sink);
  }
}

void OuchConnector::Dial(int64_t now_ns) {
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

void OuchConnector::LogOn(int64_t now_ns) {
  stream_ended_ = walks_ = false;
  broken_.clear();
  soup::LoginRequest login = setup_.login;
  if (incarnation_ == 0 || asks_any_) {
    // What the venue said before an operator gave the session up is not to be heard again.
    login.sequence = discards_ ? 0 : 1;
  } else {
    login.session = SessionOf(incarnation_);
    // A venue that has less than what is recorded must refuse: it would pass new messages for those
    // that are known.
    login.sequence = holds_recorded_ ? received_ + 1 : recorded() + 1;
  }
  soup_.Connect(now_ns, login);
  acceleration_.Begin(now_ns, *stream_);
  next_upkeep_ns_ = now_ns;
  state_ = State::kLoggingOn;
  Flush();
}

void OuchConnector::Turn(int64_t now_ns, VenueSink& sink) {
  if (book_lost_to_report_ && ReportState(now_ns, VenueState::kBookLost, sink)) {
    book_lost_to_report_ = false;
  }
  if (forgets_) Forget();
  Read();
  if (pending_.empty()) TakeMessages(now_ns, sink);
  if (broken_.empty() && walks_ && pending_.empty()) Walk(now_ns, sink);
  if (broken_.empty()) Advance();
  if (up_to_report_ && !book_lost_to_report_ && state_ == State::kUp && broken_.empty() &&
      ReportState(now_ns, VenueState::kUp, sink)) {
    up_to_report_ = false;
  }
  if (now_ns >= next_upkeep_ns_) Upkeep(now_ns);
  Flush();
  if (!broken_.empty()) return Drop(std::exchange(broken_, {}));
  if (soup_.over()) return OnSoupEnd();
  if (stream_ended_) {
    const std::string_view why = stream_->error();
    Drop(absl::StrCat("the connection to the venue ended",
                      View(why.empty() ? std::string_view() : std::string_view(": ")), View(why)));
  }
}

void OuchConnector::Read() noexcept {
  for (uint32_t reads = 0; reads < kReadsPerTurn && !stream_ended_; ++reads) {
    const std::span<std::byte> room = soup_.InputRoom();
    if (room.empty()) return;
    const StreamIo io = stream_->Read(room);
    soup_.Received(io.bytes);
    if (io.status == StreamStatus::kWouldBlock) return;
    stream_ended_ = io.status != StreamStatus::kOk;
  }
}

void OuchConnector::Flush() noexcept {
  while (!soup_.Output().empty()) {
    const StreamIo io = stream_->Write(soup_.Output());
    soup_.Sent(io.bytes);
    if (io.bytes != 0) acceleration_.NoteSent(now_ns_);
    if (io.status == StreamStatus::kOk) continue;
    // One that has ended shows itself when it is read, or here.
    stream_ended_ |= io.status != StreamStatus::kWouldBlock;
    return;
  }
}

void OuchConnector::Upkeep(int64_t now_ns) {
  next_upkeep_ns_ = now_ns + kUpkeepNs;
  soup_.Maintain(now_ns);
  if (const std::string news = acceleration_.Look(now_ns, *stream_); !news.empty()) Tell(news);
  if (state_ == State::kUp && soup_.Output().empty()) acceleration_.KeepWarm(now_ns, *stream_);
  if (state_ == State::kUp && settles_at_ns_ != 0 && now_ns >= settles_at_ns_) {
    settles_at_ns_ = 0;
    source_->Settle();
  }
}

void OuchConnector::OnSoupEnd() {
  const soup::End end = soup_.end();
  switch (end) {
    case soup::End::kNoSuchSession:
      // It may have begun another one: the next logon asks for whichever there is. Where that is
      // refused too, the one after asks for ours again.
      asks_any_ = incarnation_ != 0 && (!asks_any_ || discards_);
      if (has_ours_) {
        disputed_ = true;
        return Drop(absl::StrCat(
            "DISPUTED: the venue has the same session, and fewer messages than the ", received_,
            " that this gateway received; nothing is sent. Find out what it knows of the orders. "
            "If it does not agree by itself: 'resync', which ends them here as venueLostBook"));
      }
      return Drop("the venue refuses the logon: it has no such session or message (S)");
    case soup::End::kEndOfSession:
      return Drop("the venue ended the session: it has no more messages");
    case soup::End::kNotAuthorized:
      return Drop(
          "the venue refuses the logon: user or password is wrong (A). Correct ouch.user "
          "and ouch.password_file, or have the venue enable the port");
    default:
      return Drop(absl::StrCat("the connection to the venue ended: ", View(soup::Name(end))));
  }
}

void OuchConnector::Drop(std::string why) {
  // Bytes that were not written are dropped with it.
  Because(std::move(why));
  if (state_ == State::kUp) {
    ++counters_.connections_lost;
    down_to_report_ = !up_to_report_;  // nobody was told that it was up
  } else {
    ++counters_.attempts_failed;
  }
  up_to_report_ = false;
  if (owed_ < kOwedMax) {
    owed_ = std::min(owed_ + asked_ - std::min(answers_, owed_ + asked_), kOwedMax);
  }
  asked_ = answers_ = 0;
  soup_.Disconnected();
  source_->Discard(std::move(stream_));
  state_ = State::kIdle;
}

void OuchConnector::Because(std::string why) {
  if (why == reason_) return;
  reason_ = std::move(why);
  Tell(reason_);
}

}  // namespace ringway
