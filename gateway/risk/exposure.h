// What does every account hold and have at risk right now?
//
// The single place that adds and removes what an order contributes: whoever changes an open order
// removes its contribution, changes it, and adds the new one (Change), so exposure is released
// exactly once on every path by construction, and can be recomputed from the orders at any time.
// Engine thread only.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/huge_array.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/flat_index.h"
#include "gateway/risk/instruments.h"
#include "gateway/risk/money.h"
#include "gateway/risk/tick_book.h"

namespace ringway {

enum BookSide : uint8_t { kBuySide = 0, kSellSide = 1 };

// One account in one instrument: one cache line.
struct alignas(64) Position {
  int64_t quantity;  // bought minus sold, smallest units
  uint64_t open[2];  // by BookSide: open quantity, pending replacements at their larger size
  uint64_t best_resting[2];  // by BookSide: best own tick in TickBook's order (buys inverted)
  int64_t last_price;        // of the last fill: what the position is valued at
  uint32_t account;          // index
  uint32_t instrument;       // index
  uint8_t book_level[2];     // by BookSide: height of the tree in TickBook
  uint8_t restricted;        // 1: the account must not trade the instrument
  uint8_t spare[5];
};
static_assert(sizeof(Position) == 64);

struct AccountExposure {
  Money open_notional;      // of open orders
  Money position_notional;  // |position| at the last fill's price, all instruments
  uint32_t open_orders;
  uint32_t spare[3];
};

// What one open order adds to the sums.
struct Contribution {
  uint32_t position;
  uint16_t session;
  BookSide side;
  uint64_t quantity;
  Money notional;
  uint64_t tick;  // where it rests, in TickBook's order; kNoTick: it cannot rest
};

class Exposure {
 public:
  Exposure(const EngineConfig& config, const std::vector<Instrument>& instruments,
           const TableSecret& secret);

  // The position of an account in an instrument, by indices; null where it never traded.
  Position* Find(uint32_t account, uint32_t instrument) noexcept;
  const Position* Find(uint32_t account, uint32_t instrument) const noexcept {
    return const_cast<Exposure*>(this)->Find(account, instrument);
  }
  // What position `index` counts for in gross notional.
  Money ValueOf(uint32_t index) const noexcept { return ValueOf(positions_[index]); }
  // As Find, made if need be; null when the pool is used up.
  Position* FindOrMake(uint32_t account, uint32_t instrument) noexcept;
  // What FindOrMake() would make. An order that is refused must not use up the pool.
  Position Blank(uint32_t account, uint32_t instrument) const noexcept;

  // The tick of a price in TickBook's order: smaller is better on either side.
  static uint64_t OrientedTick(BookSide side, uint64_t tick) noexcept {
    return side == kBuySide ? kTicksMax - 1 - tick : tick;
  }

  void PrefetchPosition(uint32_t account, uint32_t instrument) const noexcept {
    position_index_.Prefetch(KeyOf(account, instrument));
  }
  void Prefetch(uint32_t position, BookSide side, uint64_t tick) const noexcept {
    book_.Prefetch(position * 2 + side, tick);
  }

  // An order opens, closes, or changes what it contributes.
  void Add(const Contribution& order) noexcept {
    Apply(order);
    ++accounts_[positions_[order.position].account].open_orders;
    ++session_open_orders_[order.session];
    if (order.tick != kNoTick) AddTick(order);
  }
  void Remove(const Contribution& order) noexcept {
    Position& position = positions_[order.position];
    position.open[order.side] -= order.quantity;
    AccountExposure& account = accounts_[position.account];
    account.open_notional -= order.notional;
    --account.open_orders;
    --session_open_orders_[order.session];
    if (order.tick != kNoTick) RemoveTick(order);
  }
  void Change(const Contribution& before, const Contribution& after) noexcept {
    positions_[before.position].open[before.side] -= before.quantity;
    accounts_[positions_[before.position].account].open_notional -= before.notional;
    Apply(after);
    if (before.tick == after.tick) return;
    if (after.tick != kNoTick) AddTick(after);
    if (before.tick != kNoTick) RemoveTick(before);
  }

  // What the engine saves (archive.h): positions. All sums and the tick book follow from the open
  // orders, which the engine adds; RaiseBooks() then, with what Archive() gave.
  using BookLevels = std::vector<std::array<uint8_t, 2>>;  // by position and BookSide
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& accounts, const Numbers& instruments,
                      BookLevels& levels) {
    const size_t count = archive.Count(self.positions_count_, self.positions_.size(),
                                       "pairs of account and instrument (pools.positions_max)");
    for (uint32_t at = 0; at < count && archive.ok(); ++at) {
      Position position = self.positions_[at];
      archive(position.quantity, position.last_price, position.account, position.instrument,
              position.book_level[kBuySide], position.book_level[kSellSide]);
      if constexpr (A::kLoads) {
        const uint32_t account = archive.IndexOf(accounts, position.account);
        const uint32_t instrument = archive.IndexOf(instruments, position.instrument);
        archive.Require(position.last_price >= 0, "a position at a negative price");
        archive.Require(archive.ok() && self.Find(account, instrument) == nullptr,
                        "a position is there twice");
        if (!archive.ok()) return;
        Position& made = *self.FindOrMake(account, instrument);
        made.quantity = position.quantity;
        made.last_price = position.last_price;
        levels.push_back(std::to_array(position.book_level));
        Money& worth = self.accounts_[account].position_notional;
        archive.Require(!__builtin_add_overflow(worth, self.ValueOf(made), &worth),
                        "an account's positions are beyond all bounds");
      }
    }
  }
  [[nodiscard]] bool RaiseBooks(const BookLevels& levels) noexcept;

  // `quantity` was bought (negative: sold) at `price`. A bust takes back with the opposite sign.
  void Fill(uint32_t position, int64_t quantity, int64_t price) noexcept;

  uint32_t IndexOf(const Position& position) const noexcept {
    return static_cast<uint32_t>(&position - &positions_[0]);
  }
  const Position& position(uint32_t index) const noexcept { return positions_[index]; }
  uint32_t positions() const noexcept { return positions_count_; }
  const AccountExposure& account(uint32_t index) const noexcept { return accounts_[index]; }
  uint32_t session_open_orders(uint32_t index) const noexcept {
    return session_open_orders_[index];
  }
  const TickBook& book() const noexcept { return book_; }

 private:
  struct PositionKey {
    uint64_t key;  // account << 32 | instrument | 1 << 63
    uint64_t index;

    uint64_t Hash(const TableSecret& secret) const noexcept { return KeyedHash(key, 0, secret); }
    bool SameKey(const PositionKey& other) const noexcept { return key == other.key; }
    bool empty() const noexcept { return key == 0; }
  };
  static PositionKey KeyOf(uint32_t account, uint32_t instrument) noexcept {
    return {uint64_t{1} << 63 | uint64_t{account} << 32 | instrument, 0};
  }

  void Apply(const Contribution& order) noexcept {
    Position& position = positions_[order.position];
    position.open[order.side] += order.quantity;
    accounts_[position.account].open_notional += order.notional;
  }
  TickBook::Top TopOf(const Contribution& order) noexcept {
    Position& position = positions_[order.position];
    return {position.best_resting[order.side], position.book_level[order.side]};
  }
  void AddTick(const Contribution& order) noexcept {
    book_.Add(order.position * 2 + order.side, order.tick, TopOf(order));
  }
  void RemoveTick(const Contribution& order) noexcept {
    book_.Remove(order.position * 2 + order.side, order.tick, TopOf(order));
  }
  Money ValueOf(const Position& position) const noexcept;

  const std::vector<Instrument>& instruments_;
  HugeArray<Position> positions_;
  uint32_t positions_count_ = 0;
  FlatIndex<PositionKey> position_index_;
  std::vector<AccountExposure> accounts_;
  std::vector<uint32_t> session_open_orders_;
  std::vector<std::vector<uint32_t>> restricted_;  // by account: instrument indices, sorted
  uint32_t book_levels_;                           // that trees have at most
  TickBook book_;
};

}  // namespace ringway
