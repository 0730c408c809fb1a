// OuchReader: messages of an OUCH venue, of either version, as events about this gateway's orders.
//
// 4.2 names orders by tokens, from which the gateway's identifiers follow. 5.0 names them by
// UserRefNums; the message that names one first has the ClOrdID too, which is the token, so the map
// between the two is made of the venue's messages alone. Thread rule: one thread. Nothing allocates
// after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/connector/ouch/ouch_event.h"
#include "gateway/connector/ouch/ouch_options.h"
#include "gateway/connector/ouch/ouch_order.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/tokens.h"

namespace ringway {

class OuchReader {
 public:
  // `numbers_max`: UserRefNums of which the order is known; 5.0 alone.
  OuchReader(OuchVersion version, const ouch42::Tokens& tokens, uint32_t numbers_max)
      : version_(version),
        tokens_(tokens),
        ids_(version == OuchVersion::k50 ? std::size_t{numbers_max} + 1 : 0) {}

  // Codes that only explain are taken as they are: a fill is not lost for a flag that is new.
  [[nodiscard]] ouch::Fault Read(std::span<const std::byte> message, OuchEvent& event) noexcept;

  // Another session: UserRefNums begin anew. As OuchOrders::Forget().
  bool Forget(std::size_t from, std::size_t count) noexcept { return ClearPart(ids_, from, count); }

 private:
  OuchVersion version_;
  ouch42::Tokens tokens_;
  std::vector<uint64_t> ids_;  // by UserRefNum; 0: not known
};

}  // namespace ringway
