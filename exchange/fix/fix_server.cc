// Connections of clients that speak FIX: their Logons and messages.
#include "exchange/fix/fix_server.h"

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "exchange/fix/fix_member.h"
#include "protocol/fix/logon_peek.h"
#include "protocol/fix/session.h"
#include "protocol/fix/session_config.h"

namespace ringway::exchange {
namespace {

using fix::SessionState;

std::string_view ReasonOf(const fix::Session& session) noexcept {
  return session.reason().empty() ? "the connection ended" : session.reason();
}

}  // namespace

struct FixServer::FixStanding final : Standing {
  FixStanding(Exchange& exchange, uint32_t index, const FixMemberOptions& options)
      : member(exchange, index, options) {}

  bool DoWork(int64_t now_ns) override { return member.DoWork(now_ns); }
  void EndSession() override { member.EndSession(); }
  bool ended() const override { return member.ended(); }
  uint32_t open_orders() const override { return member.open_orders(); }
  void CancelOrders() override { member.CancelAll(); }

  FixMember member;
};

struct FixServer::FixPeer final : Peer {
  explicit FixPeer(std::size_t message_bytes_max) : buffer(2 * message_bytes_max) {}

  void Connected(int64_t) override { begin = end = 0; }
  std::span<std::byte> InputRoom() override {
    if (begin != 0 && end == buffer.size()) {
      std::memmove(buffer.data(), buffer.data() + begin, end - begin);
      end -= std::exchange(begin, 0);
    }
    return std::as_writable_bytes(std::span(buffer)).subspan(end);
  }
  void Received(std::size_t bytes) override { end += bytes; }
  std::span<const std::byte> Output() const override {
    if (standing == nullptr) return {};
    const std::string_view output = member().output();
    return std::as_bytes(std::span(output.data(), output.size()));
  }
  void Sent(std::size_t bytes) override { member().Consumed(bytes); }
  bool has_more() const override { return standing != nullptr && member().has_more(); }
  std::string_view Broken() override {
    member().Disconnected();
    return ReasonOf(member().session());
  }

  FixMember& member() const { return static_cast<FixStanding*>(standing)->member; }
  std::string_view input() const { return {buffer.data() + begin, end - begin}; }
  // Offers the input to the member; true: some of it is done with.
  bool Feed(int64_t now_ns) {
    const std::size_t done = member().Receive(now_ns, input());
    waits = member().waits();
    begin += done;
    if (begin == end) begin = end = 0;
    return done != 0;
  }

  std::vector<char> buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
};

absl::StatusOr<std::unique_ptr<FixServer>> FixServer::Create(
    Exchange& exchange, const std::vector<FixMemberConfig>& members,
    const std::vector<InstrumentConfig>& instruments, const MemberServerOptions& options) {
  std::unique_ptr<FixServer> server(new FixServer(options));
  std::size_t message_bytes_max = 0;
  for (const FixMemberConfig& config : members) {
    const absl::StatusOr<FixMemberOptions> of =
        MakeFixMemberOptions(config, instruments, options.hash_seed);
    if (!of.ok()) return of.status();
    if (absl::Status status = fix::CheckSessionConfig(of->session); !status.ok()) return status;
    const absl::StatusOr<uint32_t> member = exchange.Admit(config.member);
    if (!member.ok()) return member.status();
    message_bytes_max = of->session.message_bytes_max;
    auto standing = std::make_unique<FixStanding>(exchange, *member, *of);
    standing->user = config.comp_id;
    standing->name = absl::StrCat("FIX member ", config.member, " (", config.comp_id, ")");
    standing->slow_after_ns = config.slow_after_ns;
    standing->cancel_on_disconnect = config.cancel_on_disconnect;
    absl::Status added = server->AddStanding(std::move(standing), config.listen, members.size());
    if (!added.ok()) return added;
  }
  for (std::size_t i = 0; i != members.size() + kGuestsMax; ++i) {
    server->AddPeer(std::make_unique<FixPeer>(message_bytes_max));
  }
  return server;
}

bool FixServer::Handle(int64_t now_ns, Peer& of) {
  FixPeer& peer = static_cast<FixPeer&>(of);
  if (peer.standing == nullptr) return LogOn(now_ns, peer);
  const bool worked = peer.Feed(now_ns);
  const fix::Session& session = peer.member().session();
  // What had arrived before it was gone counts.
  const bool over = peer.gone && !worked && !peer.waits;
  if (over || session.state() == SessionState::kClosing) Leave(now_ns, peer, ReasonOf(session));
  return worked;
}

bool FixServer::LogOn(int64_t now_ns, FixPeer& peer) {
  const fix::LogonPeek peek = fix::PeekLogon(peer.input(), peer.buffer.size() / 2);
  if (peek.kind == fix::LogonPeek::Kind::kIncomplete) {
    if (peer.gone) Leave(now_ns, peer, "the other end closed it");
    return false;
  }
  if (peek.kind == fix::LogonPeek::Kind::kNoLogon) {
    Leave(now_ns, peer, "its first message is no Logon");
    return true;
  }
  FixStanding* standing = nullptr;
  for (const auto& each : standings()) {
    auto& known = static_cast<FixStanding&>(*each);
    const fix::SessionConfig& config = known.member.session().config();
    if (known.listener == peer.listener && peek.sender_comp_id == config.target_comp_id &&
        peek.target_comp_id == config.sender_comp_id &&
        peek.begin_string == fix::BeginStringOf(config.version)) {
      standing = &known;
    }
  }
  if (standing == nullptr) {
    const auto shown = [](std::string_view value) { return std::string(value.substr(0, 32)); };
    Refuse(now_ns, peer, nullptr,
           absl::StrCat("no member here has BeginString (8) ", shown(peek.begin_string),
                        ", SenderCompID (49) ", shown(peek.sender_comp_id),
                        " and TargetCompID (56) ", shown(peek.target_comp_id)));
    return true;
  }
  if (standing->peer != nullptr &&
      standing->member.session().state() == SessionState::kLogoutAnswered) {
    Leave(now_ns, *standing->peer, ReasonOf(standing->member.session()));
  }
  if (!Seat(now_ns, peer, *standing)) {
    Refuse(now_ns, peer, standing, "it is logged on already");
    return true;
  }
  FixMember& member = standing->member;
  const uint64_t next_in = member.session().numbers().next_in;
  member.Connect(now_ns);
  peer.Feed(now_ns);
  if (!member.logged_on()) {
    const std::string why(ReasonOf(member.session()));
    Leaving(peer);
    Unseat(peer);
    Refuse(now_ns, peer, standing, why);
    return true;
  }
  LoggedOn(peer, absl::StrCat("its number ", next_in, " was expected"));
  if (member.session().state() == SessionState::kClosing) {
    Leave(now_ns, peer, ReasonOf(member.session()));
  }
  return true;
}

void FixServer::Refuse(int64_t now_ns, FixPeer& peer, Standing* standing, std::string_view why) {
  Refused(peer, standing, why);
  Leave(now_ns, peer, why);
}

void FixServer::Tick(int64_t now_ns, Peer& of) {
  FixPeer& peer = static_cast<FixPeer&>(of);
  if (peer.standing == nullptr) {
    constexpr int64_t kLogonTimeoutNs = 10 * kNsPerS;
    if (now_ns - peer.accepted_ns >= kLogonTimeoutNs) Leave(now_ns, peer, "no Logon in time");
    return;
  }
  peer.member().Tick(now_ns);
  const fix::Session& session = peer.member().session();
  if (session.state() == SessionState::kClosing) Leave(now_ns, peer, ReasonOf(session));
}

// The last words are a Logout; what the socket does not take of it is lost.
void FixServer::Leaving(Peer& of) {
  FixPeer& peer = static_cast<FixPeer&>(of);
  if (const std::span<const std::byte> output = peer.Output(); !output.empty() && !peer.gone) {
    static_cast<void>(peer.stream->Write(output));
  }
  peer.member().Disconnected();
}

}  // namespace ringway::exchange
