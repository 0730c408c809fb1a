// VenueInbox: messages from a venue that the engine has not received yet.
//
// Holds one burst at a time: the connector is polled for more only once all of it is taken, so a
// venue that sends more than the gateway can take feels backpressure on its own connection. While
// the journal has no room to spare, reference prices also wait here, only the latest of each
// instrument.
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

  // Lets the connector maintain its connection and, when everything received before is taken and
  // more is `wanted`, deliver more. Returns the number of messages received.
  uint32_t Poll(int64_t now_ns, bool wanted) {
    if (!wanted || !empty()) {
      connector_.Poll(now_ns, upkeep_);
      return 0;
    }
    messages_.Clear();
    connector_.Poll(now_ns, messages_);
    next_ = messages_.begin();
    return messages_.count();
  }

  bool empty() const noexcept { return next_ == messages_.end(); }
  // The oldest message; valid until Poll(). REQUIRES: !empty().
  EffectView front() const noexcept { return *next_; }
  void Pop() noexcept { ++next_; }

  // Keeps a reference price for later, replacing an earlier one of its instrument. At most one for
  // each number that the venue uses, `kPricesMax` in all; further ones are dropped.
  void KeepPrice(uint32_t instrument, const EffectView& price) {
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
  Effects::Iterator next_ = messages_.begin();
  absl::flat_hash_map<uint32_t, Effect> prices_;
};

}  // namespace ringway
