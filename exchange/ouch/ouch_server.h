// OuchServer: serves members that speak OUCH over SoupBinTCP, beside those that come over links
// (exchange_server.h).
//
// One session of SoupBinTCP for each member, as long as the exchange runs: its name is that of the
// exchange's start, because an exchange that starts again knows nothing of it. A client that comes
// back asks for the number after the last message that it processed, and gets all that follow.
//
// A member has one connection: while it is alive another login is refused (J S), and likewise one
// that asks for another session or for a number that there is not; an unknown user or a wrong
// password is J A. Each is logged once until a login succeeds.
//
// What a member or a stranger can use up is bounded: connections that have not logged in have
// kGuestsMax places, and the oldest makes room; a client that takes nothing for slow_after is
// disconnected, and its messages wait for it in the store; a message that no answer can name ends
// the connection with a debug packet that says why.
//
// Thread rule: one thread, the exchange's; nothing here waits. Lifetime: the exchange outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "exchange/limited_log.h"
#include "exchange/matching.h"
#include "exchange/ouch/ouch_config.h"
#include "exchange/ouch/ouch_member.h"
#include "protocol/soup/packet.h"
#include "schema/instrument.h"
#include "transport/stream/stream_listener.h"

namespace ringway::exchange {

struct OuchServerOptions {
  uint64_t incarnation = 1;  // higher for each start of the exchange: its time in nanoseconds
  uint64_t hash_seed = 0;
  int64_t tick_ns = kNsPerMs;
  // Receives lines about connections that come, go and are refused, a bounded number a second.
  std::function<void(std::string_view line)> report = {};
  // Makes a descriptor end the thread's sleep while it is readable.
  std::function<absl::Status(int fd)> watch = {};
};

class OuchServer {
 public:
  static constexpr uint32_t kGuestsMax = 32;

  // Admits the members and listens. Errors: the exchange has no room for a member, a password file,
  // an address that cannot be listened at. REQUIRES: CheckOuchMembers() found nothing.
  static absl::StatusOr<std::unique_ptr<OuchServer>> Create(
      Exchange& exchange, const std::vector<OuchMemberConfig>& members,
      const std::vector<InstrumentConfig>& instruments, const OuchServerOptions& options,
      int64_t now_ns);
  ~OuchServer();

  // One turn; true when there was anything to do.
  bool DoWork(int64_t now_ns);
  // Whether a descriptor tells of all that can happen next.
  bool Arm() const noexcept;

  // Ends all sessions: turns go on until idle(), or the caller loses patience.
  void Stop();
  // Stopped, and every client was told all.
  bool idle() const noexcept;

  // A line for each address: "127.0.0.1:9500 for OUCH members ALFA, BETA".
  std::vector<std::string> Addresses() const;

 private:
  struct Listener;
  struct Standing;
  struct Peer;
  class Sink;

  explicit OuchServer(const OuchServerOptions& options);

  bool AcceptFrom(int64_t now_ns, uint32_t listener);
  Peer* FreePeer();
  bool Serve(int64_t now_ns, Peer& peer);
  bool Write(int64_t now_ns, Peer& peer);
  void Maintain(int64_t now_ns, Peer& peer);
  void LogIn(Peer& peer, const soup::LoginRequest& login);
  void RefuseLogin(Peer& peer, Standing* standing, soup::RejectReason reason, const char* why);
  void Leave(int64_t now_ns, Peer& peer, std::string_view why);
  void Close(Peer& peer);
  void Say(const std::string& line) { log_.Say(now_ns_, line); }

  const OuchServerOptions options_;
  LimitedLog log_;
  soup::SessionId session_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Standing>> standings_;  // a member's
  std::vector<std::unique_ptr<Peer>> peers_;          // a place for each connection
  int64_t now_ns_ = 0;
  int64_t next_tick_ns_ = 0;
  bool stranger_told_ = false;
  bool stopping_ = false;
};

}  // namespace ringway::exchange
