// Pre-trade check: the day's loss of the account, its desk and the firm; beyond a limit only orders
// that reduce pass.
//
// The result since the trading day began, at market prices: fills are compared with the price at
// which the position is marked, and holdings move with that price, overnight too. The price is the
// instrument's reference price; where there is none, the account's last fill. A correction of a
// trade's price is made or lost on the day on which it comes; it does not name the former price, so
// that is what its order paid on average. Fees are not included; an inverse contract contributes
// nothing, as its value is fixed. A day is the latest of any venue's (docs/adr/0026). Limit and
// value: whole units of the risk currency, the loss rounded up.
//
// A new price concerns every holder of the instrument. It is booked holder by holder (MarkNext),
// some in each step, in turn, so that no step has to book a whole price and no holder is skipped.
// Only owners that have a limit are counted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/huge_array.h"
#include "gateway/core/indices.h"
#include "gateway/engine/alerts.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/index_set.h"
#include "gateway/risk/exposure.h"
#include "gateway/risk/request.h"
#include "gateway/risk/soft_limit.h"

namespace ringway {

// A loss that just exceeded a limit, or the part of it at which operators are alerted.
struct LossCrossing {
  AlertOwner owner_kind;
  uint32_t owner;  // number; 0 for the firm
  RiskCheck check;
  int64_t limit;
  int64_t value;
  bool soft;
};

class LossLimits {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kDailyLoss;  // or the desk's or firm's

  explicit LossLimits(const EngineConfig& config);

  bool active() const noexcept { return active_; }

  // Whether anybody has such a limit. Otherwise every order passes.
  bool Applies(const SessionLimits&, const Exposure&) const noexcept { return active_; }
  Verdict Check(const RiskRequest& request) const noexcept {
    return active_ ? CheckOwners(request) : Verdict{};
  }

  // The position at this index, which is already updated, bought `quantity` (negative: sold) at
  // `price` (0 if the price is not known: at the market). May call crossed(LossCrossing).
  template <class F>
  void Fill(uint32_t at, const Position& position, const Instrument& instrument, int64_t quantity,
            int64_t price, F&& crossed) noexcept {
    if (!IsCounted(position.account)) return;
    Mark& mark = marks_[at];
    if (mark.next == kNone) Link(at, position.instrument);
    if (!mark.known) {
      mark.known = PriceOf(position, instrument, mark.price);
      if (!mark.known) return;
    }
    if (quantity == 0) {  // only the price of a fill changed: the position is marked there now
      (void)PriceOf(position, instrument, mark.price);
      return;
    }
    const int64_t paid = instrument.IsStated(price) ? price : mark.price;
    const Money made = Value(instrument, quantity, mark.price) - Value(instrument, quantity, paid);
    Book(position.account, made + MarkAt(at, position, instrument), crossed);
  }

  // `quantity` (negative: sold) of the position at this index, which is already updated, was traded
  // at `price` and not at `paid`, as was booked. May call crossed(LossCrossing).
  template <class F>
  void Reprice(uint32_t at, const Position& position, const Instrument& instrument,
               int64_t quantity, int64_t paid, int64_t price, F&& crossed) noexcept {
    if (!active_ || !IsCounted(position.account)) return;
    Money made = Value(instrument, quantity, paid) - Value(instrument, quantity, price);
    if (marks_[at].next != kNone) made += MarkAt(at, position, instrument);
    Book(position.account, made, crossed);
  }

  // The order in this slot, which had traded `before`, traded `quantity` more (negative: less) at
  // `price`.
  void Pay(uint32_t slot, uint64_t before, int64_t quantity, int64_t price) noexcept {
    if (!active_) [[likely]]
      return;
    Money& paid = paid_[slot];
    if (before == 0) paid = 0;
    if (paid != kUnknown) paid = std::clamp(paid + Money{quantity} * price, -kMost, kMost);
  }
  // The average price of what it traded; 0: not known.
  int64_t AveragePaid(uint32_t slot, uint64_t traded) const noexcept {
    if (!active_ || traded == 0 || paid_[slot] == kUnknown) return 0;
    const Money average = paid_[slot] / static_cast<Money>(traded);
    return average > INT64_MIN && average < INT64_MAX ? static_cast<int64_t>(average) : 0;
  }

  // An instrument's reference price changed: its holders are to be marked.
  void ChangePrice(InstrumentIndex instrument) noexcept {
    if (!active_ || holders_[instrument].count == 0) return;
    holders_[instrument].left = holders_[instrument].count;
    changed_.Set(instrument, true);
  }
  bool HasWork() const noexcept { return changed_.count() != 0; }
  // Marks one holder of those instruments. REQUIRES: HasWork().
  template <class F>
  void MarkNext(const Exposure& exposure, const std::vector<Instrument>& instruments,
                F&& crossed) noexcept {
    uint32_t next = changed_.NextFrom(next_instrument_);
    if (next == IndexSet::kNone) next = changed_.NextFrom(0);
    const InstrumentIndex instrument{next};
    Holders& holders = holders_[instrument];
    const uint32_t at = holders.first;
    holders.first = marks_[at].next;
    if (--holders.left == 0) changed_.Set(instrument, false);
    next_instrument_ = instrument + (holders.left % kInARow == 0);
    const Position& position = exposure.position(at);
    Book(position.account, MarkAt(at, position, instruments[instrument]), crossed);
  }

  // The position, which is flat, is about to be freed.
  void Forget(uint32_t at, InstrumentIndex instrument) noexcept {
    if (active_ && marks_[at].next != kNone) Unlink(at, instrument);
  }

  // Takes effect now. Owners that are not counted stay so. Account and desk by their index.
  void SetMaxOfAccount(AccountIndex account, int64_t loss_max) noexcept {
    owners_[account].loss_max = loss_max;
  }
  void SetMaxOfDesk(uint32_t desk, int64_t loss_max) noexcept {
    owners_[desks_begin_ + desk].loss_max = loss_max;
  }
  void SetMaxOfFirm(int64_t loss_max) noexcept { owners_.back().loss_max = loss_max; }

  // A venue's trading day begins.
  void BeginDay(uint32_t day) noexcept { day_ = std::max(day_, day); }

  // Today's profit (negative: loss) of the account with this index; nullopt: it is not counted.
  std::optional<Money> ResultOf(AccountIndex account) const noexcept {
    if (!active_ || !IsCounted(account)) return std::nullopt;
    return Today(owners_[account]).result;
  }

  // State that the engine saves (archive.h), after positions. Owners that are counted only since
  // this start begin with their holdings at the present prices; owners that are no longer counted
  // are dropped. What orders paid before anything was counted is not known.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const StateAround& around) {
    archive(self.day_);
    const auto save = [&archive](auto& owner) {
      archive(owner.result, owner.day, owner.told);
      archive.Require(owner.result >= -kMost && owner.result <= kMost && owner.told < kToldEnd,
                      "what was lost is beyond all bounds");
    };
    const auto may_go = [](const Owner&) { return true; };
    auto of_desks = std::span(self.owners_).subspan(self.desks_begin_);
    ArchiveTable(archive, around.accounts, self.owners_, save, may_go);
    ArchiveTable(archive, around.desks, of_desks, save, may_go);
    save(self.owners_.back());
    ArchiveTable(
        archive, around.instruments, self.holders_,
        [&archive](auto& holders) { archive(holders.left); }, [](const Holders&) { return true; });
    archive(self.next_instrument_);
    self.ArchiveMarks(self, archive, around.exposure);
    self.ArchivePaid(self, archive, around.order_slots);
    if constexpr (A::kLoads) {
      if (!archive.ok()) return;
      if (!around.instruments.same) self.next_instrument_ = 0;
      self.Complete(around.exposure, around.instrument_table);
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  // Holders of one instrument that are marked before the next instrument has its turn.
  static constexpr uint32_t kInARow = 16;
  // Far beyond any limit, and its double does not overflow.
  static constexpr Money kMost = Money{1} << 124;
  static constexpr Money kUnknown = 2 * kMost;  // in paid_
  // Bits of Owner::told.
  static constexpr uint8_t kToldSoft = 1;
  static constexpr uint8_t kToldHard = 2;
  static constexpr uint8_t kToldEnd = 4;

  struct Owner {
    Money result = 0;  // of `day`
    uint32_t day = 0;
    uint8_t told = 0;
    bool counted = false;  // has a configured limit; for an account: or its desk or the firm has
    int64_t loss_max = kNoLimit;
  };
  // Per position: the price at which it is marked, and the ring of its instrument's holders.
  struct Mark {
    int64_t price;
    uint32_t next;  // next in the ring; kNone: not counted
    uint32_t before;
    bool known;  // there is a price
  };
  // Per instrument: the first of the ring is marked next.
  struct Holders {
    uint32_t first = kNone;
    uint32_t count = 0;
    uint32_t left = 0;  // to be marked
  };

  [[gnu::noinline]] Verdict CheckOwners(const RiskRequest& request) const noexcept {
    for (const uint32_t owner : OwnersOf(request.account)) {
      if (owner == kNone) continue;
      const Money lost = -Today(owners_[owner]).result;
      if (!Exceeds(lost, owners_[owner].loss_max) || (!request.grows && !request.price_moves) ||
          request.Reduces(request.position.quantity, request.position.open)) {
        continue;
      }
      return {RejectReason::kOrderExceedsLimit, CheckOf(owner), owners_[owner].loss_max,
              UnitsRoundedUp(lost)};
    }
    return {};
  }

  bool IsCounted(AccountIndex account) const noexcept { return owners_[account].counted; }
  // The account itself, and its desk and the firm where they have a limit.
  std::array<uint32_t, 3> OwnersOf(AccountIndex account) const noexcept {
    return {account, desk_of_account_[account], firm_};
  }
  RiskCheck CheckOf(uint32_t owner) const noexcept {
    return owner < desks_begin_          ? RiskCheck::kDailyLoss
           : owner + 1 != owners_.size() ? RiskCheck::kDeskDailyLoss
                                         : RiskCheck::kFirmDailyLoss;
  }
  Owner Today(Owner owner) const noexcept {
    if (owner.day != day_) {
      owner.result = 0;
      owner.told = 0;
      owner.day = day_;
    }
    return owner;
  }

  // Signed: the value of the quantity to its holder.
  static Money Value(const Instrument& instrument, int64_t quantity, int64_t price) noexcept {
    if (instrument.inverse) return 0;
    const Money value = PositionValue(instrument, quantity, price);
    return (quantity < 0) == (price < 0) ? value : -value;
  }
  // False: there is no price yet.
  static bool PriceOf(const Position& position, const Instrument& instrument,
                      int64_t& price) noexcept {
    if (!instrument.has_reference && !instrument.IsStated(position.last_price)) return false;
    price = instrument.has_reference ? instrument.reference_price : position.last_price;
    return true;
  }

  // Marks the position at the present price. Returns what it made by that, to be booked together
  // with what else happened to it: half of it would look like a loss.
  [[nodiscard]] Money MarkAt(uint32_t at, const Position& position,
                             const Instrument& instrument) noexcept {
    Mark& mark = marks_[at];
    int64_t price = 0;
    if (!PriceOf(position, instrument, price)) return 0;
    const int64_t before = mark.known ? mark.price : price;
    mark.price = price;
    mark.known = true;
    if (price == before) return 0;
    return Value(instrument, position.quantity, price) -
           Value(instrument, position.quantity, before);
  }

  template <class F>
  void Book(AccountIndex account, Money made, F&& crossed) noexcept {
    if (made == 0) return;
    for (const uint32_t number : OwnersOf(account)) {
      if (number == kNone) continue;
      Owner& owner = owners_[number];
      owner = Today(owner);
      owner.result = std::clamp(owner.result + made, -kMost, kMost);
      // Once a day, because prices oscillate around the limit.
      const bool over = (owner.told & kToldHard) == 0 && Exceeds(-owner.result, owner.loss_max);
      if (over) owner.told |= kToldHard;
      const bool near = warn_at_percent_ != 0 &&
                        SoftLimit(warn_at_percent_)
                            .CrossesMoney(owner.told, kToldSoft, -owner.result, owner.loss_max);
      if (over || near) crossed(CrossingOf(number, !over));
    }
  }

  LossCrossing CrossingOf(uint32_t number, bool soft) const noexcept;
  void Link(uint32_t at, InstrumentIndex instrument) noexcept;
  void Unlink(uint32_t at, InstrumentIndex instrument) noexcept;

  // The rings, each from its first element on.
  template <class Self, class A>
  static void ArchiveMarks(Self& self, A& archive, const Exposure& exposure) {
    const size_t count = archive.Count(self.linked_, exposure.positions(), "marked positions");
    if constexpr (A::kLoads) {
      for (size_t i = 0; i != count && archive.ok(); ++i) {
        uint32_t at = 0;
        Mark mark{};
        archive(at, mark.price, mark.known);
        archive.Require(at < exposure.positions() && (mark.known || mark.price == 0),
                        "a marked position that cannot be");
        if (!archive.ok()) return;
        // A position that was freed because its configuration is gone, or that is no longer
        // counted.
        if (!self.active_ || !exposure.InUse(at)) continue;
        const Position& position = exposure.position(at);
        if (!self.IsCounted(position.account)) continue;
        archive.Require(self.marks_[at].next == kNone, "a marked position is there twice");
        if (!archive.ok()) return;
        self.Link(at, position.instrument);
        self.marks_[at].price = mark.price;
        self.marks_[at].known = mark.known;
      }
    } else {
      for (const Holders& holders : self.holders_) {
        uint32_t at = holders.first;
        for (uint32_t i = 0; i != holders.count; ++i, at = self.marks_[at].next) {
          archive(at, self.marks_[at].price, self.marks_[at].known);
        }
      }
    }
  }
  // What the orders in all used slots paid.
  template <class Self, class A>
  static void ArchivePaid(Self& self, A& archive, uint32_t order_slots) {
    const size_t saved =
        archive.Count(self.active_ ? order_slots : 0, order_slots, "order records");
    for (size_t at = 0; at != saved && archive.ok(); ++at) {
      Money paid{};
      if constexpr (!A::kLoads) paid = self.paid_[at];
      archive(paid);
      archive.Require((paid >= -kMost && paid <= kMost) || paid == kUnknown,
                      "what an order paid is beyond all bounds");
      if constexpr (A::kLoads) {
        if (self.active_) self.paid_[at] = paid;
      }
    }
    if constexpr (A::kLoads) {
      for (size_t at = saved; self.active_ && at < order_slots; ++at) self.paid_[at] = kUnknown;
    }
  }
  void Complete(const Exposure& exposure, const std::vector<Instrument>& instruments) noexcept;
  bool IsMarked(const Exposure& exposure, const Instrument& instrument,
                const Holders& holders) const noexcept;

  bool active_ = false;
  uint32_t warn_at_percent_;
  uint32_t day_ = 0;           // in days since 1970-01-01; 0: none has begun
  std::vector<Owner> owners_;  // accounts, then desks, then the firm
  uint32_t desks_begin_;
  std::vector<uint32_t> account_ids_;
  std::vector<uint32_t> desk_ids_;
  // number of its desk in owners_; kNone: none with a limit
  std::vector<uint32_t> desk_of_account_;
  uint32_t firm_ = kNone;         // likewise
  HugeArray<Mark> marks_;         // by position; empty if no owner is counted
  HugeArray<Money> paid_;         // by slot of an order, likewise
  uint32_t linked_ = 0;           // number of positions in rings
  std::vector<Holders> holders_;  // by instrument
  IndexSet changed_;              // instruments with holders to be marked
  uint32_t next_instrument_ = 0;
};

}  // namespace ringway
