// The slow path of OuchConnector: set-up.
#include <memory>
#include <utility>

#include "gateway/connector/ouch/ouch_connector.h"
#include "gateway/connector/ouch/ouch_venue.h"

namespace ringway {
absl::StatusOr<std::unique_ptr<Connector>> OuchVenue::MakeConnector(
    const ConnectorContext& context) const {
  const absl::StatusOr<PaddedText<10>> password = ReadOuchPassword(ouch);
  if (!password.ok()) return password.status();
  const auto days = TradingCalendar::Parse("00:00 " + ouch.time_zone);
  if (!days.ok()) return days.status();
  const auto user = PaddedText<6>::Of(ouch.user);
  if (!user) return absl::InvalidArgumentError("ouch.user has more than 6 characters");
  OuchSetup setup{.venue = context.venue.id,
                  .ouch = ouch,
                  .login = {},
                  .days = *days,
                  .instruments = context.venue.instruments,
                  .slots = context.venue.orders_max,
                  .asks_acceleration = stream.acceleration != AccelerationChoice::kOff,
                  .on_acceleration_loss = stream.on_acceleration_loss,
                  .report = context.report};
  setup.login.user = *user;
  setup.login.password = *password;
  absl::StatusOr<std::unique_ptr<StreamDialer>> dialer =
      StreamDialer::Create(stream, static_cast<uint64_t>(context.now_ns));
  if (!dialer.ok()) return dialer.status();
  return std::make_unique<OuchConnector>(std::make_unique<DialedStreams>(*std::move(dialer)),
                                         setup);
}

}  // namespace ringway
