// The slow path of OuchConnector: set-up.
#include <string.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/secret_file.h"
#include "gateway/connector/ouch/ouch_connector.h"
#include "gateway/connector/ouch/ouch_venue.h"

namespace ringway {
namespace {

using Password = PaddedText<10>;

constexpr std::size_t kPasswordFileBytesMax = 64;

// Errors: of ReadSecretFile(), and a file that holds no password.
absl::StatusOr<Password> ReadPassword(const std::string& path) {
  absl::StatusOr<std::string> text = ReadSecretFile(path, kPasswordFileBytesMax);
  if (!text.ok()) return text.status();
  std::string_view line = *text;
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  const auto password = Password::Of(line);
  explicit_bzero(text->data(), text->size());
  if (!password || password->blank()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "password_file ", path, " holds no password: one line of 1 to 10 printable characters"));
  }
  return *password;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connector>> OuchVenue::MakeConnector(
    const ConnectorContext& context) const {
  const absl::StatusOr<Password> password = ReadPassword(ouch.password_file);
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
