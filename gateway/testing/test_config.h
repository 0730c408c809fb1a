// Configurations of gateways for tests, as structs; PrintConfig() makes files of them.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/config/config.h"
#include "msg/auth.h"

namespace ringway {

// A small gateway that needs no privilege: it listens at FOLDER/gateway.sock, operators at
// FOLDER/admin.sock; instrument 1 at 100, account 1, and as venue 1 the exchange inside it.
GatewayConfig TestConfig(const std::string& folder);

InstrumentConfig TestInstrument(uint32_t id);
// The smallest segments that can be configured.
JournalConfig TestJournal(const std::string& directory);
// A venue that is an exchange's program.
GatewayVenueConfig ExchangeLink(VenueId id, const std::string& uri, uint32_t member_id = 1);
// Its key file is FOLDER/ID.key.
GatewaySessionConfig TestSession(uint32_t id, uint32_t account, const std::string& folder);

// Turns off what keeps a strategy from sending much.
void LiftLimits(AccountLimits& limits);
void LiftLimits(SessionLimits& limits);

// The key of a session of a test, a byte repeated, and what its key file holds.
SessionKey TestKey(uint32_t session);
std::string TestKeyText(uint32_t session);

}  // namespace ringway
