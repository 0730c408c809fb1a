// OuchConnector: connects a gateway to a venue that speaks OUCH 4.2 or 5.0 over SoupBinTCP.
//
// The venue numbers what it says and keeps it: after a lost connection this end goes on behind the
// last message that it took, and after a restart of the gateway behind the last one that is in the
// journal, so that each is passed on once. A restarted process first has the venue repeat the
// session from its beginning, to make its tables again; nothing up to the recorded number is passed
// on (docs/adr/0043). What the gateway receives:
//  - VenueStatus down when the connection ends, and at the first Poll() if there is none yet;
//  - after the next logon the reports that it missed (4.2: some of them may come behind the word
//    that it is up), the outcome of requests that certainly never
//    arrived (venueUnavailable), as far as the venue tells, then VenueStatus up. Other requests are
//    sent again under the same token or UserRefNum, or canceled, and stay in doubt until the venue
//    answers them, or a later request;
//  - VenueStatus bookLost before anything else where the venue began another session.
//
// Whatever the venue sends, the worst outcome is that its connection ends, with a reason, and is
// dialed again after a pause. A message that cannot be read, or a session that has fewer messages
// than this gateway has received, is a dispute: nothing is sent until the venue agrees or an
// operator discards the numbers (Resync()).
//
// Thread rule: the engine's thread, which never waits here. Nothing allocates after construction
// but texts when a connection comes or goes.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/connector/acceleration_watch.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/ouch/ouch_options.h"
#include "gateway/connector/ouch/ouch_order.h"
#include "gateway/connector/ouch/ouch_reader.h"
#include "gateway/connector/ouch/ouch_reports.h"
#include "gateway/connector/ouch/ouch_writer.h"
#include "gateway/connector/refusals.h"
#include "gateway/connector/stream_source.h"
#include "gateway/core/trading_calendar.h"
#include "protocol/ouch/user_ref_nums.h"
#include "protocol/soup/session.h"
#include "schema/instrument.h"
#include "transport/stream/stream_options.h"

namespace ringway {

struct OuchSetup {
  VenueId venue = 1;
  OuchOptions ouch;
  soup::LoginRequest login;  // user and password
  // Days begin there at midnight.
  TradingCalendar days;
  std::vector<InstrumentConfig> instruments;
  uint32_t slots = 0;  // of the gateway's orders
  bool asks_acceleration = false;
  OnAccelerationLoss on_acceleration_loss = OnAccelerationLoss::kWarn;
  // Receives a line when the connection comes or goes, and what needs people. May be empty.
  std::function<void(std::string_view line)> report = {};
};

class OuchConnector final : public Connector {
 public:
  OuchConnector(std::unique_ptr<StreamSource> source, const OuchSetup& setup);
  ~OuchConnector() override;

  uint32_t Send(int64_t now_ns, std::span<const Effect> requests) override;
  void Poll(int64_t now_ns, VenueSink& sink) override;
  std::string_view reason() const noexcept override;
  uint64_t logons() const noexcept override { return logons_; }
  VenueCursor cursor() const noexcept override;
  void Restore(const VenueCursor& cursor, std::span<const Effect> requests) override;
  bool Resync() noexcept override;

  const OuchCounters& counters() const noexcept { return counters_; }
  bool up() const noexcept { return state_ == State::kUp; }

 private:
  enum class State : uint8_t {
    kIdle,
    kDialing,
    kLoggingOn,
    kRebuilding,  // the venue repeats what an earlier process received
    kAsking,      // 5.0: which UserRefNum comes next
    kSettling,    // requests of earlier connections are sent again or answered
    kUp,
  };
  struct Handler;

  bool is_50() const noexcept { return setup_.ouch.version == OuchVersion::k50; }
  bool connected() const noexcept { return stream_ != nullptr; }
  uint64_t recorded() const noexcept;

  // --- The connection (ouch_connector.cc) ---
  void Dial(int64_t now_ns);
  void LogOn(int64_t now_ns);
  void Turn(int64_t now_ns, VenueSink& sink);
  void TakeMessages(int64_t now_ns, VenueSink& sink);
  void Read() noexcept;
  void Flush() noexcept;
  void Upkeep(int64_t now_ns);
  void Drop(std::string why);
  void OnSoupEnd();

  // --- What the venue says (ouch_messages.cc) ---
  bool LoggedOn(const soup::LoginAccepted& accepted);
  void Forget() noexcept;
  void BeginSession(uint64_t incarnation);
  void Advance();
  void Ask();
  void OnAccountAnswer(uint32_t next_number);
  bool OnMessage(uint64_t number, std::span<const std::byte> payload, VenueSink& sink);
  void NoteEvent(const OuchEvent& event);
  bool Deliver(VenueSink& sink) noexcept;
  bool ReportState(int64_t now_ns, VenueState state, VenueSink& sink) noexcept;
  void Because(std::string why);
  void Tell(std::string_view line) const {
    if (setup_.report) setup_.report(line);
  }

  // --- Requests (ouch_requests.cc) ---
  bool SendOne(int64_t now_ns, const Effect& request);
  bool SendNew(int64_t now_ns, const NewOrder& request);
  bool SendCancel(int64_t now_ns, const Cancel& request);
  bool SendReplace(int64_t now_ns, const Replace& request);
  // Encodes in place. `sent` is false where there is no room now, or with the fault that is
  // returned.
  template <class Encode>
  ouch::Fault Write(Encode&& encode, bool& sent) noexcept {
    sent = false;
    std::byte* at = nullptr;
    if (soup_.ClaimUnsequenced(OuchWriter::kMessageBytesMax, at) != soup::SendStatus::kOk) {
      return ouch::Fault::kNone;
    }
    const ouch::Encoded encoded = encode(std::span(at, OuchWriter::kMessageBytesMax));
    if (encoded.fault != ouch::Fault::kNone) return encoded.fault;
    soup_.CommitUnsequenced(encoded.bytes);
    sent = true;
    return ouch::Fault::kNone;
  }
  bool WriteCancel(const OuchOrder& order) noexcept;
  // Of the next new order or replace; empty: there is none left. 4.2 has none, 0.
  std::optional<uint32_t> NextNumber() const noexcept;

  // --- Requests of earlier connections (ouch_settling.cc) ---
  void TakeRestored();
  void BeginWalk(bool resends, bool answers) noexcept;
  void Walk(int64_t now_ns, VenueSink& sink);
  bool AnswerOrder(int64_t now_ns, OuchOrder& order, VenueSink& sink);
  bool ResendOrder(int64_t now_ns, OuchOrder& order);
  bool IsYoung(int64_t now_ns, int64_t sent_ns) const noexcept {
    return sent_ns != 0 && now_ns - sent_ns <= setup_.ouch.resend_age_max_ns;
  }

  // Answers owed from which on a connection's own are not told from them.
  static constexpr uint32_t kOwedMax = 4;
  static constexpr uint64_t kRemembered = 65'536;
  static constexpr uint32_t kWalkPerTurn = 64;
  static constexpr std::size_t kForgottenPerTurn = 512;

  const OuchSetup setup_;
  std::unique_ptr<StreamSource> source_;
  std::unique_ptr<ByteStream> stream_;
  soup::Session soup_;
  OuchWriter writer_;
  OuchReader reader_;
  OuchOrders orders_;
  OuchExecutions executions_;
  OuchCounters counters_;
  OuchReports reports_;
  ouch50::UserRefNums numbers_;
  // Account queries of this connection, their answers, and how many answers are owed at most to
  // those of earlier connections. An answer does not say to which it is.
  uint32_t asked_ = 0;
  uint32_t answers_ = 0;
  uint32_t owed_ = 0;
  State state_ = State::kIdle;
  int64_t now_ns_ = 0;
  int64_t day_ends_ns_ = 0;
  int64_t day_began_ns_ = 0;
  int64_t next_upkeep_ns_ = 0;
  int64_t settles_at_ns_ = 0;  // then the connection is one that lasts; 0: it is

  // The venue's session and what was taken of it.
  uint64_t incarnation_ = 0;  // 0: none is known
  uint64_t received_ = 0;
  uint64_t rebuild_to_ = 0;  // messages up to this one were passed on by an earlier process
  uint64_t sent_ = 0;
  bool forgets_ = false;  // the last session is being forgotten, from here on
  std::size_t forgotten_ = 0;
  uint64_t logons_ = 0;
  bool asks_any_ = false;       // at the next logon: the venue does not know our session
  bool has_ours_ = false;       // the venue named it as its own since
  bool holds_recorded_ = true;  // the venue has all that an earlier process received
  bool disputed_ = false;
  uint64_t unreadable_ = 0;       // the message that is disputed
  std::bitset<256> told_types_;   // of messages that are passed over
  uint64_t passes_over_ = 0;      // the one that an operator gave up
  bool discards_ = false;         // an operator said so: the next session is a new one
  std::vector<Effect> restored_;  // requests that an earlier process may have sent

  // What the message under way makes, as far as the sink has not taken it.
  std::span<const Effect> pending_;
  uint64_t pending_number_ = 0;

  Refusals refusals_;
  AccelerationWatch acceleration_;
  uint32_t connection_ = 0;
  // A walk through the orders of which something is not answered.
  bool walks_ = false;
  bool walk_begun_ = false;
  bool walk_resends_ = false;
  bool walk_answers_ = false;
  uint32_t walk_at_ = OuchOrders::kNobody;
  bool barrier_seen_ = false;  // on this connection

  bool down_to_report_ = true;
  bool book_lost_to_report_ = false;
  bool up_to_report_ = false;
  bool stream_ended_ = false;
  std::string broken_;  // why the connection has to end
  std::string reason_;  // why there is none; empty: there is one
};

}  // namespace ringway
