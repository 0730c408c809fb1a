// Implements site.h: the gateway's configuration, its start, and its resources in /proc.
#include "tests/e2e/hostile/site.h"

#include <dirent.h>
#include <signal.h>

#include <cerrno>
#include <fstream>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/cpu.h"
#include "gateway/admin/admin_client.h"
#include "gateway/connector/in_process/in_process_venue.h"

namespace ringway::hostile {

absl::StatusOr<std::unique_ptr<Site>> Site::Make(const SiteOptions& options) {
  std::unique_ptr<Site> site(new Site(options));
  if (sched_getaffinity(0, sizeof(site->cores_), &site->cores_) != 0) {
    return absl::ErrnoToStatus(errno, "sched_getaffinity");
  }
  if (absl::Status pinned = PinToAllowedCore(0); !pinned.ok()) return pinned;
  absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make();
  if (!folder.ok()) return folder.status();
  site->folder_ = *std::move(folder);
  site->gateway_.emplace(site->folder());
  site->Configure();
  return site;
}

Site::~Site() {
  // An orderly stop, so that the gateway removes its journal's images in RAM.
  if (Alive()) Stop();
  if (exchange_ != nullptr) {
    exchange_->Signal(SIGCONT);
    exchange_->Stop(10 * kNsPerS);
  }
  gateway_.reset();
  static_cast<void>(sched_setaffinity(0, sizeof(cores_), &cores_));
}

void Site::Configure() {
  GatewayConfig& config = gateway_->config;
  config.host.wait = WaitPolicy::kAuto;
  if (CPU_COUNT(&cores_) > 1) config.host.core = 1;
  config.link.huge_pages = false;
  config.pools = {.orders_max = 100'000, .positions_max = 1'000, .executions_remembered = 100'000};
  std::get<InProcessVenue>(config.venues[0].kind).exchange.self_trade = exchange::SelfTrade::kOff;
  if (options_.exchange) {
    config.venues.push_back(ExchangeLink(kFarVenue, "shm:" + folder() + "/exchange.sock"));
  }
  config.instruments.clear();
  for (const uint32_t id : {kHonestInstrument, kAttackedInstrument}) {
    config.instruments.push_back(TestInstrument(id));
    config.instruments.back().price_max = 10'000 * kNsPerS;
    config.instruments.back().reference_age_max_ns = 0;
  }
  config.accounts.clear();
  for (uint32_t session = 1; session <= kSessions; ++session) {
    AccountConfig& account = config.accounts.emplace_back();
    account.id = session;
    LiftLimits(account.limits);
    account.limits.self_match_prevention = false;
    config.sessions.push_back(TestSession(session, session, folder()));
    if (session == kLimited) continue;
    SessionLimits& limits = config.sessions.back().engine.limits;
    limits.collar_bps = UINT32_MAX;
    limits.messages_per_second = limits.duplicate_orders_max = 0;
  }
  if (options_.journal) {
    config.journal.allow_volatile = true;
    config.journal.directory = journal();
  }
  if (options_.configure) options_.configure(config);
  gateway_->program = options_.gateway;
}

absl::Status Site::StartExchange() {
  absl::StatusOr<std::unique_ptr<Child>> exchange = ringway::StartExchange(
      folder(),
      {absl::StrCat("--instruments=", kHonestInstrument, "@100,", kAttackedInstrument, "@100")});
  if (!exchange.ok()) return exchange.status();
  exchange_ = *std::move(exchange);
  return absl::OkStatus();
}

absl::Status Site::Start(int64_t patience_ns) {
  if (options_.exchange && exchange_ == nullptr) {
    if (absl::Status started = StartExchange(); !started.ok()) return started;
  }
  gateway_->spec.argv.clear();
  for (const std::string& word : options_.prefix) {
    gateway_->spec.argv.push_back(absl::StrReplaceAll(word, {{"FOLDER", folder()}}));
  }
  static_cast<void>(sched_setaffinity(0, sizeof(cores_), &cores_));
  const absl::Status started = gateway_->Start({}, patience_ns);
  if (absl::Status pinned = PinToAllowedCore(0); !pinned.ok()) return pinned;
  return started;
}

void Site::Remove(uint32_t session) {
  std::erase_if(gateway_->config.sessions,
                [&](const GatewaySessionConfig& one) { return one.engine.id == session; });
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

}  // namespace ringway::hostile
