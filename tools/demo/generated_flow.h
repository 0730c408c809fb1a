// The flow of `./run demo`: a generated one, of as many strategies as its user likes.
//
// Closed (rate 0): a request is due when the window has room, and counts from just before Send().
// Open (rate > 0): requests are due at Poisson times that nothing delays; each counts from when it
// was due, so that a stall shows in every request that it delayed (no coordinated omission).
#pragma once

#include <cstdint>
#include <optional>

#include "tools/flow/flow.h"

namespace ringway::flow {

class GeneratedFlow final : public Flow {
 public:
  const char* Name() const override { return "demo"; }
  const char* Description() const override;
  void AddFlags(CLI::App& app) override;
  absl::StatusOr<FlowSetup> Prepare() override;
  void Send(uint32_t index, Board& board, Trader& trader) override;
  FlowReport Report(const Books& books) const override;

  // How many orders all strategies send together; 0: as many as the time allows.
  uint64_t orders() const noexcept { return orders_.value_or(seconds_ > 0 ? 0 : 200'000); }
  // How many of them strategy `index` sends, 0 to strategies - 1. The first ones send the remainder
  // of the division, and the others may send none.
  uint64_t OrdersOf(uint32_t index) const noexcept;

 private:
  uint32_t strategies_ = 2;
  std::optional<uint64_t> orders_;
  double seconds_ = 0;
  uint64_t seed_ = 1;
  double rate_per_s_ = 0;  // requests of each strategy; 0: a closed window
};

}  // namespace ringway::flow
