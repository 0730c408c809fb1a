// Implements gateway_config.h: the configuration's text.
#include "tests/e2e/kills/gateway_config.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/e2e/kills/market.h"

namespace ringway::kills {
namespace {

constexpr const char* kGateway = R"(listen = ["GATEWAY"]
[admin]
socket = ""
[host]
lock_memory = false
[journal]
allow_volatile = true
directory = "JOURNAL"
segment_bytes = "SEGMENT"
snapshot_bytes = "8MiB"
sync_interval = "2ms"
[link]
huge_pages = false
[pools]
orders_max = 100000
positions_max = 1000
executions_remembered = 100000
[routing]
default_venue = 1
default_fallback = 2
)";

constexpr const char* kVenue = R"([[venue]]
id = VENUE
connector = "exchange-link"
uri = "EXCHANGE"
member_id = MEMBER
)";

constexpr const char* kInstrument = R"([[instrument]]
id = INSTRUMENT
symbol = "SINSTRUMENT"
price_max = 10000
quantity_max = 1000000
reference_price = 100
reference_age_max = "off"
)";

constexpr const char* kSession = R"([[account]]
id = ACCOUNT
[account.limits]
quantity_max = "off"
notional_max = "off"
position_max = "off"
gross_notional_max = "off"
self_match_prevention = false
[[session]]
id = SESSION
key_file = "KEY"
accounts = [ACCOUNT]
cancel_on_disconnect = "off"
[session.limits]
collar_bps = "off"
messages_per_second = "off"
duplicate_orders_max = "off"
)";

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace

std::string WriteGatewayConfig(const GatewayFiles& files) {
  std::string text =
      absl::StrReplaceAll(kGateway, {{"GATEWAY", GatewayUri(files.folder)},
                                     {"JOURNAL", files.journal},
                                     {"SEGMENT", files.small_segments ? "4MiB" : "32MiB"}});
  for (uint32_t venue = 1; venue <= kVenues; ++venue) {
    text += absl::StrReplaceAll(kVenue, {{"VENUE", absl::StrCat(venue)},
                                         {"EXCHANGE", ExchangeUri(files.folder, venue)},
                                         {"MEMBER", absl::StrCat(kMember)}});
  }
  for (uint32_t i = 0; i != kInstruments; ++i) {
    text += absl::StrReplaceAll(kInstrument, {{"INSTRUMENT", absl::StrCat(kFirstInstrument + i)}});
  }
  for (uint32_t session = 1; session <= files.sessions; ++session) {
    const std::string key = absl::StrCat(files.folder, "/", session, ".key");
    std::string hex;  // as KeyOf()
    for (size_t i = 0; i != SessionKey::kBytesMin; ++i) {
      absl::StrAppend(&hex, absl::Hex(session, absl::kZeroPad2));
    }
    Write(key, hex + "\n");
    text += absl::StrReplaceAll(kSession, {{"ACCOUNT", absl::StrCat(kFirstAccount + session - 1)},
                                           {"SESSION", absl::StrCat(session)},
                                           {"KEY", key}});
  }
  std::string path = files.folder + "/gateway.toml";
  Write(path, text);
  return path;
}

}  // namespace ringway::kills
