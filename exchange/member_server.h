// MemberServer: what every server of members over byte streams does: it listens, gives each
// connection a place, finds out which member it is of, and ends it.
//
// A protocol's server derives from it (exchange/ouch/ouch_server.h, exchange/fix/fix_server.h) and
// brings its members and its connections. A member is served whether its client is connected or
// not, and has one connection: while that is alive another logon is refused. Refused logons are
// logged once until one succeeds.
//
// What a member or a stranger can use up is bounded: connections that have not logged on are guests
// and have kGuestsMax places, of which the oldest makes room; a client that takes nothing for
// slow_after is disconnected.
//
// Thread rule: one thread, the exchange's; nothing here waits. Lifetime: the exchange outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "exchange/limited_log.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_listener.h"

namespace ringway::exchange {

struct MemberServerOptions {
  uint64_t incarnation = 1;  // higher for each start of the exchange: its time in nanoseconds
  uint64_t hash_seed = 0;
  int64_t tick_ns = kNsPerMs;
  // Receives lines about connections that come, go and are refused, a bounded number a second.
  std::function<void(std::string_view line)> report = {};
  // Makes a descriptor end the thread's sleep while it is readable.
  std::function<absl::Status(int fd)> watch = {};
};

class MemberServer {
 public:
  static constexpr uint32_t kGuestsMax = 32;

  virtual ~MemberServer();
  MemberServer(const MemberServer&) = delete;
  MemberServer& operator=(const MemberServer&) = delete;

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

 protected:
  struct Peer;

  // A member, whether its client is connected or not.
  struct Standing {
    virtual ~Standing() = default;
    // One turn of the member; true: there was anything to do.
    virtual bool DoWork(int64_t now_ns) = 0;
    virtual void EndSession() = 0;
    virtual bool ended() const = 0;
    virtual uint32_t open_orders() const = 0;
    virtual void CancelOrders() = 0;

    std::string user;  // as its configuration names it
    std::string name;  // in the log
    uint32_t listener = 0;
    int64_t slow_after_ns = 0;
    bool cancel_on_disconnect = false;
    Peer* peer = nullptr;  // its client
    bool refusal_told = false;
  };

  // A connection, or a place for one.
  struct Peer {
    virtual ~Peer() = default;
    virtual void Connected(int64_t now_ns) = 0;
    // Where to read to; empty: what is there has to be handled first.
    virtual std::span<std::byte> InputRoom() = 0;
    virtual void Received(std::size_t bytes) = 0;
    virtual std::span<const std::byte> Output() const = 0;
    virtual void Sent(std::size_t bytes) = 0;
    // Whether something is to be sent that is not in Output() yet.
    virtual bool has_more() const { return false; }
    // The stream broke: nothing that was not sent will be. Returns why the session ends.
    virtual std::string_view Broken() = 0;

    std::unique_ptr<ByteStream> stream;  // null: the place is free
    Standing* standing = nullptr;        // null: it has not logged on, or it leaves
    uint32_t listener = 0;
    int64_t accepted_ns = 0;
    int64_t leaving_ns = 0;     // since when it leaves; 0: it stays
    int64_t stuck_ns = 0;       // since when it takes nothing; 0: it takes what there is
    bool gone = false;          // nothing comes from it any more
    bool waits = false;         // its next message has to wait
    bool refused = false;       // its logon; logged already
    bool writes_ended = false;  // it was told all
  };

  // `protocol` as the log names it: "FIX".
  MemberServer(const char* protocol, const MemberServerOptions& options);

  // Set-up: the member is reached at the address, of which there is one listener; then a place for
  // each connection. `members` is how many the server has in all.
  absl::Status AddStanding(std::unique_ptr<Standing> standing, const std::string& address,
                           std::size_t members);
  void AddPeer(std::unique_ptr<Peer> peer) { peers_.push_back(std::move(peer)); }

  // Handles what has arrived and, if the peer is gone, its end. Calls Leave() where the session is
  // over; sets Peer::waits.
  virtual bool Handle(int64_t now_ns, Peer& peer) = 0;
  // Moves what a logged-on peer is to be told to its output; may Leave().
  virtual bool Fill(int64_t now_ns, Peer& peer) = 0;
  // Timers of the session; may Leave().
  virtual void Tick(int64_t now_ns, Peer& peer) = 0;
  // A logged-on peer leaves; what is in its output now is the last that it can be sent.
  virtual void Leaving(Peer& peer) { static_cast<void>(peer); }

  // The peer is the member's client. False: it has one that is alive.
  bool Seat(int64_t now_ns, Peer& peer, Standing& standing);
  // It is a guest again.
  static void Unseat(Peer& peer) noexcept;
  // Logs that a logon is refused, once. `standing`: null: it names no member.
  void Refused(Peer& peer, Standing* standing, std::string_view why);
  void LoggedOn(Peer& peer, std::string_view how);
  // The member has no client from here on; the place is free when the peer has taken the last
  // words.
  void Leave(int64_t now_ns, Peer& peer, std::string_view why);
  bool Serve(int64_t now_ns, Peer& peer);
  void Say(const std::string& line) { log_.Say(now_ns_, line); }

  const std::vector<std::unique_ptr<Standing>>& standings() const noexcept { return standings_; }
  int64_t now_ns() const noexcept { return now_ns_; }

 private:
  struct Listener {
    std::unique_ptr<StreamListener> tcp;
    std::string asked_for;  // by the configuration
  };

  bool AcceptFrom(int64_t now_ns, uint32_t listener);
  Peer* FreePeer();
  bool Write(int64_t now_ns, Peer& peer);
  void Maintain(int64_t now_ns, Peer& peer);
  void Close(Peer& peer);

  const char* const protocol_;
  const MemberServerOptions options_;
  LimitedLog log_;
  std::vector<Listener> listeners_;
  std::vector<std::unique_ptr<Standing>> standings_;
  std::vector<std::unique_ptr<Peer>> peers_;
  int64_t now_ns_ = 0;
  int64_t next_tick_ns_ = 0;
  bool stranger_told_ = false;
  bool stopping_ = false;
};

}  // namespace ringway::exchange
