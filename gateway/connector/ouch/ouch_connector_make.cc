// The slow path of OuchConnector: set-up.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/connector/ouch/ouch_connector.h"
#include "gateway/connector/ouch/ouch_venue.h"

namespace ringway {
namespace {

using Password = PaddedText<10>;

struct File {
  const int descriptor;
  ~File() {
    if (descriptor >= 0) close(descriptor);
  }
};

// Errors: the file is missing, not private, or holds no password.
absl::StatusOr<Password> ReadPassword(const std::string& path) {
  // O_NONBLOCK: a FIFO in the file's place must not hang the program.
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.descriptor < 0) {
    return absl::NotFoundError(absl::StrCat("password_file ", path, ": ", std::strerror(errno)));
  }
  struct stat status;
  if (fstat(file.descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("password_file ", path, " is not a regular file"));
  }
  if ((status.st_mode & 0077) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        "password_file ", path, " can be used by others than its owner; run: chmod 600 ", path));
  }
  std::array<char, 64> text{};
  const ssize_t got = read(file.descriptor, text.data(), text.size());
  std::string_view line(text.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  const auto password = Password::Of(line);
  explicit_bzero(text.data(), text.size());
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
