// OuchMember: a member of the exchange that speaks OUCH, whether a client is connected or not.
//
// Its client's messages become requests, its reports become sequenced messages, which are stored at
// once and for as long as the session lasts. So nothing waits in the exchange for a client that
// does not read.
//
// The session is over when the store is nearly full, or at EndSession(): the open orders are
// canceled, the end of the day is stored as the last message, and no request is taken any more.
//
// Thread rule: one thread. Lifetime: the exchange outlives it. Nothing allocates after
// construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/matching.h"
#include "exchange/ouch/id_table.h"
#include "exchange/ouch/mapping.h"
#include "exchange/ouch/message_store.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/fault.h"

namespace ringway::exchange {

struct OuchInstrument {
  OuchSymbol symbol;
  uint32_t id = 0;
};

struct OuchAccount {
  PaddedText<4> firm;
  uint32_t account = 0;
};

struct OuchMemberOptions {
  OuchVersion version = OuchVersion::k42;
  uint64_t number = 0;  // the member's
  uint32_t account = 1;
  std::vector<OuchAccount> account_of = {};  // of orders with these firms
  uint32_t messages_max = 1u << 20;          // of a session
  std::vector<OuchInstrument> instruments = {};
  uint64_t hash_seed = 0;
};

class OuchMember {
 public:
  // REQUIRES: `member` was admitted, and has no reports yet.
  OuchMember(Exchange& exchange, uint32_t member, const OuchMemberOptions& options, int64_t now_ns);

  enum class Answer : uint8_t {
    kTaken,    // what there is to answer is stored, or will be
    kWait,     // offer it again in the next turn
    kGarbage,  // it cannot be answered: the connection has to end, because of fault()
  };
  Answer OnMessage(int64_t now_ns, std::span<const std::byte> bytes) noexcept;
  ouch::Fault fault() const noexcept { return fault_; }

  // One turn: stores the reports, and goes on with what is under way. True: there was any.
  bool DoWork(int64_t now_ns) noexcept;

  // Cancels the open orders, in this and later turns.
  void CancelAll(ouch::CancelReason reason) noexcept;
  void EndSession() noexcept;

  const MessageStore& messages() const noexcept { return messages_; }
  // No message will be added any more.
  bool ended() const noexcept { return phase_ == Phase::kEnded; }
  // It ends because the store is full.
  bool filled_up() const noexcept { return filled_up_; }
  // Reports for which it had no room: one order traded more often than was left.
  uint32_t unreported() const noexcept { return exchange_.reports(member_).store().count(); }
  uint32_t open_orders() const noexcept { return open_orders_; }

 private:
  static constexpr uint32_t kSlotBits = 24;
  static constexpr uint32_t kCancelsPerTurnMax = 256;
  static constexpr uint32_t kSlotsPerTurnMax = 4096;

  enum class Phase : uint8_t { kOpen, kEnding, kEnded };

  struct OpenOrder {
    uint64_t id = 0;  // as the exchange has it; 0: the place is free
    uint32_t open = 0;
    uint32_t traded = 0;
    OuchId name;
    OuchTerms terms;
  };

  // The cancels under way that have no request of their own.
  struct MassCancel {
    bool active = false;
    ouch::CancelReason reason = ouch::CancelReason::kUser;
    Slot next = 0;
    OuchTerms filter = {};  // symbol, firm, and of the appendage side and group, where they are set
  };

  // What the exchange is asked for now, where its answer alone does not tell.
  enum class Asking : uint8_t { kOther, kReplace, kModify };

  Answer Carry(int64_t now_ns, const OuchRequest& request) noexcept;
  uint32_t AccountOf(const OuchTerms& terms) const noexcept;
  Answer Enter(int64_t now_ns, const OuchRequest& request) noexcept;
  Answer Replace(int64_t now_ns, const OuchRequest& request) noexcept;
  Answer Lower(int64_t now_ns, const OuchRequest& request) noexcept;
  Answer CancelWhole(int64_t now_ns, Slot slot, ouch::CancelReason reason) noexcept;
  uint16_t RefusalOf(const OuchRequest& request, const OpenOrder& order) const noexcept;
  bool IsRepeated(const OuchId& id) const noexcept;
  void UseId(const OuchId& id, Slot slot) noexcept;
  bool CancelSome(int64_t now_ns, uint32_t cancels_max) noexcept;
  bool Matches(const OpenOrder& order) const noexcept;
  bool IsNearlyFull() const noexcept { return messages_.room() <= open_orders_ + room_for_end_; }

  bool Drain() noexcept;
  bool On(const ExecutionReport& report, const ExecutionReport* next) noexcept;
  void On(const CancelReject& reject) noexcept;
  void OnReplaced(const ExecutionReport& report, Slot slot) noexcept;
  void Free(Slot slot) noexcept;

  void Tell(int64_t now_ns, const OuchEvent& event) noexcept;
  void Refuse(int64_t now_ns, const OuchRequest& request, uint16_t code) noexcept;

  uint64_t NextId(Slot slot) noexcept { return (++last_request_ << kSlotBits) | slot; }
  static Slot SlotOf(uint64_t id) noexcept { return id & ((1u << kSlotBits) - 1); }
  bool Is50() const noexcept { return options_.version == OuchVersion::k50; }

  Exchange& exchange_;
  const uint32_t member_;
  const OuchMemberOptions options_;
  const uint64_t room_for_end_;  // messages beside those of the open orders
  MessageStore messages_;
  OuchIdTable ids_;
  std::vector<OpenOrder> orders_;
  std::vector<Slot> free_;
  uint32_t open_orders_ = 0;
  uint64_t last_request_ = 0;
  uint32_t last_number_ = 0;  // 5.0: the highest UserRefNum
  bool entry_disabled_ = false;
  bool filled_up_ = false;
  Phase phase_ = Phase::kOpen;
  ouch::Fault fault_ = ouch::Fault::kNone;
  MassCancel mass_cancel_;
  Slot due_cancel_ = kNoSlot;  // an order that its refused replacement ends (4.2)

  Asking asking_ = Asking::kOther;
  ouch::CancelReason cancel_reason_ = ouch::CancelReason::kUser;
  OuchRequest request_;  // while kReplace or kModify
};

}  // namespace ringway::exchange
