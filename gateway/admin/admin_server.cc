// Serves connections in turn, and evicts idle ones for newcomers.
#include "gateway/admin/admin_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/thread.h"
#include "gateway/admin/admin_command.h"

namespace ringway {
namespace {

using std::chrono::milliseconds;

constexpr int kBacklog = 128;
constexpr int kAcceptsPerTurn = 16;
constexpr milliseconds kBackOff{100};
constexpr milliseconds kScarcityLogEvery{10'000};
constexpr int kLookMs = 500;  // for connections that have been idle, or stuck, for too long
constexpr int kNiceOfWatching = 10;

bool IsScarcity(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int OpenReserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

absl::Status AdminServer::Start(const std::string& path, AdminHandler handler, LogLine log) {
  absl::StatusOr<AdminSocket> bound = AdminSocket::Bind(path, kBacklog);
  if (!bound.ok()) return bound.status();
  socket_ = *std::move(bound);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  for (uint32_t i = 0; i < kReserved; ++i) reserve_.push_back(OpenReserve());
  if (wake_ < 0 || std::count(reserve_.begin(), reserve_.end(), -1) != 0) {
    const std::string cause = std::strerror(errno);
    std::erase(reserve_, -1);
    Stop();
    return absl::ResourceExhaustedError(
        absl::StrCat("admin socket ", path, ": ", cause, "; raise the limit of open files"));
  }
  handler_ = std::move(handler);
  log_ = std::move(log);
  stop_ = false;
  absl::Status started = StartThread(watching_, "admin watch", [this] { Watch(); });
  if (started.ok()) started = StartThread(serving_, "admin", [this] { Serve(); });
  if (!started.ok()) Stop();
  return started;
}

void AdminServer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    jobs_.clear();
  }
  wanted_.notify_all();
  const uint64_t one = 1;
  while (wake_ >= 0 && write(wake_, &one, sizeof(one)) < 0 && errno == EINTR) {
  }
  if (serving_.joinable()) serving_.join();
  if (watching_.joinable()) watching_.join();
  connections_.clear();
  results_.clear();
  socket_ = AdminSocket();
  for (const int fd : reserve_) close(fd);
  reserve_.clear();
  if (wake_ >= 0) close(wake_);
  wake_ = -1;
}

// One turn reads and serves before it accepts, and accepts before it sends: operators' commands
// come before answers to queries.
void AdminServer::Serve() {
  for (;;) {
    Wait();
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
    }
    ReadAndServe();
    Accept();
    TakeResults();
    SendAll();
    DropFinished();
    while (reserve_.size() < kReserved) {
      const int fd = OpenReserve();
      if (fd < 0) break;
      reserve_.push_back(fd);
    }
  }
}

void AdminServer::Wait() {
  std::vector<pollfd> polled;
  now_ = Clock::now();
  const bool accepts = now_ >= accept_after_;
  polled.push_back({wake_, POLLIN, 0});
  polled.push_back({accepts ? socket_.fd() : -1, POLLIN, 0});
  bool ready = false;  // a line that arrived together with the previous one
  for (const auto& connection : connections_) {
    polled.push_back({connection->fd(), connection->Events(), 0});
    ready |= connection->HasLine() && !connection->busy && !connection->sending();
  }
  int timeout_ms = connections_.empty() ? -1 : kLookMs;
  if (!accepts) timeout_ms = static_cast<int>(kBackOff.count());
  if (ready) timeout_ms = 0;
  while (poll(polled.data(), polled.size(), timeout_ms) < 0 && errno == EINTR) {
  }
  now_ = Clock::now();
  uint64_t woken = 0;
  [[maybe_unused]] const ssize_t got = read(wake_, &woken, sizeof(woken));
  hung_up_.clear();
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    AdminConnection& connection = *connections_[i];
    const short events = polled[i + 2].revents;
    const bool gone = (events & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    if ((events & POLLIN) != 0 && !connection.Read(now_)) hung_up_.push_back(&connection);
    // Its last command is still executed, if that can be done at once.
    if (gone &&
        (connection.busy || connection.sending() || connection.ending() || !connection.HasLine())) {
      hung_up_.push_back(&connection);
    }
  }
}

void AdminServer::ReadAndServe() {
  for (const auto& connection : connections_) {
    ServeLine(*connection);
    if (connection->TooLong()) {
      connection->End({false, absl::StrCat("the line is longer than ", kAdminLineBytesMax,
                                           " bytes; shorten it")});
    }
  }
}

void AdminServer::ServeLine(AdminConnection& connection) {
  std::string line;
  if (!connection.TakeLine(line)) return;
  AdminAnswer answer = handler_(connection.peer(), line);
  if (!answer.rest) {
    connection.kind = AdminKind::kControl;
    connection.Answer(answer);
    connection.Send(now_);
    return;
  }
  if (answer.monitoring && !MayWatch(connection)) {
    connection.End({false, "too many operators watch already; try again later"});
    return;
  }
  connection.kind = answer.monitoring ? AdminKind::kMonitoring : AdminKind::kControl;
  connection.busy = true;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({connection.serial(), std::move(answer.rest)});
  }
  wanted_.notify_one();
}

bool AdminServer::MayWatch(const AdminConnection& connection) {
  std::size_t watching = 0;
  std::size_t output = 0;
  std::set<const std::string*> bodies;
  for (const auto& other : connections_) {
    if (other->body() != nullptr && bodies.insert(other->body().get()).second) {
      output += other->body()->size();
    }
    if (other.get() == &connection || other->ending()) continue;
    watching += other->kind == AdminKind::kMonitoring ? 1 : 0;
  }
  return output < kOutputBytesMax && (watching < kMonitoringMax || EvictIdle(true) != nullptr);
}

void AdminServer::TakeResults() {
  std::vector<std::pair<uint64_t, AdminAnswer>> results;
  {
    const std::lock_guard lock(mutex_);
    results.swap(results_);
  }
  for (const auto& [serial, answer] : results) {
    for (const auto& connection : connections_) {
      if (connection->serial() != serial || connection->ending()) continue;
      connection->busy = false;
      connection->Answer(answer);
    }
  }
}

void AdminServer::Accept() {
  if (now_ < accept_after_) return;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int fd = accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      Admit(fd);
    } else if (errno == EINTR || errno == ECONNABORTED) {
      continue;
    } else if (IsScarcity(errno)) {
      const int error = errno;
      NoDescriptor(error);
      if (!reserve_.empty()) {
        close(reserve_.back());
        reserve_.pop_back();
      } else {
        // Once told the reason, it is closed at once: its descriptor serves a newcomer in the next
        // turn.
        if (AdminConnection* victim = EvictIdle(false)) {
          hung_up_.push_back(victim);
        } else {
          accept_after_ = now_ + kBackOff;
        }
        return;
      }
    } else {
      if (errno != EAGAIN) accept_after_ = now_ + kBackOff;
      return;
    }
  }
}

// Without another place, a newcomer gets that of an idle connection.
void AdminServer::Admit(int fd) {
  ucred credentials{};
  socklen_t bytes = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
    close(fd);
    return;
  }
  const auto staying = std::count_if(connections_.begin(), connections_.end(),
                                     [](const auto& c) { return !c->ending(); });
  const bool has_room = staying < kConnectionsMax || EvictIdle(false) != nullptr;
  connections_.push_back(std::make_unique<AdminConnection>(
      fd, AdminPeer{credentials.uid, credentials.pid}, ++serials_, now_));
  if (!has_room) {
    connections_.back()->End({false, "too many operators are connected; try again later"});
  }
}

std::size_t AdminServer::CountOf(uid_t uid) const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [uid](const auto& c) { return c->peer().uid == uid && !c->ending(); }));
}

// Ends the idle connection that is the least loss. Null: none is idle.
AdminConnection* AdminServer::EvictIdle(bool monitoring_only) {
  // Each iteration finds that a connection is still idle, or that its line has just arrived.
  for (std::size_t looks = 0; looks <= connections_.size(); ++looks) {
    AdminConnection* victim = nullptr;
    std::tuple<std::size_t, int, Clock::duration> most{};
    for (const auto& connection : connections_) {
      if (!connection->idle()) continue;
      if (monitoring_only && connection->kind != AdminKind::kMonitoring) continue;
      const std::tuple rank{CountOf(connection->peer().uid),
                            connection->kind == AdminKind::kSilent       ? 2
                            : connection->kind == AdminKind::kMonitoring ? 1
                                                                         : 0,
                            now_ - connection->active()};
      if (victim == nullptr || rank > most) {
        victim = connection.get();
        most = rank;
      }
    }
    if (victim == nullptr) return nullptr;
    if (victim->Read(now_) && victim->HasLine()) continue;
    victim->End({false, "closed to make room for another operator; connect again"});
    victim->Send(now_);
    return victim;
  }
  return nullptr;
}

void AdminServer::NoDescriptor(int error) {
  if (scarcity_known_ && now_ - scarcity_logged_ < kScarcityLogEvery) return;
  scarcity_known_ = true;
  scarcity_logged_ = now_;
  if (!log_) return;
  log_(absl::StrCat("admin: cannot accept an operator's connection: ", std::strerror(error),
                    "; descriptors kept for this serve operators as long as they last. Raise the "
                    "limit of open files (LimitNOFILE=), and see what holds so many"));
}

void AdminServer::SendAll() {
  for (const auto& connection : connections_) {
    if (!connection->Send(now_)) hung_up_.push_back(connection.get());
  }
}

void AdminServer::DropFinished() {
  const auto silent_since = now_ - milliseconds(kIdleMsMax);
  const auto stuck_since = now_ - milliseconds(kSendMsMax);
  std::size_t ending = static_cast<std::size_t>(std::count_if(
      connections_.begin(), connections_.end(), [](const auto& c) { return c->ending(); }));
  std::erase_if(connections_, [&](const auto& c) {
    const bool stuck = (c->sending() || c->ending()) && c->active() < stuck_since;
    // The connections told to end earliest come first.
    const bool crowded = c->ending() && !c->sending() && ending > kEndingMax;
    const bool over = c->Finished() || stuck || crowded ||
                      (!c->busy && c->active() < silent_since) ||
                      std::find(hung_up_.begin(), hung_up_.end(), c.get()) != hung_up_.end();
    if (over && c->ending()) --ending;
    if (over) Drop(*c);
    return over;
  });
}

// The answer to its question is no longer needed.
void AdminServer::Drop(const AdminConnection& connection) {
  if (!connection.busy) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(jobs_, [&](const Job& job) { return job.serial == connection.serial(); });
}

void AdminServer::Watch() {
  // Affects this thread alone: it is not urgent.
  setpriority(PRIO_PROCESS, 0, kNiceOfWatching);
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (stop_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    AdminAnswer answer = job.rest();
    lock.lock();
    results_.emplace_back(job.serial, std::move(answer));
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
  }
}

}  // namespace ringway
