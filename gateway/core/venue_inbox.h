// VenueInbox: what a venue said that the engine has not been told yet.
//
// One burst at a time: the connector is asked for more once all of it is taken, so a venue that
// says more than the gateway can take is held back at its own connection. While the journal has no
// room to spare, reference prices wait here too, only the latest of each instrument.
//
// Thread rule: the engine's thread.
#pragma once

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "gateway/connector/connector.h"
#include "gateway/core/step.h"

namespace ringway {

class VenueInbox {
 public:
  explicit VenueInbox(Connector& connector) : connector_(connector) { upkeep_.UseUp(); }

  // Lets the connector keep its connection and, when everything it said before is taken and
  // `wanted`, say more. Returns how many messages came.
  uint32_t Poll(int64_t now_ns, bool wanted) {
    if (!wanted || !empty()) {
      connector_.Poll(now_ns, upkeep_);
      return 0;
    }
    messages_.Clear();
    next_ = 0;
    connector_.Poll(now_ns, messages_);
    return messages_.count();
  }

  bool empty() const noexcept { return next_ == messages_.count(); }
  // The oldest; valid until Poll(). REQUIRES: !empty().
  const Effect& front() const noexcept { return messages_.begin()[next_]; }
  void Pop() noexcept { ++next_; }

  // Keeps a reference price for later, in place of an earlier one of its instrument. At most one
  // for each number that the venue uses; `kPricesMax` in all, further ones are dropped.
  void KeepPrice(uint32_t instrument, const Effect& price) {
    if (prices_.size() < kPricesMax || prices_.contains(instrument)) prices_[instrument] = price;
  }
  bool has_prices() const noexcept { return !prices_.empty(); }
  // REQUIRES: has_prices().
  Effect TakePrice() {
    const Effect price = prices_.begin()->second;
    prices_.erase(prices_.begin());
    return price;
  }

 private:
  static constexpr std::size_t kPricesMax = 65'536;

  Connector& connector_;
  Effects messages_;
  Effects upkeep_;  // has no room
  uint32_t next_ = 0;
  absl::flat_hash_map<uint32_t, Effect> prices_;
};

}  // namespace ringway
