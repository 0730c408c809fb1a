// ReferenceGuard: holds a reference price that jumps until it is confirmed.
//
// One wrong price moves every collar. A price that differs from the reference by more than a
// configured part is held: collars continue with the old reference, which ages as configured. The
// held price is accepted when the configured number of further prices, each newer and within that
// part of the one before, have confirmed it, or when an operator sets the reference. A price near
// the old reference discards it. Near 0 a part of the price is nothing: a difference within the
// narrowest collar is no jump.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/check.h"
#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "gateway/risk/money.h"

namespace ringway {

class ReferenceGuard {
 public:
  static constexpr uint32_t kOff = UINT32_MAX;
  static constexpr int64_t kBpsPerUnit = 10'000;

  explicit ReferenceGuard(const EngineConfig& config) {
    for (const InstrumentConfig& instrument : config.instruments) {
      RINGWAY_CHECK(instrument.reference_jump_bps != 0, "reference_jump_bps");
      guarded_.push_back({.jump_bps = instrument.reference_jump_bps,
                          .confirmations_wanted = instrument.reference_confirmations,
                          .width_min = instrument.collar_width_min});
    }
  }

  enum class Answer : uint8_t {
    kTaken,      // it is the new reference
    kConfirmed,  // it is the new reference, after it or one like it had been held
    kHeld,       // it is not the new reference
    kBegins,     // it is not, and no price was held before
  };

  // `reference`: the present one; nullopt: none.
  Answer Offer(InstrumentIndex instrument, std::optional<int64_t> reference, int64_t price,
               int64_t time_ns) noexcept {
    Guarded& guarded = guarded_[instrument];
    if (guarded.jump_bps == kOff || !reference || IsNear(guarded, *reference, price)) [[likely]] {
      guarded.holds = 0;
      return Answer::kTaken;
    }
    if (guarded.holds == 0) {
      if (guarded.confirmations_wanted == 0) return Answer::kConfirmed;
      Hold(guarded, price, time_ns);
      return Answer::kBegins;
    }
    if (time_ns <= guarded.held_time_ns) return Answer::kHeld;  // the same again, or overtaken
    if (!IsNear(guarded, guarded.held_price, price)) {
      Hold(guarded, price, time_ns);
      return Answer::kHeld;
    }
    const uint32_t confirmations = guarded.confirmations + 1;
    Hold(guarded, price, time_ns);
    guarded.confirmations = confirmations;
    if (confirmations < guarded.confirmations_wanted) return Answer::kHeld;
    guarded.holds = 0;
    return Answer::kConfirmed;
  }

  // An operator set the reference.
  void Forget(InstrumentIndex instrument) noexcept { guarded_[instrument].holds = 0; }
  // The price that waits for confirmation; 0 where none does.
  int64_t held_price(InstrumentIndex instrument) const noexcept {
    return guarded_[instrument].holds != 0 ? guarded_[instrument].held_price : 0;
  }

  // State that the engine saves (archive.h). Where jumps are no longer guarded no price is held.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, int64_t now_ns, const Numbers& instruments) {
    ArchiveTable(
        archive, instruments, self.guarded_,
        [&archive, now_ns](auto& guarded) {
          archive(guarded.held_price, guarded.held_time_ns, guarded.confirmations, guarded.holds);
          archive.Require(
              guarded.holds <= 1 && guarded.held_time_ns >= 0 && guarded.held_time_ns <= now_ns,
              "a held reference price that cannot be");
          if constexpr (A::kLoads) {
            if (guarded.jump_bps == kOff) guarded.holds = 0;
          }
        },
        [](const Guarded&) { return true; });
  }

 private:
  struct Guarded {
    int64_t held_price = 0;  // where `holds`
    int64_t held_time_ns = 0;
    uint32_t confirmations = 0;
    uint32_t jump_bps = kOff;
    uint32_t confirmations_wanted = 0;
    uint32_t holds = 0;     // 1: a price waits for confirmation
    int64_t width_min = 0;  // a smaller difference is no jump
  };

  static bool IsNear(const Guarded& guarded, int64_t from, int64_t price) noexcept {
    const Money jump = price > from ? Money{price} - from : Money{from} - price;
    const Money size = from < 0 ? -Money{from} : Money{from};
    return jump * kBpsPerUnit <=
           std::max(size * guarded.jump_bps, Money{guarded.width_min} * kBpsPerUnit);
  }
  static void Hold(Guarded& guarded, int64_t price, int64_t time_ns) noexcept {
    guarded.holds = 1;
    guarded.held_price = price;
    guarded.held_time_ns = time_ns;
    guarded.confirmations = 0;
  }

  std::vector<Guarded> guarded_;  // by instrument
};

}  // namespace ringway
