// The exchange as a program: ringway-exchange, from its command line to its report.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/clock_notice.h"
#include "base/cpu.h"
#include "base/program_flags.h"
#include "exchange/exchange_config.h"
#include "exchange/exchange_server.h"
#include "exchange/fix/fix_config.h"
#include "exchange/fix/fix_server.h"
#include "exchange/matching.h"
#include "exchange/member_keys.h"
#include "exchange/member_server.h"
#include "exchange/ouch/ouch_config.h"
#include "exchange/ouch/ouch_server.h"
#include "transport/any_link.h"
#include "transport/options.h"
#include "transport/uri.h"
#include "transport/wait.h"

ABSL_FLAG(std::string, listen, "",
          "where gateways connect, as shm:/run/ringway/exchange.sock; may be left out if the "
          "configuration has an [[ouch_member]] or [[fix_member]]");
ABSL_FLAG(std::string, config, "",
          "TOML file whose [[instrument]] tables say what is traded (a gateway's own file will do) "
          "and whose [[ouch_member]] and [[fix_member]] tables say who comes over TCP");
ABSL_FLAG(std::string, instruments, "",
          "instead of --config: numbers, each with its opening price if any, as 1,2@30.95");
ABSL_FLAG(int64_t, tick, 10'000'000, "price step of --instruments, in 1e-9 of the currency");
ABSL_FLAG(uint32_t, venue, 1, "this venue's number in reports");
ABSL_FLAG(std::string, wait, "auto", "how to wait for work: auto, spin, yield or park");
ABSL_FLAG(int32_t, pin, -1, "core to stay on, counted among the allowed ones; -1: any");
ABSL_FLAG(std::string, self_trade, "off",
          "orders of one account that would trade: off, cancel-resting or cancel-aggressor");
ABSL_FLAG(std::string, day_end, "never", "when day orders expire, HH:MM:SS in UTC");
ABSL_FLAG(uint32_t, orders_max, 1u << 18, "open orders at a time");
ABSL_FLAG(uint32_t, members_max, 16, "gateways; OUCH and FIX members come on top");
ABSL_FLAG(uint32_t, member_queue_reports, 1u << 15,
          "reports kept per gateway until it confirms them, a power of two");
ABSL_FLAG(std::string, member_keys, "",
          "folder with a file N.key, made by `ringway keygen`, for each gateway that may log on, N "
          "being its member_id; needed for all but shm: links");
ABSL_FLAG(std::string, report, "", "JSON file written on an orderly stop");

namespace ringway::exchange {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

void OnStopSignal(int) { stop_requested = 1; }

void CatchStopSignals() {
  struct sigaction action = {};
  action.sa_handler = OnStopSignal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  struct sigaction hangup = {};
  // nohup's setting stays.
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
    sigaction(SIGHUP, &action, nullptr);
  }
  // Writes that would cause them fail instead, with EPIPE or EFBIG.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

absl::StatusOr<WaitPolicy> WaitPolicyOf(const std::string& word) {
  if (word == "yield" || word == "park") return ParseWaitPolicy(absl::StrCat("spin-then-", word));
  return ParseWaitPolicy(word);
}

absl::StatusOr<SelfTrade> SelfTradeOf(const std::string& word) {
  for (const SelfTrade value :
       {SelfTrade::kOff, SelfTrade::kCancelResting, SelfTrade::kCancelAggressor}) {
    if (word == Name(value)) return value;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--self-trade=", word, ": choose one of off, cancel-resting and cancel-aggressor"));
}

// What is traded, and who comes over TCP.
struct Setup {
  std::vector<InstrumentOptions> instruments;
  ExchangeFile file;
};

absl::StatusOr<Setup> SetupFromFlags() {
  const std::string config = absl::GetFlag(FLAGS_config);
  const std::string list = absl::GetFlag(FLAGS_instruments);
  if (config.empty() == list.empty()) {
    return absl::InvalidArgumentError(
        "name what is traded: --config FILE with [[instrument]] tables, or --instruments 1,2@30.95 "
        "(one of the two)");
  }
  Setup setup;
  if (config.empty()) {
    absl::StatusOr<std::vector<InstrumentOptions>> instruments =
        ParseInstrumentList(list, absl::GetFlag(FLAGS_tick));
    if (!instruments.ok()) return instruments.status();
    setup.instruments = *std::move(instruments);
  } else {
    absl::StatusOr<ExchangeFile> file = ReadExchangeFile(config);
    if (!file.ok()) return file.status();
    setup.file = *std::move(file);
    setup.instruments = MakeInstrumentOptions(setup.file.instruments);
  }
  return setup;
}

absl::StatusOr<ExchangeOptions> OptionsFromFlags(const Setup& setup) {
  ExchangeOptions options;
  options.instruments = setup.instruments;
  const absl::StatusOr<SelfTrade> self_trade = SelfTradeOf(absl::GetFlag(FLAGS_self_trade));
  if (!self_trade.ok()) return self_trade.status();
  options.self_trade = *self_trade;
  const absl::StatusOr<int64_t> day_end = ParseDayEnd(absl::GetFlag(FLAGS_day_end));
  if (!day_end.ok()) return day_end.status();
  options.day_end_ns = *day_end;
  const uint32_t venue = absl::GetFlag(FLAGS_venue);
  if (venue == 0 || venue > UINT16_MAX) {
    return absl::InvalidArgumentError("--venue must be 1 to 65535");
  }
  options.venue = static_cast<uint16_t>(venue);
  options.orders_max = absl::GetFlag(FLAGS_orders_max);
  options.members_max =
      absl::GetFlag(FLAGS_members_max) +
      static_cast<uint32_t>(setup.file.ouch_members.size() + setup.file.fix_members.size());
  options.member_queue_reports = absl::GetFlag(FLAGS_member_queue_reports);
  return options;
}

using MemberServers = std::vector<std::unique_ptr<MemberServer>>;

// The duty loop: new links, and the servers' turns.
class Venue {
 public:
  // `listener`: nothing: no gateway connects. `members`: servers of those that come over TCP.
  Venue(Exchange& exchange, std::optional<AnyListener> listener, const ServerOptions& options,
        MemberServers members, Waiter& waiter)
      : listener_(std::move(listener)),
        waiter_(waiter),
        server_(exchange, options,
                [this](uint64_t key, uint32_t epoch) { return listener_->Admit(key, epoch); }),
        members_(std::move(members)) {}

  bool Turn() {
    const int64_t now_ns = clock_.NowNs();
    clock_notice_.Look(clock_, [](const std::string& text) {
      fprintf(stderr, "ringway-exchange: %s\n", text.c_str());
    });
    bool worked = AcceptLinks(now_ns);
    worked |= server_.DoWork(now_ns);
    bool members_worked = false;
    for (const auto& members : members_) members_worked |= members->DoWork(now_ns);
    if (!members_worked) return worked;
    // What they caused for gateways leaves in the same turn.
    server_.DoWork(now_ns);
    return true;
  }
  bool Arm() noexcept {
    const bool certain =
        std::ranges::all_of(members_, [](const auto& members) { return members->Arm(); });
    return server_.Arm() && certain;
  }
  void Disarm() noexcept { server_.Disarm(); }

  // Processes what has arrived, within a limit.
  void Finish() {
    constexpr int kTurnsMax = 10'000;
    for (int turn = 0; turn != kTurnsMax && Turn(); ++turn) {
    }
  }
  // Ends the links, and the sessions with their orders.
  void Close() {
    // Their clients are told the end, as long as they listen.
    constexpr int64_t kPatienceNs = 2 * kNsPerS;
    for (const auto& members : members_) members->Stop();
    const auto idle = [this] {
      return std::ranges::all_of(members_, [](const auto& members) { return members->idle(); });
    };
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    while (!idle() && MonotonicNowNs() < deadline_ns) {
      const timespec pause{0, kNsPerMs};
      if (!Turn()) nanosleep(&pause, nullptr);
    }
    server_.Close();
  }

  // -1: there is none.
  int wake_fd() const noexcept { return listener_ ? listener_->wake_fd() : -1; }
  const ServerCounters& counters() const noexcept { return server_.counters(); }

 private:
  // A new link is work: it was not there when the others were armed for a sleep.
  bool AcceptLinks(int64_t now_ns) {
    bool accepted = false;
    while (listener_) {
      std::optional<AnyLink> link = listener_->TryAccept();
      if (!link) break;
      accepted = true;
      if (absl::Status status = waiter_.Watch(link->wake_fd()); !status.ok()) {
        fprintf(stderr, "a gateway's link cannot wake the exchange: %s\n",
                status.ToString().c_str());
      }
      server_.Accept(now_ns, std::make_unique<AnyLink>(*std::move(link)));
    }
    return accepted;
  }

  SteadyUnixClock clock_;
  ClockNotice clock_notice_;
  std::optional<AnyListener> listener_;
  Waiter& waiter_;
  ExchangeServer<AnyLink> server_;
  MemberServers members_;
};

// Over shared memory the listener knows the user of each process that connects, and by default
// admits its own alone. Over anything else it is the key that says who connects.
absl::StatusOr<MemberKeys> MemberKeysFor(const std::string& uri) {
  const std::string folder = absl::GetFlag(FLAGS_member_keys);
  if (!folder.empty()) return ReadMemberKeys(folder);
  const absl::StatusOr<Uri> parsed = ParseUri(uri);
  if (!parsed.ok()) return parsed.status();
  if (parsed->scheme == "shm") return MemberKeys{};
  return absl::InvalidArgumentError(
      "--listen is open to the network, so gateways have to prove who they are: name a folder with "
      "their keys, --member_keys FOLDER");
}

// Sets the options' keys, if gateways have to prove who they are.
absl::StatusOr<AnyListener> ListenForLinks(const std::string& uri, ServerOptions& server) {
  absl::StatusOr<MemberKeys> keys = MemberKeysFor(uri);
  if (!keys.ok()) return keys.status();
  server.member_keys = *std::move(keys);
  ListenOptions listen;
  if (!server.member_keys.empty()) {
    listen.secret_of = [keys = server.member_keys](uint64_t member) -> std::span<const std::byte> {
      const auto key = keys.find(member);
      return key == keys.end() ? std::span<const std::byte>{} : key->second.bytes();
    };
  }
  return AnyListener::Listen(uri, listen);
}

// A line on stderr, or none if it is not being read: a full pipe must not hold up trading. A pipe
// that polls as writable takes a short line at once.
void SayWithoutWaiting(std::string_view line) {
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  fprintf(stderr, "ringway-exchange: %.*s\n", static_cast<int>(line.size()), line.data());
}

// All or nothing: a reader never sees half a file.
absl::Status WriteFile(const std::string& path, const std::string& text) {
  const std::string unfinished = absl::StrCat(path, ".unfinished");
  std::ofstream file(unfinished, std::ios::trunc);
  file << text;
  file.close();
  if (!file || rename(unfinished.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot write the report ", path,
                                               ": name a file in a directory that may be written"));
  }
  return absl::OkStatus();
}

absl::StatusOr<MemberServers> MakeMemberServers(Exchange& exchange, const ExchangeFile& file,
                                                const MemberServerOptions& options) {
  MemberServers servers;
  if (!file.ouch_members.empty()) {
    auto ouch =
        OuchServer::Create(exchange, file.ouch_members, file.instruments, options, UnixNowNs());
    if (!ouch.ok()) return ouch.status();
    servers.push_back(*std::move(ouch));
  }
  if (!file.fix_members.empty()) {
    auto fix = FixServer::Create(exchange, file.fix_members, file.instruments, options);
    if (!fix.ok()) return fix.status();
    servers.push_back(*std::move(fix));
  }
  return servers;
}

absl::Status Run() {
  const std::string uri = absl::GetFlag(FLAGS_listen);
  const absl::StatusOr<Setup> setup = SetupFromFlags();
  if (!setup.ok()) return setup.status();
  const ExchangeFile& file = setup->file;
  if (uri.empty() && file.ouch_members.empty() && file.fix_members.empty()) {
    return absl::InvalidArgumentError(
        "say where gateways connect: --listen shm:/run/ringway/exchange.sock");
  }
  absl::StatusOr<ExchangeOptions> options = OptionsFromFlags(*setup);
  if (!options.ok()) return options.status();
  WaitOptions wait;
  const absl::StatusOr<WaitPolicy> policy = WaitPolicyOf(absl::GetFlag(FLAGS_wait));
  if (!policy.ok()) return policy.status();
  wait.policy = *policy;
  CatchStopSignals();
  const int32_t core = absl::GetFlag(FLAGS_pin);

  ServerOptions server;
  server.incarnation = static_cast<uint64_t>(UnixNowNs());
  // A process makes less than one execution per nanosecond, so the ids of two processes never
  // overlap.
  options->ids_after = server.incarnation;
  std::random_device random;
  options->hash_seed = (uint64_t{random()} << 32) ^ random();
  server.report = SayWithoutWaiting;
  for (const OuchMemberConfig& member : file.ouch_members) {
    server.other_members.push_back(member.member);
  }
  for (const FixMemberConfig& member : file.fix_members) {
    server.other_members.push_back(member.member);
  }
  absl::StatusOr<std::unique_ptr<Exchange>> exchange = Exchange::Create(*options);
  if (!exchange.ok()) return exchange.status();
  // Before this thread is pinned, so that the listeners' own threads do not inherit its core.
  std::optional<AnyListener> listener;
  if (!uri.empty()) {
    absl::StatusOr<AnyListener> listening = ListenForLinks(uri, server);
    if (!listening.ok()) return listening.status();
    listener = *std::move(listening);
  }
  // Also before pinning: it counts the available cores.
  Waiter waiter(wait);
  absl::StatusOr<MemberServers> members =
      MakeMemberServers(**exchange, file,
                        {.incarnation = server.incarnation,
                         .hash_seed = options->hash_seed,
                         .report = SayWithoutWaiting,
                         .watch = [&waiter](int fd) { return waiter.Watch(fd); }});
  if (!members.ok()) return members.status();
  std::vector<std::string> addresses;
  for (const auto& each : *members) {
    for (std::string& address : each->Addresses()) addresses.push_back(std::move(address));
  }
  if (core >= 0) {
    if (absl::Status status = PinToAllowedCore(static_cast<uint32_t>(core)); !status.ok()) {
      return status;
    }
  }
  if (const std::string warning = waiter.Warning(); !warning.empty()) {
    fprintf(stderr, "ringway-exchange: warning: %s\n", warning.c_str());
  }
  Venue venue(**exchange, std::move(listener), server, *std::move(members), waiter);
  if (absl::Status status = waiter.Watch(venue.wake_fd()); !status.ok()) return status;
  for (const std::string& address : addresses) {
    printf("ringway-exchange listens on %s\n", address.c_str());
  }
  printf("ringway-exchange ready on %s, instruments: %zu\n", uri.empty() ? "TCP" : uri.c_str(),
         options->instruments.size());
  fflush(stdout);

  while (stop_requested == 0) waiter.Idle(venue.Turn(), venue);
  venue.Finish();
  // What was open then is open in the report: the end of a session cancels its orders.
  const std::string report = (*exchange)->ReportJson();
  venue.Close();
  const ServerCounters& counters = venue.counters();
  printf("ringway-exchange stopped: requests %llu, reports %llu, trades %llu\n",
         static_cast<unsigned long long>(counters.requests),
         static_cast<unsigned long long>(counters.reports),
         static_cast<unsigned long long>((*exchange)->ledger().counters.trades));
  const std::string path = absl::GetFlag(FLAGS_report);
  return path.empty() ? absl::OkStatus() : WriteFile(path, report);
}

}  // namespace
}  // namespace ringway::exchange

int main(int argc, char** argv) {
  const std::optional<int> done = ringway::ReadFlags(
      argc, argv,
      {.name = "ringway-exchange",
       .summary =
           "a matching exchange that gateways reach over links, and others by OUCH or FIX over "
           "TCP\n\n"
           "  ringway-exchange --listen shm:/run/ringway/exchange.sock --config gateway.toml",
       .source = __FILE__});
  if (done.has_value()) return *done;
  const absl::Status status = ringway::exchange::Run();
  if (status.ok()) return 0;
  fprintf(stderr, "ringway-exchange: %s\n", std::string(status.message()).c_str());
  return 1;
}
