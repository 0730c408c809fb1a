// Connections of clients that speak OUCH: their logins and messages.
#include "exchange/ouch/ouch_server.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "exchange/ouch/ouch_member.h"
#include "protocol/ouch/fault.h"
#include "protocol/soup/session.h"

namespace ringway::exchange {
namespace {

constexpr uint32_t kMessagesPerTurnMax = 64;
constexpr uint32_t kSendsPerTurnMax = 256;
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

struct OuchServer::OuchStanding final : Standing {
  OuchStanding(OuchServer& of, Exchange& exchange, uint32_t index, const OuchMemberOptions& options,
               int64_t now_ns)
      : server(of), member(exchange, index, options, now_ns) {}

  bool DoWork(int64_t now_ns) override {
    const bool worked = member.DoWork(now_ns);
    if (!member.filled_up() || !member.ended() || std::exchange(end_told, true)) return worked;
    const uint32_t unreported = member.unreported();
    server.Say(absl::StrCat(
        name, ": its session has ended, as its messages_max of ", messages_max,
        " are nearly used up; its orders are canceled",
        unreported == 0 ? "" : absl::StrCat(", and there was no room for ", unreported, " reports"),
        ". Remedy: raise messages_max, and start the exchange again"));
    return worked;
  }
  void EndSession() override { member.EndSession(); }
  bool ended() const override { return member.ended(); }
  uint32_t open_orders() const override { return member.open_orders(); }
  void CancelOrders() override { member.CancelAll(ouch::CancelReason::kSupervisory); }

  OuchServer& server;
  OuchMember member;
  OuchLogin login;
  uint32_t messages_max = 0;
  bool end_told = false;
};

struct OuchServer::OuchPeer final : Peer {
  void Connected(int64_t now_ns) override { session.Connect(now_ns); }
  std::span<std::byte> InputRoom() override { return session.InputRoom(); }
  void Received(std::size_t bytes) override { session.Received(bytes); }
  std::span<const std::byte> Output() const override { return session.Output(); }
  void Sent(std::size_t bytes) override { session.Sent(bytes); }
  std::string_view Broken() override {
    session.Disconnected();
    return soup::Name(session.end());
  }
  OuchMember& member() { return static_cast<OuchStanding*>(standing)->member; }

  soup::Session session{SoupOptions()};
};

// What the session hears from a client.
class OuchServer::Sink {
 public:
  Sink(OuchServer& server, OuchPeer& peer) : server_(server), peer_(peer) {}

  bool On(const soup::Sequenced&) { return true; }  // a client sends none
  bool On(const soup::Unsequenced& message) {
    OuchMember& member = peer_.member();
    switch (member.OnMessage(server_.now_ns(), message.payload)) {
      case OuchMember::Answer::kTaken:
        return true;
      case OuchMember::Answer::kWait:
        peer_.waits = true;
        return false;
      case OuchMember::Answer::kGarbage:
        break;
    }
    const std::string_view fault = ouch::Name(member.fault());
    const std::string why = absl::StrCat("a message cannot be answered: ",
                                         absl::string_view(fault.data(), fault.size()));
    // Best effort: a client that has no room for it sees the connection end.
    static_cast<void>(peer_.session.SendDebug(std::as_bytes(std::span(why))));
    server_.Leave(server_.now_ns(), peer_, why);
    return false;
  }
  void On(const soup::Debug&) {}
  void On(const soup::LoginRequest& login) { server_.LogIn(peer_, login); }
  void On(const soup::LoginAccepted&) {}  // a client says no such thing

 private:
  OuchServer& server_;
  OuchPeer& peer_;
};

OuchServer::OuchServer(const MemberServerOptions& options)
    : MemberServer("OUCH", options), session_(SessionOf(options.incarnation)) {}

absl::StatusOr<std::unique_ptr<OuchServer>> OuchServer::Create(
    Exchange& exchange, const std::vector<OuchMemberConfig>& members,
    const std::vector<InstrumentConfig>& instruments, const MemberServerOptions& options,
    int64_t now_ns) {
  std::unique_ptr<OuchServer> server(new OuchServer(options));
  for (const OuchMemberConfig& config : members) {
    const absl::StatusOr<OuchLogin> login = ReadOuchLogin(config);
    if (!login.ok()) return login.status();
    const absl::StatusOr<uint32_t> member = exchange.Admit(config.member);
    if (!member.ok()) return member.status();
    auto standing = std::make_unique<OuchStanding>(
        *server, exchange, *member, MakeOuchMemberOptions(config, instruments, options.hash_seed),
        now_ns);
    standing->login = *login;
    standing->user = config.user;
    standing->name = absl::StrCat("OUCH member ", config.member, " (", config.user, ")");
    standing->slow_after_ns = config.slow_after_ns;
    standing->messages_max = config.messages_max;
    standing->cancel_on_disconnect = config.cancel_on_disconnect;
    absl::Status added = server->AddStanding(std::move(standing), config.listen, members.size());
    if (!added.ok()) return added;
  }
  for (std::size_t i = 0; i != members.size() + kGuestsMax; ++i) {
    server->AddPeer(std::make_unique<OuchPeer>());
  }
  return server;
}

bool OuchServer::Handle(int64_t now_ns, Peer& of) {
  OuchPeer& peer = static_cast<OuchPeer&>(of);
  Sink sink(*this, peer);
  const uint32_t count = peer.session.Poll(now_ns, sink, kMessagesPerTurnMax);
  if (peer.leaving_ns != 0) return true;
  // What had arrived before it was gone counts.
  if (peer.gone && count < kMessagesPerTurnMax && !peer.waits) peer.session.Disconnected();
  if (peer.session.over()) Leave(now_ns, peer, soup::Name(peer.session.end()));
  return count != 0;
}

bool OuchServer::Fill(int64_t now_ns, Peer& of) {
  OuchPeer& peer = static_cast<OuchPeer&>(of);
  const OuchMember& member = peer.member();
  const auto read = [&member](uint64_t number) { return member.messages().Read(number); };
  const bool worked = peer.session.SendSequenced(read, kSendsPerTurnMax) != 0;
  if (member.ended() && peer.session.next_sequence() == member.messages().next() &&
      peer.session.EndSession() == soup::SendStatus::kOk) {
    Leave(now_ns, peer, soup::Name(peer.session.end()));
  }
  return worked;
}

void OuchServer::Tick(int64_t now_ns, Peer& of) {
  OuchPeer& peer = static_cast<OuchPeer&>(of);
  peer.session.Maintain(now_ns);
  if (peer.session.over()) Leave(now_ns, peer, soup::Name(peer.session.end()));
}

void OuchServer::LogIn(OuchPeer& peer, const soup::LoginRequest& login) {
  OuchStanding* standing = nullptr;
  for (const auto& each : standings()) {
    auto& known = static_cast<OuchStanding&>(*each);
    if (known.listener == peer.listener && known.login.user.text() == login.user.text()) {
      standing = &known;
    }
  }
  const OuchLogin nobody{};
  const OuchLogin& expected = standing == nullptr ? nobody : standing->login;
  if (!Same(expected.password, login.password) || standing == nullptr) {
    return RefuseLogin(peer, standing, soup::RejectReason::kNotAuthorized,
                       "unknown user, or a wrong password");
  }
  if (!Seat(now_ns(), peer, *standing)) {
    return RefuseLogin(peer, standing, soup::RejectReason::kSessionUnavailable,
                       "it is logged on already");
  }
  if (!peer.session.Accept(session_, 1, standing->member.messages().next())) {
    Unseat(peer);
    return RefuseLogin(peer, standing, soup::RejectReason::kSessionUnavailable,
                       "it asked for another session, or for a message that there is not");
  }
  LoggedOn(peer, absl::StrCat("messages from ", peer.session.next_sequence(), " on"));
}

void OuchServer::RefuseLogin(OuchPeer& peer, Standing* standing, soup::RejectReason reason,
                             const char* why) {
  if (peer.session.state() == soup::State::kLoginHeard) peer.session.Reject(reason);
  Refused(peer, standing, why);
}

}  // namespace ringway::exchange
