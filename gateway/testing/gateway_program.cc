// Implements gateway_program.h.
#include "gateway/testing/gateway_program.h"

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/private_files.h"
#include "gateway/admin/admin_client.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/folder.h"
#include "gateway/testing/test_config.h"

namespace ringway {

GatewayProgram::GatewayProgram(const std::string& folder, const std::string& name)
    : config(TestConfig(folder)),
      spec({.name = "the gateway",
            .argv = {},
            .log_path = folder + "/" + name + ".log",
            .output_path = folder + "/" + name + ".out"}),
      folder_(folder),
      name_(name) {}

GatewayProgram::~GatewayProgram() {
  Kill();
  std::error_code ignored;  // failure is harmless
  if (const std::string images = Images(); !images.empty()) {
    std::filesystem::remove_all(images, ignored);
  }
}

absl::Status GatewayProgram::WriteFiles() const {
  for (const GatewaySessionConfig& session : config.sessions) {
    if (access(session.key_file.c_str(), F_OK) == 0) continue;
    absl::Status written = WritePrivateFile(session.key_file, TestKeyText(session.engine.id));
    if (!written.ok()) return written;
  }
  return WritePrivateFile(ConfigFile(), PrintConfig(config));
}

absl::StatusOr<ChildSpec> GatewayProgram::SpecOf(const std::vector<std::string>& arguments) const {
  absl::StatusOr<std::string> path = program;
  if (program.empty()) path = FindProgram("ringway-gateway", "gateway");
  if (!path.ok()) return path.status();
  ChildSpec complete = spec;
  complete.argv.push_back(*std::move(path));
  complete.argv.insert(complete.argv.end(), arguments.begin(), arguments.end());
  return complete;
}

absl::Status GatewayProgram::Run(const std::vector<std::string>& arguments) {
  const absl::StatusOr<ChildSpec> complete = SpecOf(arguments);
  if (!complete.ok()) return complete.status();
  absl::StatusOr<std::unique_ptr<Child>> child = Child::Start(*complete);
  if (!child.ok()) return child.status();
  child_ = *std::move(child);
  return absl::OkStatus();
}

absl::Status GatewayProgram::Start(const std::vector<std::string>& arguments, int64_t patience_ns) {
  if (absl::Status written = WriteFiles(); !written.ok()) return written;
  std::vector<std::string> all = {"--config", ConfigFile()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  if (absl::Status run = Run(all); !run.ok()) return run;
  return child_->AwaitReady(patience_ns);
}

std::string GatewayProgram::Output() const { return ReadWholeFile(spec.output_path); }

std::string GatewayProgram::Ask(const std::string& line) const {
  const absl::StatusOr<std::string> answer = AskGateway(config.admin.socket, line);
  return answer.ok() ? *answer : std::string(answer.status().message());
}

SessionOptions GatewayProgram::Options(uint32_t session) const {
  return {.uri = config.listen[0],
          .session = session,
          .key_file = Path(std::to_string(session) + ".key"),
          .connect_timeout_ns = kPatienceNs};
}

std::string GatewayProgram::Images() const {
  const absl::StatusOr<Folder> journal = Folder::Open(config.journal.directory, FolderUse::kRead);
  if (!journal.ok()) return "";
  const absl::StatusOr<std::optional<RunningNote>> note = ReadRunningNote(*journal);
  return note.ok() && note->has_value() ? (*note)->image_directory : "";
}

absl::StatusOr<std::unique_ptr<Child>> StartExchange(const std::string& folder,
                                                     const std::vector<std::string>& arguments,
                                                     int core) {
  absl::StatusOr<std::string> program = FindProgram("ringway-exchange", "exchange");
  if (!program.ok()) return program.status();
  ChildSpec spec = {.name = "the exchange",
                    .argv = {*program, "--listen=shm:" + folder + "/exchange.sock"},
                    .log_path = folder + "/exchange.log",
                    .core = core};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  absl::StatusOr<std::unique_ptr<Child>> child = Child::Start(spec);
  if (!child.ok()) return child;
  if (absl::Status ready = (*child)->AwaitReady(GatewayProgram::kPatienceNs); !ready.ok()) {
    return ready;
  }
  return child;
}

}  // namespace ringway
