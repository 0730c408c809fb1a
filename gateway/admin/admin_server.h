// AdminServer: operators' access to the process, a Unix socket served by two background threads.
//
// Protocol: a line in, an answer out, any number of times per connection:
//   "ok BYTES\n" and that many bytes, or "error TEXT\n".
// The socket has mode 0600; the peer's user and process are read from the kernel (SO_PEERCRED) and
// passed on.
//
// An operator's command never waits for a query. One thread holds all connections and runs the
// handler, which is quick; what takes longer (AdminAnswer::rest) runs on the monitoring thread,
// whose answers the first thread sends in pieces. Bounds, so that a peer harms only itself:
//  - kConnectionsMax at once, of which kMonitoringMax may be monitoring connections. Without a free
//    place, a newcomer replaces an idle connection, of the user who has the most, one that never
//    sent anything first; a connection whose line has arrived keeps its place. A connection that is
//    evicted or refused is told so, even if it has written already.
//  - kAdminLineBytesMax per line, one question of each connection at a time, kOutputBytesMax of
//    answers that wait for slow readers; a peer that takes nothing of an answer for kSendMsMax is
//    dropped.
//  - kReserved descriptors are kept for times when the process has used up all others: operators
//    are still served then, and the log states what is wrong.
//
// Thread rule: Start() and Stop() by one thread; the handler runs on the server's own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/admin/admin_connection.h"
#include "gateway/admin/admin_socket.h"

namespace ringway {

using AdminHandler = std::function<AdminAnswer(const AdminPeer& peer, const std::string& line)>;

class AdminServer {
 public:
  using LogLine = std::function<void(std::string_view)>;

  static constexpr uint32_t kConnectionsMax = 32;
  static constexpr uint32_t kMonitoringMax = 24;
  static constexpr uint32_t kEndingMax = 16;  // told to end, and not closed yet
  static constexpr uint32_t kReserved = 4;
  static constexpr std::size_t kOutputBytesMax = std::size_t{512} << 20;
  static constexpr int kIdleMsMax = 60'000;
  static constexpr int kSendMsMax = 2'000;

  AdminServer() = default;
  ~AdminServer() { Stop(); }
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Binds `path` and starts serving. Errors: AdminSocket::Bind()'s; ResourceExhausted when the
  // system grants no thread or descriptor.
  absl::Status Start(const std::string& path, AdminHandler handler, LogLine log = {});

  // Closes every connection, removes the socket file and joins the threads. No effect when not
  // started.
  void Stop();

 private:
  using Clock = AdminConnection::Clock;
  using Connections = std::vector<std::unique_ptr<AdminConnection>>;
  struct Job {
    uint64_t serial;  // of the connection
    std::function<AdminAnswer()> rest;
  };

  // Runs on the connections' thread.
  void Serve();
  void Wait();
  void ReadAndServe();
  void ServeLine(AdminConnection& connection);
  void TakeResults();
  void Accept();
  void Admit(int fd);
  void SendAll();
  void DropFinished();
  AdminConnection* EvictIdle(bool monitoring_only);
  bool MayWatch(const AdminConnection& connection);
  void NoDescriptor(int error);
  void Drop(const AdminConnection& connection);
  std::size_t CountOf(uid_t uid) const;

  // Runs on the monitoring thread.
  void Watch();

  AdminHandler handler_;
  LogLine log_;
  AdminSocket socket_;
  int wake_ = -1;  // eventfd: results, and Stop()
  std::vector<int> reserve_;
  Connections connections_;
  std::vector<AdminConnection*> hung_up_;  // in this turn
  uint64_t serials_ = 0;
  Clock::time_point now_;
  Clock::time_point accept_after_;  // no accept before: no descriptor was available
  Clock::time_point scarcity_logged_;
  bool scarcity_known_ = false;

  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<Job> jobs_;                                   // at most one per connection
  std::vector<std::pair<uint64_t, AdminAnswer>> results_;  // likewise
  bool stop_ = false;

  std::thread serving_;
  std::thread watching_;
};

}  // namespace ringway
