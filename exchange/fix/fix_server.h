// FixServer: serves members that speak FIX 4.2, 4.4 or 5.0 SP2 (FIXT.1.1), beside those that come
// over links (exchange_server.h). exchange/member_server.h says what holds for its connections.
//
// Its first message, a Logon, says which member a connection is of: by BeginString and CompIDs,
// among the members of that address. A connection that names none, or has a wrong password, or
// whose member is connected already, ends without an answer, as FIX wants it; one whose Logon is
// wrong in another way gets a Logout that says why.
//
// Thread rule: one thread, the exchange's; nothing here waits. Lifetime: the exchange outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "exchange/fix/fix_config.h"
#include "exchange/matching.h"
#include "exchange/member_server.h"
#include "schema/instrument.h"

namespace ringway::exchange {

class FixServer final : public MemberServer {
 public:
  // Admits the members and listens. Errors: the exchange has no room for a member, a password file,
  // an address that cannot be listened at. REQUIRES: CheckFixMembers() found nothing.
  static absl::StatusOr<std::unique_ptr<FixServer>> Create(
      Exchange& exchange, const std::vector<FixMemberConfig>& members,
      const std::vector<InstrumentConfig>& instruments, const MemberServerOptions& options);

 private:
  struct FixStanding;
  struct FixPeer;

  explicit FixServer(const MemberServerOptions& options) : MemberServer("FIX", options) {}

  bool Handle(int64_t now_ns, Peer& peer) override;
  bool Fill(int64_t, Peer&) override { return false; }  // the member's turn does
  void Tick(int64_t now_ns, Peer& peer) override;
  void Leaving(Peer& peer) override;

  bool LogOn(int64_t now_ns, FixPeer& peer);
  void Refuse(int64_t now_ns, FixPeer& peer, Standing* standing, std::string_view why);
};

}  // namespace ringway::exchange
