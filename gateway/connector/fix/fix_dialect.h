// FixDialect: how a venue speaks FIX, beyond what the standard says: a file of its own, which
// several venues and gateways can share.
//
// Plain data with defaults; LoadFixDialect() reads and checks it. Thread rule: set-up code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/config_document.h"
#include "base/config/config_reader.h"
#include "protocol/fix/session_config.h"
#include "protocol/fix/values.h"
#include "protocol/fix/writer.h"
#include "schema/messages.h"

namespace ringway {

enum class FixVersion : uint8_t { k42, k44, k50Sp2 };
enum class FixIdFormat : uint8_t { kDecimal, kHex, kBase36 };

// [[static]]
struct FixStatic {
  std::string messages = "DFG";
  uint32_t tag = 0;
  std::string value;
};

// [[time_in_force]], [[order_type]], [[capacity]]
struct FixCode {
  std::string name;
  std::string code;
};

// [[reason]]
struct FixReason {
  std::string code;
  std::string text;
  std::string reason;
  uint32_t tag = 103;
};

struct FixDialect {
  static constexpr uint32_t kOff = fix::Tag::kMax + 1;  // of a tag
  static constexpr uint32_t kOrderCapacity = 528;

  FixVersion version = FixVersion::k44;
  FixIdFormat id_format = FixIdFormat::kDecimal;
  uint32_t id_length_max = 20;
  uint32_t account_tag = 1;
  uint32_t capacity_tag = 0;
  uint32_t display_tag = 0;
  uint32_t profile_algo_tag = 0;
  uint32_t profile_trader_tag = 0;
  uint32_t profile_client_tag = 0;
  uint32_t profile_locate_tag = 0;
  uint32_t profile_manual_tag = 0;
  bool locate_required = true;
  std::string post_only = "6";
  std::string intermarket_sweep;
  uint32_t price_decimals = 9;
  uint32_t quantity_decimals = 0;
  fix::TimePrecision time_precision = fix::TimePrecision::kMillis;
  bool replace = true;
  bool status = true;
  bool resends = true;
  bool order_id = false;
  std::vector<FixStatic> statics;
  std::vector<FixCode> times_in_force;
  std::vector<FixCode> order_types;
  std::vector<FixCode> capacities;
  std::vector<FixReason> reasons;
};

inline constexpr std::array kFixVersionChoices{
    ConfigChoice{"4.2", static_cast<uint32_t>(FixVersion::k42), "FIX.4.2"},
    ConfigChoice{"4.4", static_cast<uint32_t>(FixVersion::k44), "FIX.4.4"},
    ConfigChoice{"5.0SP2", static_cast<uint32_t>(FixVersion::k50Sp2), "FIX 5.0 SP2 over FIXT.1.1"},
};
inline constexpr std::array kFixIdFormatChoices{
    ConfigChoice{"decimal", static_cast<uint32_t>(FixIdFormat::kDecimal), "up to 20 digits"},
    ConfigChoice{"hex", static_cast<uint32_t>(FixIdFormat::kHex), "up to 16 digits, 0-9 and A-F"},
    ConfigChoice{"base36", static_cast<uint32_t>(FixIdFormat::kBase36),
                 "up to 13 digits, 0-9 and A-Z"},
};
inline constexpr std::array kFixPrecisionChoices{
    ConfigChoice{"seconds", static_cast<uint32_t>(fix::TimePrecision::kSeconds), "seconds"},
    ConfigChoice{"millis", static_cast<uint32_t>(fix::TimePrecision::kMillis), "milliseconds"},
    ConfigChoice{"micros", static_cast<uint32_t>(fix::TimePrecision::kMicros), "microseconds"},
    ConfigChoice{"nanos", static_cast<uint32_t>(fix::TimePrecision::kNanos), "nanoseconds"},
};

template <class V>
void Fields(V& v, FixStatic& entry) {
  v.Text(
      "messages", entry.messages,
      "The types of the messages that carry it: D (order), F (cancel), G (replace), H (status).");
  v.Integer("tag", entry.tag, ConfigForm::kWhole, {1, fix::Tag::kMax}, "The tag.",
            ConfigNeed::kRequired);
  v.Text("value", entry.value, "Its value.", ConfigNeed::kRequired);
}

template <class V>
void Fields(V& v, FixCode& entry) {
  v.Text("name", entry.name, "What Ringway calls it (schema/ringway.capnp).",
         ConfigNeed::kRequired);
  v.Text("code", entry.code, "What the venue calls it.", ConfigNeed::kRequired);
}

template <class V>
void Fields(V& v, FixReason& entry) {
  v.Text("code", entry.code, "What `tag` has.");
  v.Text("text", entry.text, "What Text (58) contains.");
  v.Text("reason", entry.reason,
         "The RejectReason of Ringway (schema/ringway.capnp); with tag 102 its CancelRejectReason.",
         ConfigNeed::kRequired);
  v.Integer(
      "tag", entry.tag, ConfigForm::kWhole, {102, 380},
      "The field that names the reason: OrdRejReason (103) of reports, CxlRejReason (102) of "
      "refused cancels and replaces, BusinessRejectReason (380), or SessionRejectReason (373) "
      "of the session's Reject.");
}

template <class V>
void Fields(V& v, FixDialect& dialect) {
  constexpr ConfigRange kTag{0, fix::Tag::kMax};
  v.Choice("version", dialect.version, kFixVersionChoices, "Which FIX the venue speaks:");
  v.Choice("id_format", dialect.id_format, kFixIdFormatChoices,
           "How ClOrdID (11) writes the gateway's identifiers of 64 bits:");
  v.Integer("id_length_max", dialect.id_length_max, ConfigForm::kWhole, {1, 64},
            "The longest ClOrdID that the venue takes, prefix included.");
  v.Integer("account_tag", dialect.account_tag, ConfigForm::kWhole, kTag,
            "The tag of the account. 0: it is not sent.");
  v.Integer("capacity_tag", dialect.capacity_tag, ConfigForm::kWhole, kTag,
            "The tag of the capacity: 528, or 47 in FIX 4.2, whose codes are others and have to be "
            "listed. 0: orders that have one are refused.");
  v.Integer("display_tag", dialect.display_tag, ConfigForm::kWhole,
            {0, fix::Tag::kMax, FixDialect::kOff},
            "The tag of the quantity that is shown. 0: the standard's, 1138 in FIX 5.0 SP2, else "
            "111. \"off\": orders that show only a part are refused.");
  v.Integer("profile_algo_tag", dialect.profile_algo_tag, ConfigForm::kWhole, kTag,
            "The tag of the `algo` of a request's [[profile]], in orders, cancels and replaces. "
            "0: it is not sent.");
  v.Integer("profile_trader_tag", dialect.profile_trader_tag, ConfigForm::kWhole, kTag,
            "The tag of its `trader`, likewise.");
  v.Integer("profile_client_tag", dialect.profile_client_tag, ConfigForm::kWhole, kTag,
            "The tag of its `client`, likewise: ClientID (109) in FIX 4.2.");
  v.Integer("profile_locate_tag", dialect.profile_locate_tag, ConfigForm::kWhole, kTag,
            "The tag of its `short_locate`, in orders and replaces that sell short: LocateBroker "
            "(5700). 0: it is not sent.");
  v.Integer(
      "profile_manual_tag", dialect.profile_manual_tag, ConfigForm::kWhole, kTag,
      "The tag that has Y where it is `manual`, and N where not: ManualOrderIndicator (1028). "
      "0: it is not sent.");
  v.Flag("locate_required", dialect.locate_required,
         "Whether orders and replaces that sell short have LocateReqd (114), as the standard "
         "demands: N if their profile has a `short_locate`, else Y.");
  v.Text("post_only", dialect.post_only,
         "The code in ExecInst (18) of orders that must not take liquidity. Empty: such orders are "
         "refused.");
  v.Text("intermarket_sweep", dialect.intermarket_sweep,
         "The code in ExecInst of intermarket sweep orders: \"f\" in FIX 5.0 SP2, and at venues "
         "that took it over. Empty: such orders are refused.");
  v.Integer("price_decimals", dialect.price_decimals, ConfigForm::kWhole, {0, 9},
            "Decimals that a price may have; finer ones are refused.");
  v.Integer("quantity_decimals", dialect.quantity_decimals, ConfigForm::kWhole, {0, 9},
            "Decimals of a quantity at the venue, of which the gateway counts the last: with 8 "
            "150_000_000 here are 1.5 there, with 0 they are shares.");
  v.Choice("time_precision", dialect.time_precision, kFixPrecisionChoices,
           "How precisely times are written, cut off: by \"seconds\" an order ends up to a second "
           "early. The standards know milliseconds, and finer ones where venues agree:");
  v.Flag("replace", dialect.replace, "Whether the venue knows OrderCancelReplaceRequest (G).");
  v.Flag(
      "status", dialect.status,
      "Whether it answers OrderStatusRequest (H). Without, a request that was under way when its "
      "connection ended stays in doubt until the venue says something of it.");
  v.Flag("resends", dialect.resends,
         "Whether it sends its reports again when it is asked to. Where it fills the gap instead, "
         "every open order is asked for after a gap, which needs `status`.");
  v.Flag("order_id", dialect.order_id,
         "Whether cancels, replaces and status requests name the venue's OrderID (37) too.");
  v.Sections("static", dialect.statics, "A field that certain messages always carry.");
  v.Sections(
      "time_in_force", dialect.times_in_force,
      "A code of TimeInForce (59). If any is listed, only the listed are supported, and other "
      "orders are refused; if none is, those of the standard are. FIX 4.2 has no atTheClose, "
      "and only FIX 5.0 SP2 has atCrossing.");
  v.Sections("order_type", dialect.order_types, "A code of OrdType (40), likewise.");
  v.Sections(
      "capacity", dialect.capacities,
      "A code of the capacity, likewise; the standard's are those of tag 528. The name unset "
      "is that of orders which have none.");
  v.Sections("reason", dialect.reasons,
             "What a refusal with this code or text means. The first that matches counts, before "
             "the codes of the standard.");
}

struct LoadedFixDialect {
  FixDialect dialect;
  std::vector<ConfigError> errors;  // in the order of the file
};
LoadedFixDialect LoadFixDialect(std::string_view toml);

// What the venue calls it; empty: it is not supported, or not said.
std::string FixCodeOf(const FixDialect& dialect, TimeInForce time_in_force);
std::string FixCodeOf(const FixDialect& dialect, OrdType type);
std::string FixCodeOf(const FixDialect& dialect, Capacity capacity);
// 0: orders that show only a part are not supported.
uint32_t FixDisplayTagOf(const FixDialect& dialect) noexcept;

// Who has a field in these messages ("DFGH") by this tag, so that no other can; empty: nobody.
std::string FixTagHolder(const FixDialect& dialect, uint32_t tag, std::string_view messages);

// 1 to `bytes_max` characters of printable ASCII.
bool IsFixText(const std::string& text, std::size_t bytes_max);

// Digits that the largest identifier takes.
uint32_t FixIdDigitsMax(FixIdFormat format) noexcept;
fix::Version SessionVersionOf(FixVersion version) noexcept;

}  // namespace ringway
