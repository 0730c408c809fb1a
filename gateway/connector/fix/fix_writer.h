// FixWriter: writes orders, cancels, replaces and status requests as the dialect says, and says
// what it cannot write.
//
// Knows what the venue calls instruments and accounts. Thread rule: one thread. Nothing allocates
// after construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/fix/fix_ids.h"
#include "gateway/connector/fix/fix_options.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/venue_kind.h"
#include "protocol/fix/values.h"
#include "protocol/fix/writer.h"
#include "schema/instrument.h"
#include "schema/messages.h"

namespace ringway {

class FixWriter {
 public:
  FixWriter(const FixOptions& options, const FixDialect& dialect,
            const std::vector<InstrumentConfig>& instruments,
            const std::vector<ProfileConfig>& profiles = {});

  // What is to be remembered and said of an order, or why it cannot be said.
  RejectReason TermsOf(const NewOrder& request, FixOrder& order) const noexcept;
  // The replace_ fields, and the terms that it changes.
  CancelRejectReason TermsOf(const Replace& request, FixOrder& order) const noexcept;

  // The fields behind the header. `profile` is that of the request; 0: none.
  void Enter(const FixOrder& order, uint8_t profile, int64_t now_ns, fix::Writer& to) noexcept;
  void Cancel(const FixOrder& order, uint64_t id, uint8_t profile, int64_t now_ns,
              fix::Writer& to) noexcept;
  void Replace(const FixOrder& order, uint8_t profile, int64_t now_ns, fix::Writer& to) noexcept;
  void AskFor(const FixOrder& order, uint64_t id, fix::Writer& to) noexcept;

  // 0: it is not known.
  uint32_t InstrumentOf(std::string_view symbol) const noexcept;
  uint32_t AccountOf(std::string_view name) const noexcept;
  // Whether it can be written.
  bool IsQuantity(uint64_t units) const noexcept { return units <= quantity_max_; }
  // The gateway's units; false: it is no quantity.
  bool ReadQuantity(std::string_view text, uint64_t& units) const noexcept;

  const FixIds& ids() const noexcept { return ids_; }

 private:
  struct Named {
    std::string name;
    uint32_t id;
  };
  struct InstrumentWords {
    uint32_t id;
    std::string fields;  // Symbol and what else names it, encoded
  };
  struct AccountWords {
    uint32_t id;
    std::string name;                   // empty: its number
    std::array<std::string, 4> fields;  // of D, F, G and H, encoded
  };
  struct Profile {
    std::string fields;  // encoded
    std::string locate;  // of a short sale, likewise
    bool located = false;
  };
  template <std::size_t kSize>
  using Codes = std::array<std::string, kSize>;  // empty: not supported

  bool IsPrice(int64_t price) const noexcept { return price % price_step_ == 0; }
  void Id(fix::Tag tag, uint64_t id, fix::Writer& to) const noexcept;
  void Quantity(fix::Tag tag, uint64_t units, fix::Writer& to) const noexcept;
  void Account(uint32_t account, fix::Writer& to) const noexcept;
  void About(const FixOrder& order, char message, fix::Writer& to) const noexcept;
  void Locate(const FixOrder& order, uint8_t profile, fix::Writer& to) const noexcept;
  void VenueId(const FixOrder& order, fix::Writer& to) const noexcept;
  void Terms(const FixOrder& order, int64_t price, uint64_t qty, int64_t now_ns,
             fix::Writer& to) noexcept;
  std::string_view StaticsOf(char message) const noexcept;

  const FixVersion version_;
  const bool order_id_;
  const FixIds ids_;
  const int64_t price_step_;
  const int64_t quantity_unit_;  // in 1e-9
  const uint64_t quantity_max_;
  const fix::Tag account_tag_;
  const fix::Tag capacity_tag_;
  const bool says_account_;
  const fix::Tag display_tag_;
  const bool says_display_;
  const std::string post_only_;  // in ExecInst; empty: not supported
  const std::string intermarket_sweep_;
  Codes<8> times_in_force_;
  Codes<5> order_types_;
  Codes<4> capacities_;
  std::array<std::string, 4> statics_;        // of D, F, G, H, encoded
  std::vector<InstrumentWords> instruments_;  // by id
  std::vector<AccountWords> accounts_;        // by id; those that have words of their own
  std::array<Profile, 256> profiles_;
  const bool locate_required_;
  std::vector<Named> by_symbol_;
  std::vector<Named> by_account_;
  // Each keeps the second that it wrote last.
  fix::TimestampWriter time_;
  fix::TimestampWriter expiry_;
};

}  // namespace ringway
