// Checks keys, folders and memory on this machine.
#include "gateway/config/config_surroundings.h"

#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/config/config_value.h"
#include "gateway/journal/file_operations.h"
#include "msg/auth.h"
#include "transport/uri.h"

namespace ringway {
namespace {

constexpr const char* kCgroupLimit = "/sys/fs/cgroup/memory.max";

std::string At(std::string_view key, std::size_t index, std::string_view field) {
  return absl::StrCat(std::string(key), "[", index, "].", std::string(field));
}

class Look {
 public:
  explicit Look(const GatewayConfig& config) : config_(config) {}

  std::vector<std::string> Run() {
    LookAtKeys();
    LookAtFilesOfVenues();
    LookAtSockets();
    LookAtJournal();
    if (!config_.report_file.empty()) LookAtFolderOf("report_file", config_.report_file);
    LookAtMemory();
    return std::move(faults_);
  }

 private:
  VenueNeeds NeedsOf(const GatewayVenueConfig& venue) const {
    const VenueContext context = ContextOf(config_, venue);
    return std::visit([&](const auto& kind) { return kind.Needs(context); }, venue.kind);
  }

  void Add(std::string_view key, std::string_view what) {
    faults_.push_back(absl::StrCat(std::string(key), ": ", std::string(what)));
  }

  // Two sessions with one key could log on as each other, whatever their files are called; and an
  // exchange that has a session's key could log on as the session.
  void LookAtKeys() {
    std::vector<std::pair<std::string, SessionKey>> keys;
    const auto look = [&](const std::string& at, const std::string& file) {
      absl::StatusOr<SessionKey> key = SessionKey::FromFile(file);
      if (!key.ok()) return Add(at, std::string(key.status().message()));
      for (const auto& [other, other_key] : keys) {
        if (!std::ranges::equal(other_key.bytes(), key->bytes())) continue;
        Add(at, absl::StrCat("key file ", file, " holds the same key as that of ", other,
                             ", who could log on as this one; make another with `ringway keygen "
                             "FILE`"));
        break;
      }
      keys.emplace_back(at, *std::move(key));
    };
    for (const GatewaySessionConfig& session : config_.sessions) {
      look(absl::StrCat("session ", session.engine.id), session.key_file);
    }
    for (const GatewayVenueConfig& venue : config_.venues) {
      const std::string file = NeedsOf(venue).key_file;
      if (!file.empty()) look(absl::StrCat("venue ", venue.engine.id), file);
    }
  }

  void LookAtFilesOfVenues() {
    for (const GatewayVenueConfig& venue : config_.venues) {
      const VenueContext context = ContextOf(config_, venue);
      const auto look = [&](const auto& kind) { return kind.FaultsInFiles(context); };
      for (const std::string& fault : std::visit(look, venue.kind))
        Add(absl::StrCat("venue ", venue.engine.id), fault);
    }
  }

  void LookAtSockets() {
    std::map<std::string, std::string> taken;  // by path
    const auto look = [&](const std::string& key, const std::string& path) {
      LookAtFolderOf(key, path);
      std::error_code ignored;
      const std::string real = std::filesystem::weakly_canonical(path, ignored).string();
      const auto [other, is_new] = taken.emplace(real.empty() ? path : real, key);
      if (!is_new) {
        Add(key, absl::StrCat(path, " is taken (", other->second, "); choose another path"));
      }
    };
    for (std::size_t i = 0; i < config_.listen.size(); ++i) {
      const absl::StatusOr<Uri> uri = ParseUri(config_.listen[i]);
      if (uri.ok() && !uri->path.empty()) {
        look(absl::StrCat("cannot listen on ", config_.listen[i]), uri->path);
      }
    }
    if (!config_.admin.socket.empty()) look("admin.socket", config_.admin.socket);
    for (std::size_t i = 0; i < config_.venues.size(); ++i) {
      const std::string socket = NeedsOf(config_.venues[i]).socket;
      if (socket.empty()) continue;
      std::error_code ignored;
      const std::string real = std::filesystem::weakly_canonical(socket, ignored).string();
      if (const auto own = taken.find(real); own != taken.end()) {
        Add(At("venue", i, "uri"),
            "the gateway itself serves this path; name the exchange's socket");
      }
    }
  }

  void LookAtJournal() {
    const JournalConfig& journal = config_.journal;
    if (journal.directory.empty()) return;
    struct stat status {};
    if (stat(journal.directory.c_str(), &status) == 0) {
      LookAtFolder("journal", journal.directory);
    } else {
      LookAtFolderOf(
          absl::StrCat("journal: cannot make the journal's directory ", journal.directory),
          journal.directory);
    }
    LookAtFolder("journal: memory_directory", journal.memory_directory);
    LookAtFileSystem(journal);
    struct statfs system {};
    if (statfs(journal.memory_directory.c_str(), &system) == 0 && system.f_type != TMPFS_MAGIC &&
        system.f_type != RAMFS_MAGIC) {
      Add("journal", absl::StrCat(journal.memory_directory,
                                  " is not a RAM file system; name one, such as /dev/shm"));
    }
  }

  void LookAtFileSystem(const JournalConfig& journal) {
    struct statfs disk {};
    std::filesystem::path there(journal.directory);
    if (statfs(there.c_str(), &disk) != 0) {
      if (there.has_filename()) there = there.parent_path();
      if (there.empty()) there = ".";
      if (statfs(there.c_str(), &disk) != 0) return;  // already reported
    }
    const std::string_view why = WhyVolatile(static_cast<uint64_t>(disk.f_type));
    if (why.empty() || journal.allow_volatile) return;
    Add("journal", absl::StrCat(journal.directory, " lies on ", std::string(why),
                                "; name a directory on a disk, or, for demos and tests, set "
                                "allow_volatile = true"));
  }

  void LookAtFolderOf(std::string_view key, const std::string& path) {
    std::filesystem::path folder(path);
    if (folder.has_filename()) folder = folder.parent_path();
    LookAtFolder(key, folder.empty() ? "." : folder.string());
  }

  void LookAtFolder(std::string_view key, const std::string& folder) {
    struct stat status {};
    if (stat(folder.c_str(), &status) != 0) {
      Add(key, absl::StrCat("the folder ", folder, ": ", std::strerror(errno),
                            "; make it, or correct the path"));
    } else if (!S_ISDIR(status.st_mode)) {
      Add(key, absl::StrCat(folder, " is no folder; correct the path"));
    } else if (eaccess(folder.c_str(), W_OK | X_OK) != 0) {
      Add(key,
          absl::StrCat("the folder ", folder, ": ", std::strerror(errno),
                       "; it must be writable for user ", geteuid(), ", who runs this program"));
    }
  }

  void LookAtMemory() {
    const uint64_t needed = MemoryNeeded(config_);
    const auto compare = [&](uint64_t there, std::string_view what) {
      if (needed <= there) return false;
      Add("pools",
          absl::StrCat("the system gives no memory for what the configuration takes, ",
                       needed >> 20, " MiB: ", std::string(what), " is ", there >> 20,
                       " MiB; raise it, or lower [pools], sessions.report_slots or the venues' "
                       "capacities"));
      return true;
    };
    const auto pages = static_cast<uint64_t>(std::max(sysconf(_SC_PHYS_PAGES), 0L));
    if (compare(pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)), "the machine's memory")) {
      return;
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        compare(limit.rlim_cur, "the limit of the address space (LimitAS=, ulimit -v)")) {
      return;
    }
    uint64_t cgroup = 0;
    if (std::ifstream file(kCgroupLimit); file >> cgroup) {
      compare(cgroup, "the control group's memory.max (MemoryMax=)");
    }
  }

  const GatewayConfig& config_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> FindSurroundingFaults(const GatewayConfig& config) {
  return Look(config).Run();
}

uint64_t MemoryNeeded(const GatewayConfig& config) {
  // For one element, with its place in every index and a quarter's slack.
  constexpr uint64_t kOrderBytes = 352;
  constexpr uint64_t kPositionBytes = 224;
  constexpr uint64_t kExecutionBytes = 64;
  constexpr uint64_t kReportBytes = 128;
  constexpr uint64_t kPendingBytes = 160;
  const PoolsConfig& pools = config.pools;
  uint64_t bytes = pools.orders_max * kOrderBytes + pools.positions_max * kPositionBytes +
                   pools.executions_remembered * kExecutionBytes;
  const uint64_t sessions = config.sessions.size();
  bytes += sessions * std::bit_ceil(config.sessions_common.report_slots) * kReportBytes;
  bytes += sessions * 2 * config.link.ring_bytes;
  bytes += sessions * (config.instruments.size() + config.accounts.size()) / 8;
  for (const GatewayVenueConfig& venue : config.venues) {
    bytes += venue.pending_max * kPendingBytes;
    const VenueContext context = ContextOf(config, venue);
    bytes += std::visit([&](const auto& kind) { return kind.Needs(context).bytes; }, venue.kind);
  }
  return bytes;
}

}  // namespace ringway
