// The slow path of FixConnector: set-up.
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "gateway/connector/fix/fix_connector.h"
#include "gateway/connector/fix/fix_setup.h"
#include "gateway/connector/fix/fix_venue.h"

namespace ringway {
absl::StatusOr<std::unique_ptr<Connector>> FixVenue::MakeConnector(
    const ConnectorContext& context) const {
  FixSetup setup{.venue = context.venue.id,
                 .fix = fix,
                 .dialect = {},
                 .session = {},
                 .instruments = context.venue.instruments,
                 .profiles = {context.venue.profiles.begin(), context.venue.profiles.end()},
                 .slots = context.venue.orders_max,
                 .asks_acceleration = stream.acceleration != AccelerationChoice::kOff,
                 .on_acceleration_loss = stream.on_acceleration_loss,
                 .report = context.report};
  if (const std::vector<std::string> faults = ReadFixDialect(fix, context.venue, setup.dialect);
      !faults.empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
  }
  absl::StatusOr<fix::SessionConfig> session = ReadFixSession(fix, setup.dialect);
  if (!session.ok()) return session.status();
  setup.session = *std::move(session);
  absl::StatusOr<std::unique_ptr<StreamDialer>> dialer =
      StreamDialer::Create(stream, static_cast<uint64_t>(context.now_ns));
  if (!dialer.ok()) return dialer.status();
  return std::make_unique<FixConnector>(std::make_unique<DialedStreams>(*std::move(dialer)), setup);
}

}  // namespace ringway
