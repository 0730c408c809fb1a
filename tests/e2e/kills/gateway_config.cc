// Implements gateway_config.h: the configuration's text.
#include "tests/e2e/kills/gateway_config.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "gateway/config/config.h"
#include "gateway/testing/test_config.h"
#include "tests/e2e/kills/market.h"

namespace ringway::kills {

std::string WriteGatewayConfig(const GatewayFiles& files) {
  GatewayConfig config = TestConfig(files.folder);
  config.listen = {GatewayUri(files.folder)};
  config.admin.socket = AdminSocket(files.folder);
  config.host.wait = WaitPolicy::kAuto;
  config.journal = TestJournal(files.journal);
  if (!files.small_segments) config.journal.segment_bytes = 32u << 20;
  config.journal.snapshot_bytes = 8u << 20;
  config.journal.sync_interval_ns = 2 * kNsPerMs;
  SetLink(config.link);
  config.pools = {.orders_max = 100'000, .positions_max = 1'000, .executions_remembered = 100'000};
  config.routing.default_fallback = 2;
  config.venues.clear();
  for (uint32_t venue = 1; venue <= kVenues; ++venue) {
    config.venues.push_back(
        ExchangeLink(static_cast<VenueId>(venue), ExchangeUri(files.folder, venue), kMember));
  }
  config.instruments.clear();
  for (uint32_t i = 0; i != kInstruments; ++i) {
    config.instruments.push_back(TestInstrument(kFirstInstrument + i));
    config.instruments.back().price_max = 10'000 * kNsPerS;
    config.instruments.back().reference_age_max_ns = 0;
  }
  config.accounts.clear();
  for (uint32_t id = 1; id <= files.sessions; ++id) {
    AccountConfig& account = config.accounts.emplace_back();
    account.id = kFirstAccount + id - 1;
    LiftLimits(account.limits);
    account.limits.self_match_prevention = false;
    GatewaySessionConfig& session =
        config.sessions.emplace_back(TestSession(id, account.id, files.folder));
    LiftLimits(session.engine.limits);
    const absl::Status written = WritePrivateFile(session.key_file, TestKeyText(id));
    RINGWAY_CHECK(written.ok(), "temporary folders can be written");
  }
  std::string path = files.folder + "/gateway.toml";
  const absl::Status written = WritePrivateFile(path, PrintConfig(config));
  RINGWAY_CHECK(written.ok(), "temporary folders can be written");
  return path;
}

}  // namespace ringway::kills
