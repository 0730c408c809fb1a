// Implements site.h: the gateway's configuration, its start, and its resources in /proc.
#include "tests/e2e/hostile/site.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/cpu.h"
#include "gateway/admin/admin_client.h"

namespace ringway::hostile {
namespace {

constexpr int64_t kStepNs = kNsPerMs;

constexpr const char* kGateway = R"(listen = ["shm:FOLDER/gw.sock"]
[admin]
socket = "FOLDER/admin.sock"
[host]
lock_memory = false
HOST[link]
huge_pages = false
[pools]
orders_max = 100000
positions_max = 1000
executions_remembered = 100000
[routing]
default_venue = 1
[[venue]]
id = 1
connector = "exchange"
[venue.exchange]
self_trade = "off"
)";

constexpr const char* kExchange = R"([[venue]]
id = 2
connector = "exchange-link"
uri = "shm:FOLDER/exchange.sock"
member_id = 1
)";

constexpr const char* kInstrument = R"([[instrument]]
id = NUMBER
symbol = "SNUMBER"
price_max = 10000
quantity_max = 1000000
reference_price = 100
reference_age_max = "off"
)";

constexpr const char* kSession = R"([[account]]
id = NUMBER
[account.limits]
quantity_max = "off"
notional_max = "off"
position_max = "off"
gross_notional_max = "off"
self_match_prevention = false
[[session]]
id = NUMBER
key_file = "FOLDER/NUMBER.key"
accounts = [NUMBER]
[session.limits]
)";

constexpr const char* kUnlimited = R"(collar_bps = "off"
messages_per_second = "off"
duplicate_orders_max = "off"
)";

std::string KeyText(uint32_t session) {
  std::string text;
  for (size_t i = 0; i != SessionKey::kBytesMin; ++i) {
    absl::StrAppend(&text, absl::Hex(session, absl::kZeroPad2));
  }
  return text + "\n";
}

void WriteSecret(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool Says(const std::string& path, const std::string& text) {
  return ReadAll(path).find(text) != std::string::npos;
}

}  // namespace

SessionKey KeyOf(uint32_t session) {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  bytes.fill(static_cast<std::byte>(session));
  return *SessionKey::FromBytes(bytes);
}

absl::StatusOr<std::string> Program(const std::string& package, const std::string& name) {
  const absl::StatusOr<std::string> own = demo::OwnPath();
  if (!own.ok()) return own.status();
  // This program lies in tests/e2e/hostile.
  const std::filesystem::path path =
      (std::filesystem::path(*own).parent_path() / "../../.." / package / name).lexically_normal();
  if (access(path.c_str(), X_OK) == 0) return path.string();
  return absl::NotFoundError(absl::StrCat(
      "the program ", path.string(), " is missing; build it: bazel build //", package, ":", name));
}

bool Within(int64_t patience_ns, const std::function<bool()>& holds) {
  const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
  while (!holds()) {
    if (MonotonicNowNs() > deadline_ns) return false;
    usleep(kStepNs / kNsPerUs);
  }
  return true;
}

absl::StatusOr<std::unique_ptr<Site>> Site::Make(const SiteOptions& options) {
  std::unique_ptr<Site> site(new Site(options));
  if (sched_getaffinity(0, sizeof(site->cores_), &site->cores_) != 0) {
    return absl::ErrnoToStatus(errno, "sched_getaffinity");
  }
  if (absl::Status pinned = PinToAllowedCore(0); !pinned.ok()) return pinned;
  absl::StatusOr<std::unique_ptr<demo::PrivateDirectory>> folder = demo::PrivateDirectory::Make();
  if (!folder.ok()) return folder.status();
  site->folder_ = *std::move(folder);
  for (uint32_t session = 1; session <= kSessions; ++session) {
    WriteSecret(absl::StrCat(site->folder(), "/", session, ".key"), KeyText(session));
  }
  std::ofstream(site->folder() + "/gateway.toml", std::ios::trunc) << site->Configuration();
  return site;
}

Site::~Site() {
  // An orderly stop, so that the gateway removes its journal's images in RAM.
  if (Alive()) Stop();
  if (exchange_ != nullptr) {
    if (exchange_->Running()) kill(exchange_->pid(), SIGCONT);
    exchange_->Stop(10 * kNsPerS);
  }
  static_cast<void>(sched_setaffinity(0, sizeof(cores_), &cores_));
}

std::string Site::Configuration() const {
  std::string text = kGateway;
  if (options_.exchange) text += kExchange;
  for (const uint32_t instrument : {kHonestInstrument, kAttackedInstrument}) {
    text += absl::StrReplaceAll(kInstrument, {{"NUMBER", absl::StrCat(instrument)}});
  }
  for (uint32_t session = 1; session <= kSessions; ++session) {
    if (session == removed_) continue;
    text += absl::StrReplaceAll(kSession, {{"NUMBER", absl::StrCat(session)}});
    if (session != kLimited) text += kUnlimited;
    if (session != kLimited && session != kHonest) text += options_.attacker_limits;
  }
  if (options_.journal) {
    absl::StrAppend(&text, "[journal]\nallow_volatile = true\ndirectory = \"FOLDER/journal\"\n",
                    options_.journal_keys);
  }
  return absl::StrReplaceAll(text + options_.more,
                             {{"FOLDER", folder()}, {"HOST", HasTwoCores() ? "core = 1\n" : ""}});
}

absl::Status Site::StartExchange() {
  const absl::StatusOr<std::string> program = Program("exchange", "ringway-exchange");
  if (!program.ok()) return program.status();
  const std::string log = folder() + "/exchange.log";
  absl::StatusOr<std::unique_ptr<demo::Child>> child = demo::Child::Start(
      {.name = "exchange",
       .argv = {*program, absl::StrCat("--listen=shm:", folder(), "/exchange.sock"),
                absl::StrCat("--instruments=", kHonestInstrument, "@100,", kAttackedInstrument,
                             "@100")},
       .log_path = log});
  if (!child.ok()) return child.status();
  exchange_ = *std::move(child);
  if (Within(30 * kNsPerS, [&] { return Says(log, "ready") || !exchange_->Running(); }) &&
      exchange_->Running()) {
    return absl::OkStatus();
  }
  return absl::UnavailableError("the exchange is not ready:\n" + ReadAll(log));
}

absl::Status Site::Start(int64_t patience_ns) {
  if (options_.exchange && exchange_ == nullptr) {
    if (absl::Status started = StartExchange(); !started.ok()) return started;
  }
  absl::StatusOr<std::string> program = Program("gateway", "ringway-gateway");
  if (!options_.gateway.empty()) program = options_.gateway;
  if (!program.ok()) return program.status();
  const std::string log = absl::StrCat(folder(), "/gateway-", ++starts_, ".log");
  std::vector<std::string> argv;
  for (const std::string& word : options_.prefix) {
    argv.push_back(absl::StrReplaceAll(word, {{"FOLDER", folder()}, {"GATEWAY", *program}}));
  }
  argv.insert(argv.end(), {*program, "--config", folder() + "/gateway.toml"});
  static_cast<void>(sched_setaffinity(0, sizeof(cores_), &cores_));
  absl::StatusOr<std::unique_ptr<demo::Child>> child =
      demo::Child::Start({.name = "gateway", .argv = argv, .log_path = log});
  if (absl::Status pinned = PinToAllowedCore(0); !pinned.ok()) return pinned;
  if (!child.ok()) return child.status();
  gateway_ = *std::move(child);
  if (Within(patience_ns, [&] { return Says(log, "ringway-gateway ready") || !Alive(); }) &&
      Alive()) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat("the gateway is not ready (", gateway_->End(), "):\n", Log()));
}

void Site::Kill() {
  kill(gateway_->pid(), SIGKILL);
  (void)Within(30 * kNsPerS, [this] { return !Alive(); });
}

void Site::Remove(uint32_t session) {
  removed_ = session;
  std::ofstream(folder() + "/gateway.toml", std::ios::trunc) << Configuration();
}

Resources Site::Usage() const {
  Resources usage;
  const std::string process = absl::StrCat("/proc/", pid());
  std::ifstream status(process + "/status");
  for (std::string key; status >> key;) {
    int64_t kib = 0;
    if (key == "RssAnon:" && status >> kib) usage.anonymous_bytes = kib * 1024;
    if (key == "RssShmem:" && status >> kib) usage.shared_bytes = kib * 1024;
  }
  if (DIR* folder = opendir((process + "/fd").c_str()); folder != nullptr) {
    usage.descriptors = 0;
    while (const dirent* entry = readdir(folder)) {
      if (entry->d_name[0] != '.') ++usage.descriptors;
    }
    closedir(folder);
  }
  return usage;
}

absl::StatusOr<std::string> Site::Ask(const std::string& line) const {
  return AskGateway(admin(), line);
}

std::string Site::Log() const {
  return starts_ == 0 ? "" : ReadAll(absl::StrCat(folder(), "/gateway-", starts_, ".log"));
}

}  // namespace ringway::hostile
