// Limits that operators have changed while the gateway ran.
//
// A change holds until the next one, across restarts, as long as the configuration has the value
// that it had at the time of the change: a configuration with another value, or without the owner,
// overrides it. Some limits are counted only where one is configured; those cannot be changed where
// none is. Nothing allocates after construction. Engine thread only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "gateway/risk/limit_kinds.h"
#include "schema/messages.h"

namespace ringway {

class SaidLimits {
 public:
  static constexpr size_t kSaidMax = 4'096;

  struct Said {
    uint32_t index;  // of the owner within its kind; 0 for the firm
    LimitOwner owner;
    LimitKind kind;
    int64_t configured;  // at the time of the change; kNoLimit: it was off
    int64_t value;       // the changed limit; kNoLimit: off

    bool SameLimit(const Said& other) const noexcept {
      return index == other.index && owner == other.owner && kind == other.kind;
    }
  };

  SaidLimits() { said_.reserve(kSaidMax); }

  // Sets the limit of the owner with this index. False, and nothing changes: there is no such limit
  // or none is configured, the value is out of range, or the list is full.
  template <class Limits>
  [[nodiscard]] bool Say(Limits& limits, LimitOwner owner, uint32_t index, LimitKind kind,
                         int64_t value) noexcept {
    bool done = false;
    WithLimit(limits, kind, [&]<class T>(T& limit, bool only_where_configured) {
      constexpr T kOff = std::numeric_limits<T>::max();
      if (value <= 0 || (value != kNoLimit && value >= static_cast<int64_t>(kOff))) return;
      const int64_t now = limit == kOff ? kNoLimit : static_cast<int64_t>(limit);
      done = Remember({index, owner, kind, now, value}, only_where_configured);
      if (done) limit = value == kNoLimit ? kOff : static_cast<T>(value);
    });
    return done;
  }

  // In the order of the commands.
  const std::vector<Said>& all() const noexcept { return said_; }

  // State that the engine saves (archive.h). When it loads, restore(said) calls Say() again for
  // each owner that is configured; indices are those of the present configuration.
  template <class Self, class A, class F>
  static void Archive(Self& self, A& archive, const Numbers& accounts, const Numbers& sessions,
                      const Numbers& desks, const Numbers& instruments,
                      [[maybe_unused]] F&& restore) {
    const size_t count = archive.Count(self.said_.size(), kSaidMax, "operators' limits");
    for (size_t at = 0; at < count && archive.ok(); ++at) {
      Said said{};
      if constexpr (!A::kLoads) said = self.said_[at];
      archive(said.index, said.owner, said.kind, said.configured, said.value);
      if constexpr (A::kLoads) {
        const Numbers* owners = said.owner == LimitOwner::kAccount      ? &accounts
                                : said.owner == LimitOwner::kSession    ? &sessions
                                : said.owner == LimitOwner::kDesk       ? &desks
                                : said.owner == LimitOwner::kInstrument ? &instruments
                                                                        : nullptr;
        archive.Require(said.value > 0 && (owners != nullptr ? said.index < owners->saved.size()
                                                             : said.owner == LimitOwner::kFirm &&
                                                                   said.index == 0),
                        "an operator's limit that cannot be");
        if (!archive.ok()) return;
        if (owners != nullptr) said.index = owners->now[said.index];
        if (said.index != Numbers::kGone) restore(said);
      }
    }
  }

 private:
  bool Remember(const Said& said, bool only_where_configured) noexcept {
    const auto known = std::find_if(said_.begin(), said_.end(),
                                    [&](const Said& one) { return one.SameLimit(said); });
    if (known != said_.end()) {
      known->value = said.value;
      if (known->value == known->configured) said_.erase(known);
      return true;
    }
    if (only_where_configured && said.configured == kNoLimit) return false;
    if (said.value == said.configured) return true;
    if (said_.size() == kSaidMax) return false;
    said_.push_back(said);
    return true;
  }

  std::vector<Said> said_;
};

// Whether the configured limit is still what it was when an operator changed it.
template <class Limits>
bool IsConfiguredAsThen(const Limits& limits, const SaidLimits::Said& said) noexcept {
  bool as_then = false;
  WithLimit(limits, said.kind, [&]<class T>(const T& limit, bool) {
    const bool off = limit == std::numeric_limits<T>::max();
    as_then = (off ? kNoLimit : static_cast<int64_t>(limit)) == said.configured;
  });
  return as_then;
}

}  // namespace ringway
