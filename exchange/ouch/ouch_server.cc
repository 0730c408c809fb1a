// Connections of clients that speak OUCH: their logins, messages and ends.
#include "exchange/ouch/ouch_server.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/clock.h"
#include "base/printable.h"
#include "protocol/ouch/fault.h"
#include "protocol/soup/session.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_options.h"

namespace ringway::exchange {
namespace {

constexpr uint32_t kMessagesPerTurnMax = 64;
constexpr uint32_t kSendsPerTurnMax = 256;
// How long a client has to take the last words and to close.
constexpr int64_t kLingerNs = kNsPerS;
// Orders with every tag of the appendage; more is garbage.
constexpr std::size_t kPayloadBytesMax = 512;

soup::SessionId SessionOf(uint64_t incarnation) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  soup::SessionId session;
  uint64_t value = incarnation / static_cast<uint64_t>(kNsPerMs);
  for (std::size_t at = session.bytes.size(); at-- != 0; value /= 36) {
    session.bytes[at] = kDigits[value % 36];
  }
  return session;
}

// Takes the same time whatever is wrong.
bool Same(const PaddedText<10>& a, const PaddedText<10>& b) noexcept {
  unsigned differences = 0;
  for (std::size_t at = 0; at < a.bytes.size(); ++at) {
    differences |= static_cast<unsigned>(a.bytes[at] ^ b.bytes[at]);
  }
  return differences == 0;
}

soup::Options SoupOptions() {
  soup::Options options;
  options.role = soup::Role::kServer;
  options.payload_bytes_max = kPayloadBytesMax;
  return options;
}

}  // namespace

struct OuchServer::Listener {
  std::unique_ptr<StreamListener> tcp;
  std::string asked_for;  // by the configuration
};

// A member, whether its client is connected or not.
struct OuchServer::Standing {
  Standing(Exchange& exchange, uint32_t index, const OuchMemberOptions& options, int64_t now_ns)
      : member(exchange, index, options, now_ns) {}

  OuchMember member;
  OuchLogin login;
  std::string name;  // in the log
  uint32_t listener = 0;
  int64_t slow_after_ns = 0;
  uint32_t messages_max = 0;
  bool cancel_on_disconnect = false;
  Peer* peer = nullptr;  // its client
  bool refusal_told = false;
  bool end_told = false;
};

struct OuchServer::Peer {
  std::unique_ptr<ByteStream> stream;  // null: the place is free
  soup::Session session{SoupOptions()};
  Standing* standing = nullptr;  // null: it has not logged in, or it leaves
  uint32_t listener = 0;
  int64_t accepted_ns = 0;
  int64_t leaving_ns = 0;     // since when it leaves; 0: it stays
  int64_t stuck_ns = 0;       // since when it takes nothing; 0: it takes what there is
  bool gone = false;          // nothing comes from it any more
  bool waits = false;         // its next message has to wait
  bool refused = false;       // its login; logged already
  bool writes_ended = false;  // it was told all
};

// What the session hears from a client.
class OuchServer::Sink {
 public:
  Sink(OuchServer& server, Peer& peer) : server_(server), peer_(peer) {}

  bool On(const soup::Sequenced&) { return true; }  // a client sends none
  bool On(const soup::Unsequenced& message) {
    switch (peer_.standing->member.OnMessage(server_.now_ns_, message.payload)) {
      case OuchMember::Answer::kTaken:
        return true;
      case OuchMember::Answer::kWait:
        peer_.waits = true;
        return false;
      case OuchMember::Answer::kGarbage:
        break;
    }
    const std::string_view fault = ouch::Name(peer_.standing->member.fault());
    const std::string why = absl::StrCat("a message cannot be answered: ",
                                         absl::string_view(fault.data(), fault.size()));
    // Best effort: a client that has no room for it sees the connection end.
    static_cast<void>(peer_.session.SendDebug(std::as_bytes(std::span(why))));
    server_.Leave(server_.now_ns_, peer_, why);
    return false;
  }
  void On(const soup::Debug&) {}
  void On(const soup::LoginRequest& login) { server_.LogIn(peer_, login); }
  void On(const soup::LoginAccepted&) {}  // a client says no such thing

 private:
  OuchServer& server_;
  Peer& peer_;
};

OuchServer::OuchServer(const OuchServerOptions& options)
    : options_(options), log_(options.report), session_(SessionOf(options.incarnation)) {}

OuchServer::~OuchServer() {
  for (const auto& peer : peers_) Close(*peer);
}

absl::StatusOr<std::unique_ptr<OuchServer>> OuchServer::Create(
    Exchange& exchange, const std::vector<OuchMemberConfig>& members,
    const std::vector<InstrumentConfig>& instruments, const OuchServerOptions& options,
    int64_t now_ns) {
  std::unique_ptr<OuchServer> server(new OuchServer(options));
  for (const OuchMemberConfig& config : members) {
    const absl::StatusOr<OuchLogin> login = ReadOuchLogin(config);
    if (!login.ok()) return login.status();
    const absl::StatusOr<uint32_t> member = exchange.Admit(config.member);
    if (!member.ok()) return member.status();
    auto standing = std::make_unique<Standing>(
        exchange, *member, MakeOuchMemberOptions(config, instruments, options.hash_seed), now_ns);
    standing->login = *login;
    standing->name = absl::StrCat("OUCH member ", config.member, " (", config.user, ")");
    standing->slow_after_ns = config.slow_after_ns;
    standing->messages_max = config.messages_max;
    standing->cancel_on_disconnect = config.cancel_on_disconnect;
    const auto known = std::ranges::find_if(server->listeners_, [&](const auto& listener) {
      return listener->asked_for == config.listen;
    });
    standing->listener = static_cast<uint32_t>(known - server->listeners_.begin());
    if (known == server->listeners_.end()) {
      StreamListenOptions listen;
      listen.address = config.listen;
      // All members may be on one host, which must not take the places of all guests.
      listen.per_source_max = static_cast<uint32_t>(members.size()) + kGuestsMax / 2;
      absl::StatusOr<std::unique_ptr<StreamListener>> tcp =
          StreamListener::Listen(listen, options.report);
      if (!tcp.ok()) return tcp.status();
      if (options.watch) {
        if (absl::Status status = options.watch((*tcp)->ready_fd()); !status.ok()) return status;
      }
      server->listeners_.push_back(
          std::make_unique<Listener>(Listener{*std::move(tcp), config.listen}));
    }
    server->standings_.push_back(std::move(standing));
  }
  for (std::size_t i = 0; i != members.size() + kGuestsMax; ++i) {
    server->peers_.push_back(std::make_unique<Peer>());
  }
  return server;
}

std::vector<std::string> OuchServer::Addresses() const {
  std::vector<std::string> lines;
  for (uint32_t i = 0; i != listeners_.size(); ++i) {
    std::vector<std::string> users;
    for (const auto& standing : standings_) {
      if (standing->listener == i) users.emplace_back(standing->login.user.text());
    }
    lines.push_back(absl::StrCat(listeners_[i]->tcp->address().Text(),
                                 users.size() == 1 ? " for OUCH member " : " for OUCH members ",
                                 absl::StrJoin(users, ", ")));
  }
  return lines;
}

bool OuchServer::DoWork(int64_t now_ns) {
  now_ns_ = now_ns;
  bool worked = false;
  for (uint32_t i = 0; i != listeners_.size() && !stopping_; ++i) {
    while (AcceptFrom(now_ns, i)) worked = true;
  }
  for (const auto& peer : peers_) {
    if (peer->stream != nullptr) worked |= Serve(now_ns, *peer);
  }
  for (const auto& standing : standings_) {
    worked |= standing->member.DoWork(now_ns);
    if (!standing->member.filled_up() || !standing->member.ended()) continue;
    if (std::exchange(standing->end_told, true)) continue;
    const uint32_t unreported = standing->member.unreported();
    Say(absl::StrCat(
        standing->name, ": its session has ended, as its messages_max of ", standing->messages_max,
        " are nearly used up; its orders are canceled",
        unreported == 0 ? "" : absl::StrCat(", and there was no room for ", unreported, " reports"),
        ". Remedy: raise messages_max, and start the exchange again"));
  }
  if (now_ns >= next_tick_ns_) {
    next_tick_ns_ = now_ns + options_.tick_ns;
    for (const auto& peer : peers_) {
      if (peer->stream != nullptr) Maintain(now_ns, *peer);
    }
  }
  // What one member's request causes for others leaves in the same turn.
  for (const auto& peer : peers_) {
    if (peer->stream != nullptr) worked |= Write(now_ns, *peer);
  }
  return worked;
}

bool OuchServer::Arm() const noexcept {
  return std::ranges::none_of(peers_, [](const auto& peer) {
    return peer->stream != nullptr && (peer->waits || !peer->session.Output().empty());
  });
}

void OuchServer::Stop() {
  stopping_ = true;
  for (const auto& standing : standings_) standing->member.EndSession();
  for (const auto& peer : peers_) {
    if (peer->stream != nullptr && peer->standing == nullptr) Close(*peer);
  }
}

bool OuchServer::idle() const noexcept {
  return stopping_ &&
         std::ranges::all_of(standings_, [](const auto& each) { return each->member.ended(); }) &&
         std::ranges::all_of(peers_, [](const auto& peer) { return peer->stream == nullptr; });
}

bool OuchServer::AcceptFrom(int64_t now_ns, uint32_t listener) {
  std::unique_ptr<ByteStream> stream = listeners_[listener]->tcp->TryAccept();
  if (stream == nullptr) return false;
  Peer& peer = *FreePeer();
  if (options_.watch) {
    if (absl::Status status = options_.watch(stream->fd()); !status.ok()) {
      Say(absl::StrCat("an OUCH connection cannot wake the exchange: ", status.ToString()));
    }
  }
  peer.stream = std::move(stream);
  peer.listener = listener;
  peer.accepted_ns = now_ns;
  peer.session.Connect(now_ns);
  return true;
}

// There are more places than members, so that a guest can always make room.
OuchServer::Peer* OuchServer::FreePeer() {
  Peer* oldest = nullptr;
  for (const auto& peer : peers_) {
    if (peer->stream == nullptr) return peer.get();
    if (peer->standing != nullptr) continue;
    if (oldest == nullptr || peer->accepted_ns < oldest->accepted_ns) oldest = peer.get();
  }
  Close(*oldest);
  return oldest;
}

bool OuchServer::Serve(int64_t now_ns, Peer& peer) {
  bool worked = false;
  if (!peer.gone) {
    std::array<std::byte, 4096> ignored;
    const std::span<std::byte> room = peer.leaving_ns != 0 ? ignored : peer.session.InputRoom();
    if (!room.empty()) {
      const StreamIo io = peer.stream->Read(room);
      worked = io.status == StreamStatus::kOk;
      if (worked && peer.leaving_ns == 0) peer.session.Received(io.bytes);
      peer.gone = !worked && io.status != StreamStatus::kWouldBlock;
    }
  }
  if (peer.leaving_ns != 0) return worked;
  peer.waits = false;
  Sink sink(*this, peer);
  const uint32_t count = peer.session.Poll(now_ns, sink, kMessagesPerTurnMax);
  if (peer.leaving_ns != 0) return true;
  // What had arrived before it was gone counts.
  if (peer.gone && count < kMessagesPerTurnMax && !peer.waits) peer.session.Disconnected();
  if (peer.session.over()) Leave(now_ns, peer, soup::Name(peer.session.end()));
  return worked || count != 0;
}

bool OuchServer::Write(int64_t now_ns, Peer& peer) {
  bool worked = false;
  if (peer.standing != nullptr) {
    const OuchMember& member = peer.standing->member;
    const auto read = [&member](uint64_t number) { return member.messages().Read(number); };
    worked = peer.session.SendSequenced(read, kSendsPerTurnMax) != 0;
    if (member.ended() && peer.session.next_sequence() == member.messages().next() &&
        peer.session.EndSession() == soup::SendStatus::kOk) {
      Leave(now_ns, peer, soup::Name(peer.session.end()));
    }
  }
  if (const std::span<const std::byte> output = peer.session.Output(); !output.empty()) {
    const StreamIo io = peer.stream->Write(output);
    if (io.status == StreamStatus::kOk) {
      peer.session.Sent(io.bytes);
      peer.stuck_ns = 0;
      worked = true;
    } else if (io.status == StreamStatus::kWouldBlock) {
      if (peer.stuck_ns == 0) peer.stuck_ns = now_ns;
    } else {
      peer.gone = true;
      peer.session.Disconnected();
      Leave(now_ns, peer, soup::Name(peer.session.end()));
      Close(peer);
      return true;
    }
  }
  if (peer.leaving_ns == 0) return worked;
  // Closed at once, the last words could be lost with what the client still sends.
  if (peer.session.Output().empty() && !std::exchange(peer.writes_ended, true)) {
    peer.stream->EndWrites();
  }
  if ((peer.gone && peer.writes_ended) || now_ns - peer.leaving_ns > kLingerNs) Close(peer);
  return worked;
}

void OuchServer::Maintain(int64_t now_ns, Peer& peer) {
  if (peer.leaving_ns != 0) return;
  peer.session.Maintain(now_ns);
  if (peer.session.over()) return Leave(now_ns, peer, soup::Name(peer.session.end()));
  if (peer.standing == nullptr || peer.stuck_ns == 0) return;
  if (now_ns - peer.stuck_ns <= peer.standing->slow_after_ns) return;
  Leave(now_ns, peer,
        absl::StrCat("it took nothing for ", peer.standing->slow_after_ns / kNsPerMs, " ms"));
  Close(peer);
}

void OuchServer::LogIn(Peer& peer, const soup::LoginRequest& login) {
  Standing* standing = nullptr;
  for (const auto& each : standings_) {
    if (each->listener == peer.listener && each->login.user.text() == login.user.text()) {
      standing = each.get();
    }
  }
  const OuchLogin nobody{};
  const OuchLogin& expected = standing == nullptr ? nobody : standing->login;
  if (!Same(expected.password, login.password) || standing == nullptr) {
    return RefuseLogin(peer, standing, soup::RejectReason::kNotAuthorized,
                       "unknown user, or a wrong password");
  }
  // Its end may have arrived, but not been read.
  if (standing->peer != nullptr) Serve(now_ns_, *standing->peer);
  if (standing->peer != nullptr) {
    return RefuseLogin(peer, standing, soup::RejectReason::kSessionUnavailable,
                       "it is logged on already");
  }
  if (!peer.session.Accept(session_, 1, standing->member.messages().next())) {
    return RefuseLogin(peer, standing, soup::RejectReason::kSessionUnavailable,
                       "it asked for another session, or for a message that there is not");
  }
  standing->peer = &peer;
  peer.standing = standing;
  standing->refusal_told = stranger_told_ = false;
  Say(absl::StrCat(standing->name, ": logged on from ", peer.stream->peer().address,
                   ", messages from ", peer.session.next_sequence(), " on"));
}

void OuchServer::RefuseLogin(Peer& peer, Standing* standing, soup::RejectReason reason,
                             const char* why) {
  peer.refused = true;
  if (peer.session.state() == soup::State::kLoginHeard) peer.session.Reject(reason);
  bool& told = standing == nullptr ? stranger_told_ : standing->refusal_told;
  if (std::exchange(told, true)) return;
  Say(absl::StrCat(standing == nullptr ? "OUCH" : standing->name, ": a login from ",
                   peer.stream->peer().address, " is refused: ", why));
}

// Its member has no client from here on; the place is free when it has taken the last words.
void OuchServer::Leave(int64_t now_ns, Peer& peer, std::string_view why) {
  if (peer.leaving_ns != 0) return;
  peer.leaving_ns = now_ns;
  peer.waits = false;
  const std::string reason = Printable(why);
  if (Standing* standing = std::exchange(peer.standing, nullptr); standing != nullptr) {
    standing->peer = nullptr;
    Say(absl::StrCat(standing->name, ": its connection has ended: ", reason));
    if (standing->cancel_on_disconnect && standing->member.open_orders() != 0) {
      standing->member.CancelAll(ouch::CancelReason::kSupervisory);
    }
  } else if (!peer.refused && !std::exchange(stranger_told_, true)) {
    Say(absl::StrCat("OUCH: a connection from ", peer.stream->peer().address,
                     " has ended without a login: ", reason));
  }
}

void OuchServer::Close(Peer& peer) {
  if (peer.stream == nullptr) return;
  if (peer.standing != nullptr) peer.standing->peer = nullptr;
  listeners_[peer.listener]->tcp->Discard(std::move(peer.stream));
  peer.standing = nullptr;
  peer.leaving_ns = peer.stuck_ns = 0;
  peer.gone = peer.waits = peer.refused = peer.writes_ended = false;
}

}  // namespace ringway::exchange
