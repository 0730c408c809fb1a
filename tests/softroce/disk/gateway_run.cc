// Implements gateway_run.h: files, command lines and ends of the two programs.
#include "tests/softroce/disk/gateway_run.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "gateway/journal/file_layout.h"
#include "gateway/testing/test_config.h"

namespace ringway::disk {

GatewayRun::GatewayRun(TemporaryFolder place, const std::string& journal)
    : place_(std::move(place)) {
  GatewayConfig& config = gateway_.config;
  config.journal = TestJournal(journal);
  config.pools = {.orders_max = 20'000, .positions_max = 100, .executions_remembered = 20'000};
  config.venues = {ExchangeLink(1, "shm:" + place_ / "exchange.sock")};
  config.accounts[0].limits.position_max = config.accounts[0].limits.gross_notional_max = kNoLimit;
  for (const uint32_t session : {kSession, kOtherSession}) {
    config.sessions.push_back(TestSession(session, 1, place_.path()));
    LiftLimits(config.sessions.back().engine.limits);
  }
}

absl::StatusOr<std::unique_ptr<GatewayRun>> GatewayRun::Make(const std::string& journal_directory) {
  absl::StatusOr<TemporaryFolder> place = TemporaryFolder::Make();
  if (!place.ok()) return place.status();
  std::unique_ptr<GatewayRun> run(new GatewayRun(*std::move(place), journal_directory));
  if (absl::Status written = run->gateway_.WriteFiles(); !written.ok()) return written;
  if (absl::Status exchange = run->StartExchange(); !exchange.ok()) return exchange;
  return run;
}

absl::Status GatewayRun::StartExchange() {
  absl::StatusOr<std::unique_ptr<Child>> exchange =
      ringway::StartExchange(place_.path(), {"--config=" + gateway_.ConfigFile(), "--wait=park"});
  if (!exchange.ok()) return exchange.status();
  exchange_ = *std::move(exchange);
  return absl::OkStatus();
}

absl::Status GatewayRun::LosePower(const std::function<void()>& of_disk) {
  Kill();
  exchange_.reset();
  of_disk();
  if (absl::Status started = StartExchange(); !started.ok()) return started;
  const absl::StatusOr<JournalPlace> place =
      FindJournal(journal(), gateway_.config.journal.memory_directory, false);
  if (!place.ok()) return place.status();
  // The state after the machine's next boot: no memory, and another boot id.
  absl::StatusOr<std::optional<RunningNote>> note = ReadRunningNote(*place->folder);
  if (!note.ok() || !note->has_value()) {
    return absl::FailedPreconditionError("no gateway ran: " + std::string(note.status().message()));
  }
  (*note)->boot_id = "another";
  if (absl::Status noted = WriteRunningNote(*place->folder, **note); !noted.ok()) return noted;
  std::error_code error;
  if (std::filesystem::remove_all(place->image_directory, error) != 0 && !error) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("nothing to take away in ", place->image_directory, ": ", error.message()));
}

SessionOptions GatewayRun::Options(Durability durability, uint32_t session) const {
  SessionOptions options = gateway_.Options(session);
  options.heartbeat_ns = kNsPerS;
  options.durability = durability;
  return options;
}

}  // namespace ringway::disk
