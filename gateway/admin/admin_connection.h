// One operator's connection: lines in, answers out, nothing that blocks.
//
// Thread rule: the admin server's thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ringway {

struct AdminPeer {
  uid_t uid = 0;
  pid_t pid = 0;
};

// The answer to a line. `rest`, where it is set, takes longer, runs on the monitoring thread and
// returns the answer.
struct AdminAnswer {
  bool ok = true;
  std::string text = {};                           // the body, or one line of error
  std::shared_ptr<const std::string> shared = {};  // instead of `text`, where several get it
  std::function<AdminAnswer()> rest = {};
  bool monitoring = false;  // `rest` is a query, and may be refused when there are too many
};

// By its latest command or query.
enum class AdminKind : uint8_t { kSilent, kMonitoring, kControl };

class AdminConnection {
 public:
  using Clock = std::chrono::steady_clock;

  AdminConnection(int fd, AdminPeer peer, uint64_t serial, Clock::time_point now)
      : fd_(fd), peer_(peer), serial_(serial), active_(now) {}
  ~AdminConnection();
  AdminConnection(const AdminConnection&) = delete;
  AdminConnection& operator=(const AdminConnection&) = delete;

  // Reads what there is, up to a bound. False: the peer is gone.
  bool Read(Clock::time_point now);
  // Takes the next whole line; none while an answer is being sent.
  bool TakeLine(std::string& line);
  // REQUIRES: no answer is being sent.
  void Answer(const AdminAnswer& answer);
  // The last answer: it is sent, further input is read and discarded, so that the answer is not
  // lost with it, and the connection ends when the peer closes its end.
  void End(const AdminAnswer& answer);
  // Sends what the socket takes now. False: the peer is gone.
  bool Send(Clock::time_point now);

  // The poll(2) events that can make progress.
  short Events() const noexcept;
  // The connection has nothing left to do.
  bool Finished() const noexcept { return eof_ && !busy && !sending() && !HasLine(); }
  bool HasLine() const noexcept { return !ending_ && in_.find('\n') != std::string::npos; }
  bool TooLong() const noexcept;  // what has arrived cannot be a valid line any more
  bool idle() const noexcept { return !busy && !sending() && !HasLine() && !ending_; }
  bool sending() const noexcept { return sent_ < head_.size() + body_bytes(); }
  bool ending() const noexcept { return ending_; }

  int fd() const noexcept { return fd_; }
  const AdminPeer& peer() const noexcept { return peer_; }
  uint64_t serial() const noexcept { return serial_; }
  Clock::time_point active() const noexcept { return active_; }  // when bytes were last transferred
  const std::shared_ptr<const std::string>& body() const noexcept { return body_; }

  AdminKind kind = AdminKind::kSilent;
  bool busy = false;  // the monitoring thread is answering a question of it

 private:
  std::size_t body_bytes() const noexcept { return body_ == nullptr ? 0 : body_->size(); }

  const int fd_;
  const AdminPeer peer_;
  const uint64_t serial_;
  Clock::time_point active_;
  std::string in_;                           // what arrived after the last line that was taken
  std::string head_;                         // of the answer being sent
  std::shared_ptr<const std::string> body_;  // after the head; may be null
  std::size_t sent_ = 0;
  bool eof_ = false;
  bool ending_ = false;
  bool half_closed_ = false;
};

}  // namespace ringway
