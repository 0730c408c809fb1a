// Makes the connector of a configured venue, whatever its kind.
#pragma once

#include <memory>
#include <variant>

#include "absl/status/statusor.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/in_process/in_process_connector.h"
#include "gateway/connector/link/link_connector.h"
#include "gateway/connector/venue_kind.h"
#include "gateway/connector/venue_kinds.h"

namespace ringway {

// Errors: the kind's own.
inline absl::StatusOr<std::unique_ptr<Connector>> MakeConnector(const VenueKinds& venue,
                                                                const ConnectorContext& context) {
  return std::visit([&](const auto& kind) { return MakeConnector(kind, context); }, venue);
}

}  // namespace ringway
