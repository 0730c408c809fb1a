// ServiceManager: tells systemd that the process is ready, alive and stopping.
//
// The notification protocol of sd_notify(3): a datagram to the socket that $NOTIFY_SOCKET names.
// Without one, every call does nothing. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringway {

class ServiceManager {
 public:
  // Reads NOTIFY_SOCKET and WATCHDOG_USEC from the environment.
  ServiceManager();

  void Ready(std::string_view status) const { Send("READY=1\nSTATUS=" + std::string(status)); }
  void Stopping() const { Send("STOPPING=1"); }
  // A long start makes progress: it may take this much longer. Must be called more often than that.
  void Starting(std::string_view status) const {
    Send("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=" + std::string(status));
  }

  // Called every turn of the duty loop: notifies the watchdog, at half its interval, that the loop
  // turns.
  void Turned(int64_t now_ns) {
    if (now_ns < next_ping_ns_) [[likely]]
      return;
    next_ping_ns_ = now_ns + ping_interval_ns_;
    Send("WATCHDOG=1");
  }

 private:
  void Send(const std::string& text) const;

  std::string socket_;
  int64_t ping_interval_ns_ = 0;
  int64_t next_ping_ns_ = INT64_MAX;  // no watchdog
};

}  // namespace ringway
