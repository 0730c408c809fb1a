// Starts and watches the snapshot process, and keeps it from disturbing others.
#include "gateway/host/snapshot_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "gateway/config/kept_config.h"
#include "gateway/host/log.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_source.h"
#include "gateway/recovery/make_snapshot.h"

extern "C" char** environ;

namespace ringway {
namespace {

constexpr const char* kOwnProgram = "/proc/self/exe";
constexpr useconds_t kLookUs = 20'000;

absl::StatusOr<pid_t> Spawn(const std::string& directory, uint64_t last_segment) {
  const std::string directory_flag = absl::StrCat("--snapshot-journal=", directory);
  const std::string through_flag = absl::StrCat("--snapshot-through=", last_segment);
  std::string name = "ringway-gateway";
  std::array<std::string, 2> flags = {directory_flag, through_flag};
  std::array<char*, 4> argv = {name.data(), flags[0].data(), flags[1].data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  // It inherits no socket, device or lock of the gateway; its signals are those of a new program.
  int error = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  if (error == 0) {
    error = posix_spawn(&pid, kOwnProgram, &actions, &attributes, argv.data(), environ);
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return SystemError(error, absl::StrCat("cannot start ", kOwnProgram));
  return pid;
}

// Requests that the kernel does not know or allow are skipped: the process then merely yields less.
// When others use every core it still gets a quarter of one: a disk may need snapshots to have
// room.
void StepBack() {
  constexpr int kNice = 5;
  const sched_param none{};
  static_cast<void>(sched_setscheduler(0, SCHED_BATCH, &none));
  static_cast<void>(setpriority(PRIO_PROCESS, 0, kNice));
  constexpr int kOfProcess = 1;                     // IOPRIO_WHO_PROCESS
  constexpr int kLowestBestEffort = (2 << 13) | 7;  // IOPRIO_CLASS_BE, the last of 8
  static_cast<void>(syscall(SYS_ioprio_set, kOfProcess, 0, kLowestBestEffort));
  const JournalFile score(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view kFirst = "1000";
  if (score) [[maybe_unused]]
    const ssize_t n = write(score.fd(), kFirst.data(), kFirst.size());
}

absl::StatusOr<MadeSnapshot> Make(const std::string& directory, uint64_t last_segment) {
  // The kernel ends this process with its gateway. If the gateway had ended before, nobody has the
  // lock.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const absl::StatusOr<JournalFile> lock = LockJournal(directory);
  if (lock.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory, " is in use by no gateway: use `ringway journal snapshot ", directory, "`"));
  }
  if (!absl::IsUnavailable(lock.status())) return lock.status();
  StepBack();
  absl::StatusOr<JournalPlace> place = FindJournal(directory, "", false);
  if (!place.ok()) return place.status();
  absl::StatusOr<ReplayOptions> replay = KeptReplayOptions(directory);
  if (!replay.ok()) return replay.status();
  replay->accept_release = true;  // as the gateway did, or it would not run
  return MakeSnapshot({.place = *std::move(place),
                       .last_segment = last_segment,
                       .replay = *std::move(replay),
                       .report = Log});
}

}  // namespace

absl::Status RunSnapshotProcess(const std::string& directory, uint64_t last_segment,
                                const std::function<bool()>& stops) {
  const absl::StatusOr<pid_t> pid = Spawn(directory, last_segment);
  if (!pid.ok()) return pid.status();
  int status = 0;
  for (bool killed = false;;) {
    const pid_t ended = waitpid(*pid, &status, killed ? 0 : WNOHANG);
    if (ended < 0 && errno != EINTR) return SystemError(errno, "cannot wait for a snapshot");
    if (ended == *pid) {
      if (killed) return absl::CancelledError("the gateway stops");
      break;
    }
    if (stops()) {
      kill(*pid, SIGKILL);
      killed = true;
    } else {
      usleep(kLookUs);
    }
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::InternalError(
      WIFSIGNALED(status) ? absl::StrCat("its process was ended by signal ", WTERMSIG(status),
                                         WTERMSIG(status) == SIGKILL ? "; is memory short?" : "")
                          : std::string("its process failed, and said why above"));
}

int SnapshotMain(const std::string& directory, uint64_t last_segment) {
  const int64_t start_ns = MonotonicNowNs();
  const absl::StatusOr<MadeSnapshot> made = Make(directory, last_segment);
  if (!made.ok()) {
    Log(absl::StrCat("snapshot: ", std::string(made.status().message())));
    return 1;
  }
  Log(absl::StrCat("snapshot: position ", made->head.position, ", ", made->file_bytes, " bytes, ",
                   made->steps_applied, " steps replayed, in ",
                   (MonotonicNowNs() - start_ns) / kNsPerMs, " ms"));
  return 0;
}

}  // namespace ringway
