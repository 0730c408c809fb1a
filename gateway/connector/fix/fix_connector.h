// FixConnector: connects a gateway to a venue that speaks FIX 4.2, 4.4 or 5.0 SP2, as its
// initiator.
//
// The venue numbers its messages and sends them again when asked, so each report is passed on once,
// under its MsgSeqNum, across lost connections and restarts of the gateway (docs/adr/0045). Nothing
// is written for the protocol but that: a new process numbers its own messages far above those of
// the former ones, and fills the gap. An order is never sent again. What the gateway receives:
//  - VenueStatus down when the connection ends, and at the first Poll() if there is none yet;
//  - after the next logon the reports that it missed, then VenueStatus up. The venue is asked for
//    every order with a request that it has not answered, where it can be asked; what it does not
//    know never arrived, and gets its outcome (venueUnavailable). Others stay in doubt until the
//    venue says something of them.
//
// Whatever the venue sends, the worst outcome is that its connection ends, with a reason, and is
// dialed again. Numbers that contradict those of this end are a dispute: there is no connection
// until an operator discards the numbers (Resync()) or a new period of the session begins.
//
// Thread rule: the engine's thread, which never waits here. Nothing allocates after construction
// but texts when a connection comes or goes, and lines for operators, at most one a second.
#pragma once

#include <array>
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
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_options.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/fix/fix_reader.h"
#include "gateway/connector/fix/fix_reports.h"
#include "gateway/connector/fix/fix_writer.h"
#include "gateway/connector/refusals.h"
#include "gateway/connector/stream_source.h"
#include "gateway/connector/venue_kind.h"
#include "protocol/fix/session.h"
#include "schema/instrument.h"
#include "transport/stream/stream_options.h"

namespace ringway {

struct FixSetup {
  VenueId venue = 1;
  FixOptions fix;
  FixDialect dialect;
  fix::SessionConfig session;  // as SessionConfigOf() makes it (fix_setup.h)
  std::vector<InstrumentConfig> instruments;
  std::vector<ProfileConfig> profiles;
  uint32_t slots = 0;  // of the gateway's orders
  // A process's own numbers begin so far above the recorded ones; they are recorded anew before so
  // many can have been used.
  uint64_t jump = 1'000'000;
  bool asks_acceleration = false;
  OnAccelerationLoss on_acceleration_loss = OnAccelerationLoss::kWarn;
  // Receives a line when the connection comes or goes, and what needs people. May be empty.
  std::function<void(std::string_view line)> report = {};
};

class FixConnector final : public Connector {
 public:
  // REQUIRES: CheckSessionConfig(setup.session).ok().
  FixConnector(std::unique_ptr<StreamSource> source, const FixSetup& setup);
  ~FixConnector() override;

  uint32_t Send(int64_t now_ns, std::span<const Effect> requests) override;
  void Poll(int64_t now_ns, VenueSink& sink) override;
  std::string_view reason() const noexcept override;
  uint64_t logons() const noexcept override { return logons_; }
  VenueCursor cursor() const noexcept override;
  void RestoreOrders(std::span<const VenueOrder> orders) override;
  void Restore(const VenueCursor& cursor, std::span<const Effect> requests) override;
  bool Resync() noexcept override;

  const FixCounters& counters() const noexcept { return counters_; }
  const fix::Session& session() const noexcept { return session_; }
  bool up() const noexcept { return state_ == State::kUp; }

 private:
  enum class State : uint8_t {
    kIdle,
    kDialing,
    kLoggingOn,
    kRecovering,  // each takes what it missed of the other, and the venue is asked
    kUp,
  };

  class Handler final : public fix::SessionHandler {
   public:
    explicit Handler(FixConnector& connector) : connector_(connector) {}
    void OnNumbers(const fix::Numbers&) noexcept override {}
    bool OnMessage(const fix::Message& message) noexcept override {
      return connector_.OnMessage(message);
    }
    void OnGap(uint64_t, uint64_t) noexcept override { connector_.OnGap(); }
    void OnReset(uint64_t first, uint64_t next) noexcept override {
      connector_.OnReset(first, next);
    }
    void OnRefused(const fix::Message& message) noexcept override { connector_.OnRefused(message); }
    // Nothing is sent again: an order might be hours old.
    fix::Recalled OnRecall(uint64_t first, uint64_t last) noexcept override {
      connector_.OnRecall(first, last);
      return {.through = last};
    }
    void OnReject(const fix::Message& reject) noexcept override { connector_.OnReject(reject); }

   private:
    FixConnector& connector_;
  };

  bool connected() const noexcept { return stream_ != nullptr; }

  // --- The connection (fix_connector.cc) ---
  void Dial(int64_t now_ns);
  void LogOn(int64_t now_ns);
  void Turn(int64_t now_ns, VenueSink& sink);
  bool Read(int64_t now_ns);  // true: something was taken
  void Flush() noexcept;
  void Advance(int64_t now_ns);
  void OnActive();
  void NoteGeneration() noexcept;
  void BeginAnew() noexcept;
  void Drop(std::string why);
  void Because(std::string why);
  void Tell(std::string_view line) const {
    if (setup_.report) setup_.report(line);
  }
  bool MayDial(int64_t now_ns);

  // --- What the venue says (fix_messages.cc) ---
  bool OnMessage(const fix::Message& message) noexcept;
  void OnReject(const fix::Message& reject) noexcept;
  void OnGap() noexcept;
  void OnReset(uint64_t first, uint64_t next) noexcept;
  void OnRefused(const fix::Message& message) noexcept;
  void OnRecall(uint64_t first, uint64_t last) noexcept;
  void Void(const FixSent& sent) noexcept;
  FixSent SentAs(uint64_t sequence) const noexcept;
  void Complain(const fix::Message& message, uint64_t id, std::string_view what) noexcept;
  bool Deliver(VenueSink& sink) noexcept;
  bool ReportState(int64_t now_ns, VenueState state, VenueSink& sink) noexcept;

  // --- Requests (fix_requests.cc) ---
  enum class Try : uint8_t { kSent, kNoRoom, kRefused };
  // Writes a message, and remembers which it was.
  template <class Body>
  Try Write(int64_t now_ns, char type, uint64_t id, Body&& body) noexcept {
    const fix::Sent sent = session_.Send(now_ns, std::string_view(&type, 1), body);
    if (sent.status == fix::SendStatus::kRefused) return Try::kRefused;
    if (sent.status != fix::SendStatus::kOk) return Try::kNoRoom;
    sent_[sent.sequence % kSentKept] = {.sequence = sent.sequence, .id = id, .type = type};
    return Try::kSent;
  }
  bool SendOne(int64_t now_ns, const Effect& request);
  bool SendNew(int64_t now_ns, const NewOrder& request);
  bool SendCancel(int64_t now_ns, const Cancel& request);
  bool SendReplace(int64_t now_ns, const Replace& request);

  // --- Orders of which something is not known (fix_settling.cc) ---
  void MarkUnsure() noexcept;
  void BeginAsking() noexcept;
  void Ask(int64_t now_ns);
  bool AskFor(int64_t now_ns, FixOrder& order);
  bool NeedsAsking(const FixOrder& order) const noexcept;
  bool settles() const noexcept { return marks_ != kNoMark || asks_; }

  static constexpr std::size_t kInputBytes = 256 << 10;
  static constexpr std::size_t kOutputMax = 32 << 10;  // then no request is taken
  static constexpr uint64_t kSentKept = 16'384;
  static constexpr uint32_t kAsksPerTurn = 64;
  static constexpr uint32_t kMarksPerTurn = 256;
  // What a venue can make of a turn.
  static constexpr std::size_t kBytesPerTurn = 32 << 10;
  static constexpr uint32_t kMessagesPerTurn = 256;
  static constexpr uint32_t kResetsMax = 8;  // of the numbers, within a connection
  static constexpr uint32_t kNoMark = UINT32_MAX;

  const FixSetup setup_;
  std::unique_ptr<StreamSource> source_;
  std::unique_ptr<ByteStream> stream_;
  FixWriter writer_;
  FixReader reader_;
  FixOrders orders_;
  FixCounters counters_;
  FixReports reports_;
  Refusals refusals_;
  AccelerationWatch acceleration_;
  Handler handler_{*this};
  fix::Session session_;
  std::vector<FixSent> sent_;  // by sequence
  std::unique_ptr<char[]> input_;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  State state_ = State::kIdle;
  int64_t now_ns_ = 0;
  int64_t next_tick_ns_ = 0;
  int64_t schedule_until_ns_ = 0;
  int64_t next_complaint_ns_ = 0;
  int64_t next_marks_ns_ = 0;    // not every order is asked for again before
  int64_t next_round_ns_ = 0;    // nor those of which the venue has not said how they stand
  int64_t answer_until_ns_ = 0;  // to the session's probe; 0: it is not waited for
  int64_t settles_at_ns_ = 0;    // then the connection is one that lasts
  uint64_t complaints_ = 0;      // not told

  uint64_t generation_ = 0;    // of the session's numbers, as far as it was noticed
  bool begins_anew_ = false;   // noticed in this turn: nothing is taken before it is recorded
  uint64_t received_ = 0;      // the highest number of which everything was passed on
  uint64_t voided_ = 0;        // own numbers below are of an earlier connection, or gap-filled
  uint64_t recorded_out_ = 0;  // the own number when the cursor was last recorded
  uint64_t logons_ = 0;
  bool disputed_ = false;

  // What the message under way makes, as far as the sink has not taken it.
  VenueSink* sink_ = nullptr;
  std::span<const Effect> pending_;
  uint64_t pending_number_ = 0;

  uint32_t connection_ = 0;
  uint32_t resets_ = 0;  // of the numbers in this connection
  uint32_t messages_this_turn_ = 0;
  uint32_t question_ = 1;     // orders are asked for again with each
  uint32_t round_ = 0;        // of looks at all orders of which something is not known
  uint32_t marks_ = kNoMark;  // the next slot whose order becomes unsure
  bool asks_ = false;
  bool missed_ = false;  // reports may be lost: every open order has to be asked for

  bool down_to_report_ = true;
  bool up_to_report_ = false;
  bool stream_ended_ = false;
  std::string reason_;  // why there is no connection; empty: there is one
};

}  // namespace ringway
