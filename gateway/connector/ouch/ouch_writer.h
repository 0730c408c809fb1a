// OuchWriter: the gateway's requests as terms of OUCH orders, and those as messages of either
// version.
//
// The terms are kept with the order (ouch_order.h): a replace has to repeat most of them, and an
// order that is sent again is written from them. What the protocol cannot say is refused, never
// rounded or left out. Thread rule: pure functions of what it was made with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/connector/ouch/ouch_options.h"
#include "gateway/connector/ouch/ouch_order.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/ouch50.h"
#include "protocol/ouch/tokens.h"
#include "schema/instrument.h"
#include "schema/messages.h"

namespace ringway {

class OuchWriter {
 public:
  static constexpr std::size_t kMessageBytesMax = 256;
  static_assert(kMessageBytesMax >= ouch50::kMessageBytesMax);

  // REQUIRES: options without faults.
  OuchWriter(const OuchOptions& options, const std::vector<InstrumentConfig>& instruments);

  // Fills in the terms of the order, or says why the protocol cannot carry it.
  [[nodiscard]] RejectReason TermsOf(const NewOrder& request, int64_t now_ns,
                                     OuchOrder& order) const noexcept;
  // Fills in replace_shares and replace_price, and how long the order has still to live.
  [[nodiscard]] CancelRejectReason TermsOf(const Replace& request, int64_t now_ns,
                                           OuchOrder& order) const noexcept;

  [[nodiscard]] ouch::Encoded Enter(const OuchOrder& order, std::span<std::byte> to) const noexcept;
  [[nodiscard]] ouch::Encoded ReplaceOf(const OuchOrder& order,
                                        std::span<std::byte> to) const noexcept;
  // Cancels all of what is called so.
  [[nodiscard]] ouch::Encoded CancelOf(uint64_t id, uint32_t number,
                                       std::span<std::byte> to) const noexcept;

  // 0: none has this symbol.
  uint32_t InstrumentOf(const PaddedText<8>& symbol) const noexcept;
  const ouch42::Tokens& tokens() const noexcept { return tokens_; }

 private:
  struct Named {
    PaddedText<8> symbol;
    uint32_t instrument;
  };

  bool is_42() const noexcept { return options_.version == OuchVersion::k42; }
  // False: its time is over.
  bool SetTimeLeft(int64_t now_ns, OuchOrder& order) const noexcept;
  RejectReason TimeOf(const NewOrder& request, int64_t now_ns, OuchOrder& order) const noexcept;
  RejectReason PriceOf(const NewOrder& request, OuchOrder& order) const noexcept;
  RejectReason DisplayOf(const NewOrder& request, OuchOrder& order) const noexcept;
  const PaddedText<4>& FirmOf(uint32_t account) const noexcept;
  ouch50::Appendage MoreOf(const OuchOrder& order) const noexcept;
  PaddedText<14> TokenOf(uint64_t id) const noexcept {
    return tokens_.TokenOf(id).value_or(PaddedText<14>{});  // blank is refused
  }

  OuchOptions options_;
  ouch42::Tokens tokens_;
  std::vector<PaddedText<8>> symbols_;  // by instrument; blank: it has none here
  std::vector<Named> named_;            // by symbol
  std::vector<PaddedText<4>> firms_;    // by account, as far as any has its own
  PaddedText<4> firm_;
};

}  // namespace ringway
