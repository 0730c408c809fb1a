// FixMember: a member that speaks FIX, whether its client is connected or not: its session, its
// orders, and what it is told.
//
// A session lives as long as the exchange. What is reported becomes a message at once
// (fix_messages.h) and gets its number when it is sent: what was sent and did not arrive the client
// asks for by ResendRequest, what was not sent follows its next Logon. An administrative message
// and a Reject are gap-filled, and so is what is no longer kept. After a Logon with ResetSeqNumFlag
// (141) nothing from before can be asked for; orders stay as they are.
//
// Back-pressure: when messages_max wait to be sent, no request is taken and reports stay in the
// exchange's queue, whose rules then hold (exchange/matching.h). The exchange waits for nobody.
//
// Thread rule: one thread. Lifetime: the exchange outlives it. Nothing allocates after
// construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "exchange/fix/fix_messages.h"
#include "exchange/fix/fix_orders.h"
#include "exchange/fix/fix_report.h"
#include "exchange/fix/fix_request.h"
#include "exchange/matching.h"
#include "protocol/fix/session.h"
#include "protocol/fix/session_handler.h"
#include "protocol/fix/writer.h"

namespace ringway::exchange {

struct FixInstrument {
  std::string symbol;
  uint32_t id = 0;
};

struct FixAccount {
  std::string name;
  uint32_t account = 0;
};

struct FixMemberOptions {
  FixVersion version = FixVersion::k44;
  fix::SessionConfig session = {};
  std::string username = {};  // empty: not checked
  std::string password = {};  // likewise
  uint64_t number = 0;        // the member's
  uint32_t account = 1;
  std::vector<FixAccount> account_of = {};  // empty: every Account (1) is `account`
  std::vector<FixInstrument> instruments = {};
  uint32_t messages_max = 1u << 16;
  uint64_t hash_seed = 0;
};

class FixMember final : private fix::SessionHandler {
 public:
  // REQUIRES: `member` was admitted, and has no reports yet; CheckSessionConfig(options.session).
  FixMember(Exchange& exchange, uint32_t member, const FixMemberOptions& options);

  // The connection, as fix::Session has it.
  void Connect(int64_t now_ns) noexcept;
  void Disconnected() noexcept { session_.Disconnected(); }
  std::size_t Receive(int64_t now_ns, std::string_view input) noexcept;
  void Tick(int64_t now_ns) noexcept;
  std::string_view output() const noexcept { return session_.output(); }
  void Consumed(std::size_t bytes) noexcept { session_.Consumed(bytes); }
  const fix::Session& session() const noexcept { return session_; }
  // Whether the connection's Logon was right.
  bool logged_on() const noexcept { return logged_on_; }
  // A request has to wait: Receive() offers it again in a later turn.
  bool waits() const noexcept { return waits_; }
  // Messages wait for room in output().
  bool has_more() const noexcept {
    return session_.state() == fix::SessionState::kActive &&
           (messages_.unsent() != 0 || session_.resending());
  }

  // One turn: tells what was reported, goes on with what is under way, and moves messages to
  // output(). True: there was any.
  bool DoWork(int64_t now_ns) noexcept;

  // Cancels the open orders, in this and later turns.
  void CancelAll() noexcept;
  // Likewise, and takes no request any more; a Logout follows the last message.
  void EndSession() noexcept;
  // All orders are canceled, and what a client can be told of it is told.
  bool ended() const noexcept { return phase_ == Phase::kEnded; }
  uint32_t open_orders() const noexcept { return orders_.open(); }

 private:
  static constexpr uint32_t kSlotBits = 25;
  static constexpr uint32_t kCancelsPerTurnMax = 256;
  static constexpr uint32_t kSendsPerTurnMax = 256;
  static constexpr uint32_t kRequestsPerTurnMax = 64;
  // Then output has enough to go on with, and a Logon that begins the numbers anew loses no more.
  static constexpr std::size_t kOutputBytes = 16 << 10;
  static constexpr uint64_t kAnswersMax = 8;  // to a request, before what it causes

  enum class Phase : uint8_t { kOpen, kEnding, kEnded };

  // The orders that a request or the exchange cancels or reports on, of which `next` is due.
  struct Sweep {
    enum class Kind : uint8_t { kNone, kStatus, kCancel };
    Kind kind = Kind::kNone;
    std::size_t next = 0;
    FixName id = {};  // of the request
  };

  // SessionHandler.
  void OnNumbers(const fix::Numbers& numbers) noexcept override;
  bool OnMessage(const fix::Message& message) noexcept override;
  void OnGap(uint64_t, uint64_t) noexcept override {}
  fix::Recalled OnRecall(uint64_t sequence, uint64_t last) noexcept override;
  std::string_view OnLogon(const fix::Message& logon) noexcept override;
  void OnState(fix::SessionState state) noexcept override {
    logged_on_ |= state == fix::SessionState::kActive;
  }

  // fix_member_requests.cc; false: the request has to wait.
  bool Carry(const FixRequest& request) noexcept;
  bool Enter(const FixRequest& request) noexcept;
  bool Change(const FixRequest& request) noexcept;
  bool AskFor(const FixRequest& request, Slot slot) noexcept;
  CancelRejectReason RefusalOf(const FixRequest& request, const FixOrders::Found& found) noexcept;
  void RefuseChange(const FixRequest& request, Slot order, CancelRejectReason reason,
                    std::string_view text = {}) noexcept;
  void TellStatus(const FixRequest& request, Slot order) noexcept;
  void MassStatus(const FixRequest& request) noexcept;
  void MassCancel(const FixRequest& request) noexcept;
  RejectReason RefusalOfScope(const FixRequest& request) const noexcept;
  void List(const FixRequest& request) noexcept;
  bool GoOn() noexcept;
  bool CancelOrder(Slot slot, uint64_t id) noexcept;
  bool SweepAway(Slot slot) noexcept;
  const FixInstrument* InstrumentOf(const FixName& symbol) const noexcept;

  // fix_member_reports.cc
  bool Drain() noexcept;
  void On(const ExecutionReport& report) noexcept;
  void On(const CancelReject& reject) noexcept;
  void Tell(const FixOrder& order, const FixExecution& execution) noexcept;
  void Tell(const FixCancelReject& reject) noexcept;
  template <class Write>
  void TellBy(char type, Write&& write) noexcept {
    const std::span<char> room = messages_.Claim();
    fix::Writer to(room.data(), room.data() + room.size());
    write(to);
    RINGWAY_CHECK(to.error() == fix::WriteError::kNone, "a message that cannot be written");
    messages_.Tell(type, to.fields().size());
  }
  // Of a report that is not the exchange's: unique as well.
  std::string_view OwnExecId() noexcept;

  bool Flush() noexcept;

  uint64_t NextId(Slot slot) noexcept { return (++last_request_ << kSlotBits) | slot; }
  static Slot SlotOf(uint64_t id) noexcept { return id & ((1u << kSlotBits) - 1); }

  Exchange& exchange_;
  const uint32_t member_;
  const FixMemberOptions options_;
  FixReader reader_;
  FixReportWriter writer_;
  FixMessages messages_;
  FixOrders orders_;
  fix::Session session_;
  uint64_t generation_ = 0;  // of the session's numbers
  int64_t now_ns_ = 0;
  Phase phase_ = Phase::kOpen;
  bool logged_on_ = false;
  bool waits_ = false;
  uint64_t last_request_ = 0;
  uint64_t own_exec_ids_ = 0;
  std::array<char, 48> exec_id_{};
  Sweep sweep_;
  std::vector<Slot> listed_;      // of the sweep
  std::string_view cancel_text_;  // of the reports of the last sweep that canceled
  bool cancels_all_ = false;      // once the sweep is done
  uint32_t requests_in_turn_ = 0;
  bool listed_in_turn_ = false;  // a mass request walks through the open orders

  // The cancel or replace that the exchange was asked for last; the next one waits for its answer.
  FixRequest request_;
  uint64_t asked_ = 0;  // its id there
};

}  // namespace ringway::exchange
