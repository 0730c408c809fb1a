#include "exchange/member_server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/printable.h"
#include "transport/stream/stream_options.h"

namespace ringway::exchange {
namespace {

// How long a client has to take the last words and to close.
constexpr int64_t kLingerNs = kNsPerS;

}  // namespace

MemberServer::MemberServer(const char* protocol, const MemberServerOptions& options)
    : protocol_(protocol), options_(options), log_(options.report) {}

MemberServer::~MemberServer() {
  for (const auto& peer : peers_) Close(*peer);
}

absl::Status MemberServer::AddStanding(std::unique_ptr<Standing> standing,
                                       const std::string& address, std::size_t members) {
  const auto known = std::ranges::find(listeners_, address, &Listener::asked_for);
  standing->listener = static_cast<uint32_t>(known - listeners_.begin());
  if (known == listeners_.end()) {
    StreamListenOptions listen;
    listen.address = address;
    // All members may be on one host, which must not take the places of all guests.
    listen.per_source_max = static_cast<uint32_t>(members) + kGuestsMax / 2;
    absl::StatusOr<std::unique_ptr<StreamListener>> tcp =
        StreamListener::Listen(listen, options_.report);
    if (!tcp.ok()) return tcp.status();
    if (options_.watch) {
      if (absl::Status status = options_.watch((*tcp)->ready_fd()); !status.ok()) return status;
    }
    listeners_.push_back({*std::move(tcp), address});
  }
  standings_.push_back(std::move(standing));
  return absl::OkStatus();
}

std::vector<std::string> MemberServer::Addresses() const {
  std::vector<std::string> lines;
  for (uint32_t i = 0; i != listeners_.size(); ++i) {
    std::vector<std::string> users;
    for (const auto& standing : standings_) {
      if (standing->listener == i) users.push_back(standing->user);
    }
    lines.push_back(absl::StrCat(listeners_[i].tcp->address().Text(), " for ", protocol_,
                                 users.size() == 1 ? " member " : " members ",
                                 absl::StrJoin(users, ", ")));
  }
  return lines;
}

bool MemberServer::DoWork(int64_t now_ns) {
  now_ns_ = now_ns;
  bool worked = false;
  for (uint32_t i = 0; i != listeners_.size() && !stopping_; ++i) {
    while (AcceptFrom(now_ns, i)) worked = true;
  }
  for (const auto& peer : peers_) {
    if (peer->stream != nullptr) worked |= Serve(now_ns, *peer);
  }
  for (const auto& standing : standings_) worked |= standing->DoWork(now_ns);
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

bool MemberServer::Arm() const noexcept {
  return std::ranges::none_of(peers_, [](const auto& peer) {
    return peer->stream != nullptr && (peer->waits || !peer->Output().empty() || peer->has_more());
  });
}

void MemberServer::Stop() {
  stopping_ = true;
  for (const auto& standing : standings_) standing->EndSession();
  for (const auto& peer : peers_) {
    if (peer->stream != nullptr && peer->standing == nullptr) Close(*peer);
  }
}

bool MemberServer::idle() const noexcept {
  return stopping_ && std::ranges::all_of(standings_, [](const auto& e) { return e->ended(); }) &&
         std::ranges::all_of(peers_, [](const auto& peer) { return peer->stream == nullptr; });
}

bool MemberServer::AcceptFrom(int64_t now_ns, uint32_t listener) {
  std::unique_ptr<ByteStream> stream = listeners_[listener].tcp->TryAccept();
  if (stream == nullptr) return false;
  Peer& peer = *FreePeer();
  if (options_.watch) {
    if (absl::Status status = options_.watch(stream->fd()); !status.ok()) {
      Say(absl::StrCat("a connection for ", protocol_,
                       " cannot wake the exchange: ", status.ToString()));
    }
  }
  peer.stream = std::move(stream);
  peer.listener = listener;
  peer.accepted_ns = now_ns;
  peer.Connected(now_ns);
  return true;
}

// There are more places than members, so that a guest can always make room.
MemberServer::Peer* MemberServer::FreePeer() {
  Peer* oldest = nullptr;
  for (const auto& peer : peers_) {
    if (peer->stream == nullptr) return peer.get();
    if (peer->standing != nullptr) continue;
    if (oldest == nullptr || peer->accepted_ns < oldest->accepted_ns) oldest = peer.get();
  }
  Close(*oldest);
  return oldest;
}

bool MemberServer::Serve(int64_t now_ns, Peer& peer) {
  bool worked = false;
  if (!peer.gone) {
    std::array<std::byte, 4096> ignored;
    const std::span<std::byte> room = peer.leaving_ns != 0 ? ignored : peer.InputRoom();
    if (!room.empty()) {
      const StreamIo io = peer.stream->Read(room);
      worked = io.status == StreamStatus::kOk;
      if (worked && peer.leaving_ns == 0) peer.Received(io.bytes);
      peer.gone = !worked && io.status != StreamStatus::kWouldBlock;
    }
  }
  if (peer.leaving_ns != 0) return worked;
  peer.waits = false;
  return Handle(now_ns, peer) || worked;
}

bool MemberServer::Write(int64_t now_ns, Peer& peer) {
  bool worked = peer.standing != nullptr && Fill(now_ns, peer);
  if (const std::span<const std::byte> output = peer.Output(); !output.empty()) {
    const StreamIo io = peer.stream->Write(output);
    if (io.status == StreamStatus::kOk) {
      peer.Sent(io.bytes);
      peer.stuck_ns = 0;
      worked = true;
    } else if (io.status == StreamStatus::kWouldBlock) {
      if (peer.stuck_ns == 0) peer.stuck_ns = now_ns;
    } else {
      peer.gone = true;
      Leave(now_ns, peer, peer.Broken());
      Close(peer);
      return true;
    }
  }
  if (peer.leaving_ns == 0) return worked;
  // Closed at once, the last words could be lost with what the client still sends.
  if (peer.Output().empty() && !std::exchange(peer.writes_ended, true)) peer.stream->EndWrites();
  if ((peer.gone && peer.writes_ended) || now_ns - peer.leaving_ns > kLingerNs) Close(peer);
  return worked;
}

void MemberServer::Maintain(int64_t now_ns, Peer& peer) {
  if (peer.leaving_ns != 0) return;
  Tick(now_ns, peer);
  if (peer.standing == nullptr || peer.stuck_ns == 0) return;
  if (now_ns - peer.stuck_ns <= peer.standing->slow_after_ns) return;
  Leave(now_ns, peer,
        absl::StrCat("it took nothing for ", peer.standing->slow_after_ns / kNsPerMs, " ms"));
  Close(peer);
}

bool MemberServer::Seat(int64_t now_ns, Peer& peer, Standing& standing) {
  // Its end may have arrived, but not been read.
  if (standing.peer != nullptr) Serve(now_ns, *standing.peer);
  if (standing.peer != nullptr) return false;
  standing.peer = &peer;
  peer.standing = &standing;
  return true;
}

void MemberServer::Unseat(Peer& peer) noexcept {
  peer.standing->peer = nullptr;
  peer.standing = nullptr;
}

void MemberServer::Refused(Peer& peer, Standing* standing, std::string_view why) {
  peer.refused = true;
  bool& told = standing == nullptr ? stranger_told_ : standing->refusal_told;
  if (std::exchange(told, true)) return;
  Say(absl::StrCat(standing == nullptr ? protocol_ : standing->name, ": a login from ",
                   peer.stream->peer().address, " is refused: ", Printable(why)));
}

void MemberServer::LoggedOn(Peer& peer, std::string_view how) {
  peer.standing->refusal_told = stranger_told_ = false;
  Say(absl::StrCat(peer.standing->name, ": logged on from ", peer.stream->peer().address, ", ",
                   std::string(how)));
}

void MemberServer::Leave(int64_t now_ns, Peer& peer, std::string_view why) {
  if (peer.leaving_ns != 0) return;
  const std::string reason = Printable(why);
  peer.leaving_ns = now_ns;
  peer.waits = false;
  if (peer.standing != nullptr) Leaving(peer);
  if (Standing* standing = std::exchange(peer.standing, nullptr); standing != nullptr) {
    standing->peer = nullptr;
    Say(absl::StrCat(standing->name, ": its connection has ended: ", reason));
    if (standing->cancel_on_disconnect && standing->open_orders() != 0) standing->CancelOrders();
  } else if (!peer.refused && !std::exchange(stranger_told_, true)) {
    Say(absl::StrCat(protocol_, ": a connection from ", peer.stream->peer().address,
                     " has ended without a login: ", reason));
  }
}

void MemberServer::Close(Peer& peer) {
  if (peer.stream == nullptr) return;
  if (peer.standing != nullptr) peer.standing->peer = nullptr;
  listeners_[peer.listener].tcp->Discard(std::move(peer.stream));
  peer.standing = nullptr;
  peer.leaving_ns = peer.stuck_ns = 0;
  peer.gone = peer.waits = peer.refused = peer.writes_ended = false;
}

}  // namespace ringway::exchange
