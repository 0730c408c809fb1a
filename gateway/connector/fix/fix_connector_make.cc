// The slow path of FixConnector: set-up.
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/secret_file.h"
#include "gateway/connector/fix/fix_connector.h"
#include "gateway/connector/fix/fix_setup.h"
#include "gateway/connector/fix/fix_venue.h"

namespace ringway {
namespace {

constexpr std::size_t kPasswordBytesMax = 128;

// Errors: the file is missing, not private, or holds no password.
absl::StatusOr<std::string> ReadPassword(const std::string& path) {
  if (path.empty()) return std::string();
  absl::StatusOr<std::string> password = ReadSecretFile(path, kPasswordBytesMax + 1);
  if (!password.ok()) return password;
  if (password->ends_with('\n')) password->pop_back();
  if (password->empty()) {
    return absl::InvalidArgumentError("password_file " + path +
                                      " holds no password: write it on one line");
  }
  return password;
}

}  // namespace

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
  if (const std::vector<std::string> faults = ReadFixDialect(fix, setup.dialect); !faults.empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
  }
  const absl::StatusOr<std::string> password = ReadPassword(fix.password_file);
  if (!password.ok()) return password.status();
  absl::StatusOr<fix::SessionConfig> session = SessionConfigOf(fix, setup.dialect, *password);
  if (!session.ok()) return session.status();
  setup.session = *std::move(session);
  absl::StatusOr<std::unique_ptr<StreamDialer>> dialer =
      StreamDialer::Create(stream, static_cast<uint64_t>(context.now_ns));
  if (!dialer.ok()) return dialer.status();
  return std::make_unique<FixConnector>(std::make_unique<DialedStreams>(*std::move(dialer)), setup);
}

}  // namespace ringway
