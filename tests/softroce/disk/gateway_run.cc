// Implements gateway_run.h: files, command lines and ends of the two programs.
#include "tests/softroce/disk/gateway_run.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "gateway/admin/admin_client.h"
#include "gateway/journal/file_layout.h"

namespace ringway::disk {
namespace {

constexpr int64_t kPatienceNs = 180 * kNsPerS;
constexpr size_t kLogLinesShown = 20;
constexpr const char* kMemoryDirectory = "/dev/shm";

// A program of this build: the build's root is three folders above this program's own.
absl::StatusOr<std::string> ProgramPath(const std::string& path) {
  const absl::StatusOr<std::string> own = demo::OwnPath();
  if (!own.ok()) return own.status();
  const std::filesystem::path root = std::filesystem::path(*own).parent_path() / "../../..";
  std::string program = (root / path).lexically_normal().string();
  if (access(program.c_str(), X_OK) == 0) return program;
  return absl::NotFoundError(absl::StrCat(program, " is not built: bazel build //", path));
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0) close(fd);
  return written ? absl::OkStatus() : absl::ErrnoToStatus(error, "cannot write " + path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GatewayRun>> GatewayRun::Make(const std::string& journal_directory) {
  auto place = demo::PrivateDirectory::Make();
  if (!place.ok()) return place.status();
  std::unique_ptr<GatewayRun> run(new GatewayRun(*std::move(place), journal_directory));
  if (absl::Status written = run->WriteFiles(); !written.ok()) return written;
  if (absl::Status exchange = run->StartExchange(); !exchange.ok()) return exchange;
  return run;
}

GatewayRun::~GatewayRun() {
  Kill();
  std::error_code ignored;
  if (const auto place = FindJournal(journal_, kMemoryDirectory, false); place.ok()) {
    std::filesystem::remove_all(place->image_directory, ignored);
  }
}

absl::Status GatewayRun::StartExchange() {
  const absl::StatusOr<std::string> program = ProgramPath("exchange/ringway-exchange");
  if (!program.ok()) return program.status();
  auto exchange = Launch({.name = "the exchange",
                          .argv = {*program, "--listen=shm:" + Path("exchange.sock"),
                                   "--config=" + Path("gateway.toml"), "--wait=park"},
                          .log_path = Path("exchange.log")});
  if (!exchange.ok()) return exchange.status();
  exchange_ = *std::move(exchange);
  return absl::OkStatus();
}

absl::Status GatewayRun::WriteFiles() const {
  std::string sessions;
  for (const uint32_t session : {kSession, kOtherSession}) {
    const std::string key = KeyPath(session);
    absl::Status written =
        WriteFile(key, std::string(64, static_cast<char>('a' + session % 6)) + "\n");
    if (!written.ok()) return written;
    absl::StrAppend(&sessions, "[[session]]\nid = ", session, "\naccounts = [1]\nkey_file = \"",
                    key, R"("
[session.limits]
collar_bps = "off"
duplicate_orders_max = "off"
messages_per_second = "off"
)");
  }
  return WriteFile(
      Path("gateway.toml"),
      absl::StrCat("listen = [\"shm:", Path("gateway.sock"), "\"]\n[admin]\nsocket = \"",
                   Path("admin.sock"), "\"\n[host]\nwait = \"park\"\nlock_memory = false\n",
                   "[journal]\nallow_volatile = true\ndirectory = \"", journal_,
                   "\"\nsegment_bytes = \"4MiB\"\n", R"(
[pools]
orders_max = 20000
positions_max = 100
executions_remembered = 20000
[routing]
default_venue = 1
[[instrument]]
id = 1
symbol = "TEST"
reference_price = 100
[[account]]
id = 1
[account.limits]
position_max = "off"
gross_notional_max = "off"
)",
                   sessions, R"([[venue]]
id = 1
connector = "exchange-link"
uri = "shm:)",
                   Path("exchange.sock"), "\"\n"));
}

absl::StatusOr<std::unique_ptr<demo::Child>> GatewayRun::Launch(const demo::ChildSpec& spec) const {
  auto child = demo::Child::Start(spec);
  if (!child.ok()) return child.status();
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  while (!(*child)->IsReady()) {
    if (!(*child)->Running()) {
      return absl::FailedPreconditionError(absl::StrCat(spec.name, " ended: ", (*child)->End(),
                                                        "\n", (*child)->LogTail(kLogLinesShown)));
    }
    if (MonotonicNowNs() > deadline_ns) {
      return absl::DeadlineExceededError(
          absl::StrCat(spec.name, " is not ready\n", (*child)->LogTail(kLogLinesShown)));
    }
    usleep(2'000);
  }
  return *std::move(child);
}

absl::Status GatewayRun::Start() {
  const absl::StatusOr<std::string> program = ProgramPath("gateway/ringway-gateway");
  if (!program.ok()) return program.status();
  auto gateway = Launch({.name = "the gateway",
                         .argv = {*program, "--config", Path("gateway.toml")},
                         .log_path = Path("gateway.log")});
  if (!gateway.ok()) return gateway.status();
  gateway_ = *std::move(gateway);
  return absl::OkStatus();
}

void GatewayRun::Kill() {
  if (gateway_ == nullptr || !gateway_->Running()) return;
  kill(gateway_->pid(), SIGKILL);
  while (gateway_->Running()) usleep(1'000);
}

bool GatewayRun::WaitForEnd(int64_t patience_ns) {
  const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
  while (gateway_->Running()) {
    if (MonotonicNowNs() > deadline_ns) return false;
    usleep(2'000);
  }
  return true;
}

std::string GatewayRun::Stop() { return gateway_->Stop(kPatienceNs); }

absl::Status GatewayRun::LosePower(const std::function<void()>& of_disk) {
  Kill();
  exchange_.reset();
  of_disk();
  if (absl::Status started = StartExchange(); !started.ok()) return started;
  const absl::StatusOr<JournalPlace> place = FindJournal(journal_, kMemoryDirectory, false);
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
  return {.uri = "shm:" + Path("gateway.sock"),
          .session = session,
          .key_file = KeyPath(session),
          .heartbeat_ns = kNsPerS,
          .connect_timeout_ns = kPatienceNs,
          .durability = durability};
}

std::string GatewayRun::Ask(const std::string& command) const {
  const absl::StatusOr<std::string> answer = AskGateway(Path("admin.sock"), command);
  return answer.ok() ? *answer : std::string(answer.status().message());
}

std::string GatewayRun::Log() const {
  std::ifstream file(Path("gateway.log"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace ringway::disk
