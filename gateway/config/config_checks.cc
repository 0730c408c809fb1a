// Checks the parts of a configuration against each other.
#include "gateway/config/config_checks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/core/trading_calendar.h"
#include "gateway/risk/notional_factor.h"
#include "schema/instrument.h"
#include "transport/link_limits.h"
#include "transport/uri.h"

namespace ringway {
namespace {

class Checker {
 public:
  Checker(const GatewayConfig& config, ConfigFindings& findings)
      : config_(config), findings_(findings) {}

  void Run() {
    CheckListen();
    CheckLink();
    CheckWait();
    CheckInstruments(config_.instruments, findings_);
    for (std::size_t i = 0; i < config_.instruments.size(); ++i) CheckInstrument(i);
    CheckCounts();
    CheckIds("desk", config_.desks, [](const auto& d) { return d.id; });
    CheckIds("account", config_.accounts, [](const auto& a) { return a.id; });
    CheckIds("profile", config_.profiles, [](const auto& p) { return uint32_t{p.id}; });
    CheckIds("session", config_.sessions, [](const auto& s) { return s.engine.id; });
    CheckIds("venue", config_.venues, [](const auto& v) { return uint32_t{v.engine.id}; });
    for (std::size_t i = 0; i < config_.accounts.size(); ++i) CheckAccount(i);
    for (std::size_t i = 0; i < config_.desks.size(); ++i) {
      CheckDaily(At("desk", i) + ".limits", HasDaily(config_.desks[i].limits));
    }
    CheckDaily("firm.limits", HasDaily(config_.firm.limits));
    for (std::size_t i = 0; i < config_.instrument_limits.size(); ++i) CheckInstrumentLimit(i);
    for (std::size_t i = 0; i < config_.sessions.size(); ++i) CheckSession(i);
    for (std::size_t i = 0; i < config_.venues.size(); ++i) CheckVenue(i);
    CheckRouting();
  }

 private:
  using Ids = std::set<uint32_t>;

  static uint64_t Magnitude(int64_t price) {
    return price < 0 ? 0 - static_cast<uint64_t>(price) : static_cast<uint64_t>(price);
  }

  static std::string At(std::string_view key, std::size_t index) {
    return std::string(key) + "[" + std::to_string(index) + "]";
  }
  void Add(const std::string& key, std::string what, std::string remedy) {
    findings_.AddAt(key, std::move(what), std::move(remedy));
  }

  template <class T, class F>
  void CheckIds(std::string_view key, const std::vector<T>& items, F id_of) {
    std::map<uint32_t, std::size_t> first;
    Ids& ids = ids_[std::string(key)];
    for (std::size_t i = 0; i < items.size(); ++i) {
      const uint32_t id = id_of(items[i]);
      if (id == 0) continue;  // missing or wrong: reported already
      ids.insert(id);
      const auto [at, is_new] = first.emplace(id, i);
      if (is_new) continue;
      Add(At(key, i) + ".id",
          "number " + std::to_string(id) + " is taken by " + At(key, at->second),
          "give every " + std::string(key) + " its own");
    }
  }

  void CheckKnown(const std::string& at, std::string_view kind, uint32_t id) {
    if (ids_[std::string(kind)].contains(id)) return;
    Add(at, "there is no " + std::string(kind) + " " + std::to_string(id),
        "add a [[" + std::string(kind) + "]] with this id, or correct the number");
  }
  template <class T>
  void CheckAllKnown(const std::string& at, std::string_view kind, const std::vector<T>& ids) {
    Ids seen;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      CheckKnown(At(at, i), kind, ids[i]);
      if (seen.insert(ids[i]).second) continue;
      Add(At(at, i), std::string(kind) + " " + std::to_string(ids[i]) + " is there twice",
          "remove one of them");
    }
  }

  void CheckUri(const std::string& at, const std::string& text) {
    const absl::StatusOr<Uri> uri = ParseUri(text);
    if (uri.ok()) return;
    Add(at, std::string(uri.status().message()),
        "write for example \"shm:/run/ringway/gateway.sock\"");
  }

  void CheckListen() {
    if (config_.listen.empty()) {
      Add("listen", "the gateway listens nowhere",
          "write listen = [\"shm:/run/ringway/gateway.sock\"]");
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < config_.listen.size(); ++i) {
      CheckUri(At("listen", i), config_.listen[i]);
      const absl::StatusOr<Uri> uri = ParseUri(config_.listen[i]);
      // However the path is spelt: "/run/./x" is "/run/x".
      const std::string place = uri.ok() && !uri->path.empty()
                                    ? std::filesystem::path(uri->path).lexically_normal().string()
                                    : config_.listen[i];
      if (!seen.insert(place).second) {
        Add(At("listen", i), "\"" + config_.listen[i] + "\" is there twice", "remove one of them");
      }
    }
    if (config_.admin.socket.size() > kSocketPathBytesMax) {
      Add("admin.socket",
          "the path is longer than " + std::to_string(kSocketPathBytesMax) + " bytes",
          "choose a shorter one");
    }
  }

  void CheckLink() {
    const LinkOptions& link = config_.link;
    if (!std::has_single_bit(link.ring_bytes)) {
      Add("link.ring_bytes", std::to_string(link.ring_bytes) + " bytes are not a power of two",
          "write for example \"256KiB\"");
    }
    if (link.payload_bytes_max > PayloadBytesMaxOf(link.ring_bytes)) {
      Add("link.payload_bytes_max", "it is more than a quarter of ring_bytes less 16 bytes",
          "make the ring larger or the payload smaller");
    }
    if (link.dead_after_ns < link.heartbeat_interval_ns * link.suspect_after_missed) {
      Add("link.dead_after",
          "a peer would be dead before it is suspect (heartbeat_interval * suspect_after_missed)",
          "write a longer time");
    }
  }

  void CheckWait() {
    const WaitOptions& wait = config_.wait;
    if (wait.park_limit_uncertain_ns > wait.park_limit_ns) {
      Add("wait.park_limit_uncertain", "it is longer than park_limit", "write a shorter time");
    }
    if (wait.park_limit_ns >= config_.link.heartbeat_interval_ns) {
      Add("wait.park_limit", "a sleep this long would miss heartbeats (link.heartbeat_interval)",
          "write a shorter time");
    }
  }

  void AtLeastOne(std::string_view key, std::size_t count) {
    if (count != 0) return;
    Add(std::string(key), "there is none", "add at least one [[" + std::string(key) + "]]");
  }

  void CheckCounts() {
    AtLeastOne("account", config_.accounts.size());
    AtLeastOne("session", config_.sessions.size());
    AtLeastOne("venue", config_.venues.size());
    if (config_.sessions.size() > kSessionsMax) {
      Add(At("session", kSessionsMax),
          "there are more than " + std::to_string(kSessionsMax) + " sessions",
          "run a second gateway for the others");
    }
    if (config_.venues.size() > kVenuesMax) {
      Add(At("venue", kVenuesMax), "there are more than " + std::to_string(kVenuesMax) + " venues",
          "run a second gateway for the others");
    }
  }

  void CheckInstrument(std::size_t index) {
    const InstrumentConfig& i = config_.instruments[index];
    const std::string at = At("instrument", index) + ".";
    if (i.id != 0) ids_["instrument"].insert(i.id);
    const auto span =
        static_cast<uint64_t>(i.price_max) + Magnitude(std::min<int64_t>(i.price_min, 0));
    if (span / static_cast<uint64_t>(i.tick) >= kTicksMax) {
      Add(at + "price_max", "there are too many ticks below it (2^36 or more)",
          "write a lower price_max, a higher price_min or a larger tick");
    }
    CheckNotional(i, at);
  }

  void CheckNotional(const InstrumentConfig& i, const std::string& at) {
    switch (NotionalFactor::Of(i).FindError(i)) {
      case NotionalFactor::Error::kNone:
        return;
      case NotionalFactor::Error::kTooManyPlaces:
        Add(at + "units_per_price",
            "currency_rate * contract_multiplier / units_per_price has too many places for orders "
            "of this size",
            "write a power of ten, a currency_rate with fewer decimal places, or a lower "
            "quantity_max");
        return;
      case NotionalFactor::Error::kTooValuable:
        if (Money{i.price_max} >= -Money{i.price_min} || i.inverse) {
          Add(at + "quantity_max",
              "an order of this quantity at price_max would be worth 1e12 or more",
              "write a lower quantity_max or price_max");
        } else {
          Add(at + "quantity_max",
              "an order of this quantity at price_min would be worth 1e12 or more",
              "write a lower quantity_max or a higher price_min");
        }
        return;
    }
  }

  void CheckAccount(std::size_t index) {
    const AccountConfig& account = config_.accounts[index];
    CheckAllKnown(At("account", index) + ".restricted", "instrument", account.restricted);
    if (account.desk != 0) CheckKnown(At("account", index) + ".desk", "desk", account.desk);
    const AccountLimits& limits = account.limits;
    CheckDaily(At("account", index) + ".limits",
               limits.daily_bought_max != kNoLimit || limits.daily_sold_max != kNoLimit ||
                   limits.daily_turnover_max != kNoLimit || limits.daily_loss_max != kNoLimit);
  }

  static bool HasDaily(const GroupLimits& limits) {
    return limits.daily_turnover_max != kNoLimit || limits.daily_loss_max != kNoLimit;
  }

  void CheckDaily(const std::string& path, bool limited) {
    const bool days = std::any_of(config_.venues.begin(), config_.venues.end(),
                                  [](const auto& venue) { return !venue.trading_day.empty(); });
    if (!limited || days) return;
    Add(path, "without a trading_day at any venue a daily limit would never begin anew",
        "write trading_day for a venue, or turn the daily limits off");
  }

  void CheckInstrumentLimit(std::size_t index) {
    const InstrumentLimitConfig& limit = config_.instrument_limits[index];
    const std::string at = At("instrument_limit", index);
    CheckKnown(at + ".instrument", "instrument", limit.instrument);
    if (limit.account != 0) CheckKnown(at + ".account", "account", limit.account);
    if (limit.desk != 0) CheckKnown(at + ".desk", "desk", limit.desk);
    if (limit.account != 0 && limit.desk != 0) {
      Add(at + ".desk", "the limit already is that of account " + std::to_string(limit.account),
          "remove one of them, or write two limits");
    }
    if (limit.quantity_max == kNoLimit && limit.notional_max == kNoLimit &&
        limit.position_max == kNoLimit) {
      Add(at, "it limits nothing", "set quantity_max, notional_max or position_max, or remove it");
    }
    const std::array<uint32_t, 3> what{limit.instrument, limit.account, limit.desk};
    if (const auto [first, is_new] = instrument_limits_.emplace(what, index); !is_new) {
      Add(at, "it is about the same as " + At("instrument_limit", first->second),
          "make one of the two");
    }
  }

  void CheckSession(std::size_t index) {
    const GatewaySessionConfig& session = config_.sessions[index];
    const std::string at = At("session", index) + ".";
    CheckAllKnown(at + "accounts", "account", session.engine.accounts);
    CheckAllKnown(at + "instruments", "instrument", session.engine.instruments);
    CheckAllKnown(at + "venues", "venue", session.engine.venues);
    CheckAllKnown(at + "profiles", "profile", session.engine.profiles);
    CheckDefaultProfile(at + "default_profile", session.engine);
    CheckDaily(at + "limits", session.engine.limits.daily_turnover_max != kNoLimit);
    if (session.engine.accounts.empty()) {
      Add(at + "accounts", "the session has no account, so it could send no order",
          "write for example [1]");
    }
    if (session.send_after == SendAfter::kDurable && config_.journal.directory.empty()) {
      Add(at + "send_after", "without a journal nothing is ever durable",
          "write journal.directory, or send_after = \"memory\"");
    }
    const SessionLimits& limits = session.engine.limits;
    if (limits.cancel_reserve >= limits.message_burst) {
      Add(at + "limits.cancel_reserve",
          std::to_string(limits.cancel_reserve) + " leaves nothing of message_burst, " +
              std::to_string(limits.message_burst) + ", for orders",
          "write less than message_burst");
    }
    if (session.key_file.empty()) return;
    if (const auto [first, is_new] = key_files_.emplace(session.key_file, index); !is_new) {
      Add(at + "key_file",
          "it is also the key of " + At("session", first->second) +
              ", who could log on as this one",
          "make another with `ringway keygen FILE`");
    }
  }

  void CheckDefaultProfile(const std::string& at, const EngineSessionConfig& session) {
    const uint8_t profile = session.default_profile;
    if (profile == 0) return;
    CheckKnown(at, "profile", profile);
    const auto& permitted = session.profiles;
    if (!permitted.empty() &&
        std::find(permitted.begin(), permitted.end(), profile) == permitted.end()) {
      Add(at, "profile " + std::to_string(profile) + " is not among the session's profiles",
          "add it to profiles, or name one of them");
    }
  }

  void CheckInstructions(const GatewayVenueConfig& venue, const std::string& at) {
    const FeatureSet known_there =
        std::visit([](const auto& kind) { return kind.kFeatures; }, venue.kind);
    for (std::size_t i = 0; i < venue.instructions.size(); ++i) {
      const std::string& name = venue.instructions[i];
      const std::optional<Feature> feature = FeatureNamed(name);
      if (!feature) {
        std::string known;
        for (const std::string_view one : kFeatureNames) {
          known += (known.empty() ? "\"" : ", \"") + std::string(one) + "\"";
        }
        Add(At(at + "instructions", i), "there is no instruction \"" + name + "\"",
            "write some of " + known);
      } else if ((BitOf(*feature) & known_there) == 0) {
        Add(At(at + "instructions", i), "the exchange does not know \"" + name + "\"",
            "remove it: orders that ask for it are refused here");
      }
    }
  }

  void CheckVenue(std::size_t index) {
    const GatewayVenueConfig& venue = config_.venues[index];
    const std::string at = At("venue", index) + ".";
    CheckTradingDay(venue, at);
    CheckInstructions(venue, at);
    const VenueContext context = ContextOf(config_, venue);
    for (VenueFault& fault :
         std::visit([&](const auto& kind) { return kind.Faults(context); }, venue.kind)) {
      Add(at + fault.key, std::move(fault.what), std::move(fault.remedy));
    }
  }

  void CheckTradingDay(const GatewayVenueConfig& venue, const std::string& at) {
    if (!venue.trading_day.empty()) {
      const auto calendar = TradingCalendar::Parse(venue.trading_day);
      if (calendar.ok()) return;
      const std::string fault(calendar.status().message());
      const std::size_t cut = fault.rfind("; ");
      Add(at + "trading_day", fault.substr(0, cut), fault.substr(cut + 2));
    } else if (venue.engine.overdue_orders != OverdueOrders::kAsk) {
      Add(at + "overdue_orders", "without a trading_day no order is overdue",
          "write trading_day too, or remove this");
    }
  }

  void CheckPair(const std::string& at, std::string_view venue_key, VenueId venue,
                 std::string_view fallback_key, VenueId fallback) {
    if (venue != 0) CheckKnown(at + std::string(venue_key), "venue", venue);
    if (fallback == 0) return;
    CheckKnown(at + std::string(fallback_key), "venue", fallback);
    if (fallback == venue) {
      Add(at + std::string(fallback_key), "it is the venue that it should replace",
          "name another, or 0 for none");
    } else if (venue == 0) {
      Add(at + std::string(fallback_key), "there is no venue that it could replace",
          "set " + std::string(venue_key) + " too");
    }
  }

  void CheckRouting() {
    for (std::size_t i = 0; i < config_.routes.size(); ++i) {
      const RouteConfig& route = config_.routes[i];
      const std::string at = At("route", i) + ".";
      if (route.instrument != 0) CheckKnown(at + "instrument", "instrument", route.instrument);
      if (route.account != 0) CheckKnown(at + "account", "account", route.account);
      if (route.session != 0) CheckKnown(at + "session", "session", route.session);
      if (route.venue != 0) CheckPair(at, "venue", route.venue, "fallback", route.fallback);
    }
    CheckPair("routing.", "default_venue", config_.routing.default_venue, "default_fallback",
              config_.routing.default_fallback);
  }

  const GatewayConfig& config_;
  ConfigFindings& findings_;
  std::map<std::string, Ids> ids_;
  std::map<std::string, std::size_t> key_files_;
  std::map<std::array<uint32_t, 3>, std::size_t> instrument_limits_;
};

}  // namespace

void CheckConfig(const GatewayConfig& config, ConfigFindings& findings) {
  Checker(config, findings).Run();
}

}  // namespace ringway
