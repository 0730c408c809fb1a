// OuchServer: serves members that speak OUCH over SoupBinTCP, beside those that come over links
// (exchange_server.h). exchange/member_server.h says what holds for its connections.
//
// One session of SoupBinTCP for each member, as long as the exchange runs: its name is that of the
// exchange's start, because an exchange that starts again knows nothing of it. A client that comes
// back asks for the number after the last message that it processed, and gets all that follow.
//
// While a member's connection is alive another login is refused (J S), and likewise one that asks
// for another session or for a number that there is not; an unknown user or a wrong password is
// J A. A message that no answer can name ends the connection with a debug packet that says why.
//
// Thread rule: one thread, the exchange's; nothing here waits. Lifetime: the exchange outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "exchange/matching.h"
#include "exchange/member_server.h"
#include "exchange/ouch/ouch_config.h"
#include "protocol/soup/packet.h"
#include "schema/instrument.h"

namespace ringway::exchange {

class OuchServer final : public MemberServer {
 public:
  // Admits the members and listens. Errors: the exchange has no room for a member, a password file,
  // an address that cannot be listened at. REQUIRES: CheckOuchMembers() found nothing.
  static absl::StatusOr<std::unique_ptr<OuchServer>> Create(
      Exchange& exchange, const std::vector<OuchMemberConfig>& members,
      const std::vector<InstrumentConfig>& instruments, const MemberServerOptions& options,
      int64_t now_ns);

 private:
  struct OuchStanding;
  struct OuchPeer;
  class Sink;

  explicit OuchServer(const MemberServerOptions& options);

  bool Handle(int64_t now_ns, Peer& peer) override;
  bool Fill(int64_t now_ns, Peer& peer) override;
  void Tick(int64_t now_ns, Peer& peer) override;

  void LogIn(OuchPeer& peer, const soup::LoginRequest& login);
  void RefuseLogin(OuchPeer& peer, Standing* standing, soup::RejectReason reason, const char* why);

  soup::SessionId session_;
};

}  // namespace ringway::exchange
