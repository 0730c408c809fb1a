// Turns the configuration of the exchange inside the gateway into its options, and checks them.
#include "gateway/connector/in_process/in_process_venue.h"

#include <string>

#include "absl/status/status.h"
#include "exchange/exchange_config.h"

namespace ringway {

exchange::ExchangeOptions InProcessVenue::OptionsFor(const VenueContext& context) const {
  exchange::ExchangeOptions options = exchange;
  options.venue = context.id;
  options.instruments = exchange::MakeInstrumentOptions(context.instruments);
  return options;
}

std::vector<VenueFault> InProcessVenue::Faults(const VenueContext& context) const {
  if (context.instruments.empty() || context.id == 0) return {};
  const absl::Status status = exchange::Validate(OptionsFor(context));
  if (status.ok()) return {};
  return {{"exchange", std::string(status.message()), "correct these values"}};
}

VenueNeeds InProcessVenue::Needs(const VenueContext& context) const {
  constexpr uint64_t kOrderBytes = 256;
  constexpr uint64_t kLevelBytes = 40;  // and its rung
  constexpr uint64_t kIdBytes = 64;
  constexpr uint64_t kReportBytes = 160;
  constexpr uint64_t kLaddersPerInstrument = 4;
  VenueNeeds needs;
  needs.bytes = exchange.orders_max * kOrderBytes + exchange.positions_max * kIdBytes +
                exchange.closed_ids_max * kIdBytes +
                uint64_t{exchange.member_queue_reports} * kReportBytes +
                context.instruments.size() * kLaddersPerInstrument *
                    uint64_t{exchange.levels_per_side_max} * kLevelBytes;
  return needs;
}

}  // namespace ringway
