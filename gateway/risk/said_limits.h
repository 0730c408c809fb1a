// Which limits of accounts and sessions have operators changed while the gateway ran?
//
// What was said holds until it is said otherwise, across restarts, as long as the configuration has
// what it had when it was said: who configures another value, or does not configure the owner,
// means that. Nothing allocates after construction. Engine thread only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "schema/messages.h"

namespace ringway {

// Calls use(limit), a reference to int64_t or uint32_t. False: there is no such limit.
template <class Limits, class F>
bool WithLimit(Limits& limits, LimitKind kind, F&& use) {
  constexpr bool kOfAccount = std::is_same_v<std::remove_const_t<Limits>, AccountLimits>;
  switch (kind) {
    case LimitKind::kQuantityMax:
      use(limits.quantity_max);
      return true;
    case LimitKind::kNotionalMax:
      use(limits.notional_max);
      return true;
    case LimitKind::kOpenOrdersMax:
      use(limits.open_orders_max);
      return true;
    // A session's are counted only where they are configured.
    case LimitKind::kPositionMax:
      if constexpr (kOfAccount) use(limits.position_max);
      return kOfAccount;
    case LimitKind::kGrossNotionalMax:
      if constexpr (kOfAccount) use(limits.gross_notional_max);
      return kOfAccount;
    case LimitKind::kUnset:
      break;
  }
  return false;
}

class SaidLimits {
 public:
  static constexpr size_t kSaidMax = 4'096;

  SaidLimits() { said_.reserve(kSaidMax); }

  // Sets the limit of the owner with this index. False, and nothing changes: there is no such
  // limit, it cannot be that much, or so much is said already that there is no room.
  template <class Limits>
  [[nodiscard]] bool Say(Limits& limits, uint32_t owner, LimitKind kind, int64_t value) noexcept {
    bool done = false;
    WithLimit(limits, kind, [&]<class T>(T& limit) {
      constexpr T kOff = std::numeric_limits<T>::max();
      const bool off = value == kNoLimit;
      if (value <= 0 || (!off && value >= static_cast<int64_t>(kOff))) return;
      const T wanted = off ? kOff : static_cast<T>(value);
      done = Remember(kOwner<Limits>, owner, kind, static_cast<int64_t>(limit),
                      static_cast<int64_t>(wanted));
      if (done) limit = wanted;
    });
    return done;
  }

  size_t count() const noexcept { return said_.size(); }
  template <class Folder>
  void AddTo(Folder& folder) const {
    for (const Said& said : said_) {
      folder.Add(uint64_t{said.owner} << 16 | uint64_t{said.of_account} << 8 |
                 static_cast<uint64_t>(said.kind));
      folder.Add(said.configured);
      folder.Add(said.value);
    }
  }

  // What the engine saves (archive.h), and applies where it loads.
  template <class Self, class A, class Accounts, class Sessions>
  static void Archive(Self& self, A& archive, const Numbers& account_numbers,
                      const Numbers& session_numbers, Accounts& accounts, Sessions& sessions) {
    const size_t count = archive.Count(self.said_.size(), kSaidMax, "operators' limits");
    for (size_t at = 0; at < count && archive.ok(); ++at) {
      Said said{};
      if constexpr (!A::kLoads) said = self.said_[at];
      archive(said.owner, said.of_account, said.kind, said.configured, said.value);
      const Numbers& numbers = said.of_account != 0 ? account_numbers : session_numbers;
      archive.Require(said.owner < numbers.saved.size() && said.of_account <= 1 && said.value > 0,
                      "an operator's limit that cannot be");
      if constexpr (A::kLoads) {
        if (!archive.ok()) return;
        const uint32_t owner = numbers.now[said.owner];
        if (owner == Numbers::kGone) continue;
        said.of_account != 0 ? self.Restore(accounts[owner], owner, said)
                             : self.Restore(sessions[owner], owner, said);
      }
    }
  }

 private:
  struct Said {
    uint32_t owner;      // index
    uint8_t of_account;  // 1; 0: a session's
    LimitKind kind;
    int64_t configured;  // when it was said
    int64_t value;

    bool SameLimit(const Said& other) const noexcept {
      return owner == other.owner && of_account == other.of_account && kind == other.kind;
    }
  };
  template <class Limits>
  static constexpr uint8_t kOwner = std::is_same_v<Limits, AccountLimits>;

  bool Remember(uint8_t of_account, uint32_t owner, LimitKind kind, int64_t now,
                int64_t value) noexcept {
    const Said said{owner, of_account, kind, now, value};
    const auto known = std::find_if(said_.begin(), said_.end(),
                                    [&](const Said& one) { return one.SameLimit(said); });
    if (known != said_.end()) {
      known->value = value;
      if (value == known->configured) said_.erase(known);
      return true;
    }
    if (value == now) return true;
    if (said_.size() == kSaidMax) return false;
    said_.push_back(said);
    return true;
  }

  template <class Limits>
  void Restore(Limits& limits, uint32_t owner, const Said& said) noexcept {
    bool as_then = false;
    WithLimit(limits, said.kind,
              [&](const auto& limit) { as_then = static_cast<int64_t>(limit) == said.configured; });
    const int64_t off = std::numeric_limits<uint32_t>::max();
    const bool count_off = said.kind == LimitKind::kOpenOrdersMax && said.value == off;
    if (as_then)
      static_cast<void>(Say(limits, owner, said.kind, count_off ? kNoLimit : said.value));
  }

  std::vector<Said> said_;  // in the order in which they were said
};

}  // namespace ringway
