// Reads a dialect, and finds what contradicts itself in it.
#include "gateway/connector/fix/fix_dialect.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/connector/fix/fix_codes.h"
#include "protocol/fix/parser.h"
#include "schema/messages.h"

namespace ringway {
namespace {

// Tags of the header and the trailer in any version, and of what is signed or encrypted.
constexpr std::array kHeaderTags =
    std::to_array<uint32_t>({8,   9,   10,  34,  35,  36,  43,  45,  49,   50,   52,  56,  57,
                             89,  90,  91,  93,  97,  115, 116, 122, 128,  129,  142, 143, 144,
                             145, 347, 369, 370, 627, 628, 629, 630, 1128, 1129, 1156});
// What the connector writes, or leaves away, by itself.
constexpr std::array kOwnTags =
    std::to_array<uint32_t>({11, 18, 37, 38, 40, 41, 44, 54, 55, 59, 60, 99, 126, 432, 790});
// What it reads in reports (fix_reader.cc), and Text.
constexpr std::array kReadTags = std::to_array<uint32_t>(
    {14, 17, 19, 20, 31, 32, 39, 58, 102, 103, 150, 151, 372, 373, 379, 380, 434, 851});

template <std::size_t kSize>
bool IsIn(const std::array<uint32_t, kSize>& tags, uint32_t tag) {
  return std::ranges::find(tags, tag) != tags.end();
}
// Raw data and its length: any byte may be in it, and the two go together.
bool IsData(uint32_t tag) { return fix::LengthTagOf(tag) != 0 || fix::LengthTagOf(tag + 1) == tag; }

constexpr uint32_t kLocateReqd = 114;
constexpr std::string_view kLocateKey = "locate_required";

// The keys that name a tag, each with it; 0: none.
std::vector<std::pair<std::string, uint32_t>> KeyTags(const FixDialect& dialect) {
  return {{"account_tag", dialect.account_tag},
          {"capacity_tag", dialect.capacity_tag},
          {"display_tag", FixDisplayTagOf(dialect)},
          {"profile_algo_tag", dialect.profile_algo_tag},
          {"profile_trader_tag", dialect.profile_trader_tag},
          {"profile_client_tag", dialect.profile_client_tag},
          {"profile_locate_tag", dialect.profile_locate_tag},
          {"profile_manual_tag", dialect.profile_manual_tag},
          {std::string(kLocateKey), dialect.locate_required ? kLocateReqd : 0}};
}

// Of every message; empty: nobody.
std::string HolderOf(const FixDialect& dialect, uint32_t tag) {
  if (IsIn(kHeaderTags, tag)) return "the session's header";
  if (IsData(tag)) return "raw data";
  if (IsIn(kOwnTags, tag)) return "the gateway itself";
  for (const auto& [key, own] : KeyTags(dialect)) {
    if (own == tag) return key;
  }
  return {};
}

class Checks {
 public:
  Checks(const FixDialect& dialect, ConfigFindings& findings)
      : dialect_(dialect), findings_(findings) {}

  void Run() {
    if (dialect_.id_length_max < FixIdDigitsMax(dialect_.id_format)) {
      Add("id_length_max",
          absl::StrCat("an identifier takes up to ", FixIdDigitsMax(dialect_.id_format),
                       " characters in this id_format"),
          "choose a shorter id_format; \"base36\" is the shortest, with 13");
    }
    CheckTags();
    CheckStatics();
    CheckCodes("time_in_force", dialect_.times_in_force, true,
               [](const std::string& name) { return FixNamed<TimeInForce>(name).has_value(); });
    CheckCodes("order_type", dialect_.order_types, true, [](const std::string& name) {
      return FixNamed<OrdType>(name).value_or(OrdType::kUnset) != OrdType::kUnset;
    });
    CheckCodes("capacity", dialect_.capacities, false,
               [](const std::string& name) { return FixNamed<Capacity>(name).has_value(); });
    if (!dialect_.capacities.empty() && dialect_.capacity_tag == 0) {
      Add("capacity[0]", "no capacity is sent", "write capacity_tag too");
    }
    if (dialect_.capacities.empty() && dialect_.capacity_tag != 0 &&
        dialect_.capacity_tag != FixDialect::kOrderCapacity) {
      Add("capacity_tag", "the standard's codes are those of OrderCapacity (528)",
          "list what the venue calls each in [[capacity]]");
    }
    CheckInstruction("post_only", dialect_.post_only);
    CheckInstruction("intermarket_sweep", dialect_.intermarket_sweep);
    CheckReasons();
    if (!dialect_.status && !dialect_.resends) {
      Add("resends", "the venue neither sends its reports again nor tells how an order stands",
          "correct one: nothing else can say what became of orders after a gap");
    }
  }

 private:
  void Add(const std::string& key, std::string what, std::string remedy) {
    findings_.AddAt(key, std::move(what), std::move(remedy));
  }

  void CheckTags() {
    for (const auto& [key, tag] : KeyTags(dialect_)) CheckTag(key, tag);
  }
  void CheckTag(const std::string& key, uint32_t tag) {
    if (tag == 0 || key == kLocateKey) return;
    if (IsIn(kHeaderTags, tag) || IsIn(kOwnTags, tag) || IsIn(kReadTags, tag) || IsData(tag)) {
      Add(key, absl::StrCat("tag ", tag, " means something else"), "write the venue's tag for it");
    }
    if (const auto [other, is_new] = keys_.emplace(tag, key); !is_new) {
      Add(key, absl::StrCat("tag ", tag, " is that of ", other->second, " too"),
          "correct one of them");
    }
  }

  void CheckInstruction(const std::string& key, const std::string& code) {
    if (code.empty()) return;
    if (IsFixText(code, kFixCodeBytesMax) && code.find(' ') == std::string::npos) return;
    Add(key, "it is longer than 8 characters, has blanks, or is not printable ASCII",
        "write the venue's code");
  }

  void CheckStatics() {
    std::set<std::pair<char, uint32_t>> seen;
    for (std::size_t i = 0; i < dialect_.statics.size(); ++i) {
      const FixStatic& entry = dialect_.statics[i];
      const std::string at = absl::StrCat("static[", i, "].");
      if (entry.messages.empty() || entry.messages.find_first_not_of("DFGH") != std::string::npos) {
        Add(at + "messages", "it names other messages than D, F, G and H",
            "write some of \"DFGH\"");
      }
      if (const std::string holder = HolderOf(dialect_, entry.tag); !holder.empty()) {
        Add(at + "tag", absl::StrCat("tag ", entry.tag, " is that of ", holder),
            "remove it; sub and location identifiers are keys of [venue.fix]");
      }
      if (!IsFixText(entry.value, kStaticBytesMax)) {
        Add(at + "value", "it is empty, longer than 64 characters, or not printable ASCII",
            "correct it");
      }
      for (const char message : entry.messages) {
        if (!seen.emplace(message, entry.tag).second) {
          Add(at + "tag", absl::StrCat("message ", std::string(1, message), " has it twice"),
              "remove one");
        }
      }
    }
    if (dialect_.statics.size() > kStaticsMax) {
      Add("static[16]", "there are more than 16", "remove some");
    }
    if (dialect_.version != FixVersion::k42) return;
    for (const char message : std::string(dialect_.replace ? "DG" : "D")) {
      if (seen.contains({message, kHandlInst})) continue;
      Add("version", absl::StrCat("FIX 4.2 requires HandlInst (21) in ", std::string(1, message)),
          "write a [[static]] with tag = 21; its value is \"1\" where no broker intervenes");
    }
  }

  template <class F>
  void CheckCodes(const std::string& key, const std::vector<FixCode>& codes, bool read_back,
                  F&& is_known) {
    std::set<std::string> names;
    std::set<std::string> values;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const std::string at = absl::StrCat(key, "[", i, "].");
      if (!is_known(codes[i].name)) {
        Add(at + "name", absl::StrCat("\"", codes[i].name, "\" is none"),
            "write one as schema/ringway.capnp calls it");
      }
      if (!IsFixText(codes[i].code, kFixCodeBytesMax)) {
        Add(at + "code", "it is empty, longer than 8 characters, or not printable ASCII",
            "correct it");
      }
      if (!names.insert(codes[i].name).second) {
        Add(at + "name", "it is listed twice", "remove one");
      }
      // A venue may have one word for several capacities, which nobody reads back.
      if (!values.insert(codes[i].code).second && read_back) {
        Add(at + "code", "another one has the same code", "correct one of them");
      }
    }
  }

  void CheckReasons() {
    std::set<std::tuple<uint32_t, std::string, std::string>> seen;
    for (std::size_t i = 0; i < dialect_.reasons.size(); ++i) {
      const FixReason& entry = dialect_.reasons[i];
      const std::string at = absl::StrCat("reason[", i, "]");
      if (entry.code.empty() && entry.text.empty()) {
        Add(at, "it says neither code nor text", "write what the venue says, in either");
      }
      const bool of_change = entry.tag == 102;
      if (!of_change && entry.tag != 103 && entry.tag != 373 && entry.tag != 380) {
        Add(at + ".tag", absl::StrCat("tag ", entry.tag, " is no field of a reason"),
            "write 102, 103, 373 or 380");
      }
      const bool known =
          of_change
              ? FixNamed<CancelRejectReason>(entry.reason).value_or(CancelRejectReason::kNone) !=
                    CancelRejectReason::kNone
              : FixNamed<RejectReason>(entry.reason).value_or(RejectReason::kNone) !=
                    RejectReason::kNone;
      if (!known) {
        Add(at + ".reason", absl::StrCat("there is no reason \"", entry.reason, "\""),
            absl::StrCat("write a ", of_change ? "CancelRejectReason" : "RejectReason",
                         " as schema/ringway.capnp calls it"));
      }
      if (!seen.emplace(entry.tag, entry.code, entry.text).second) {
        Add(at, "an earlier one matches the same", "remove one");
      }
    }
  }

  static constexpr uint32_t kHandlInst = 21;
  static constexpr std::size_t kStaticBytesMax = 64;
  static constexpr std::size_t kStaticsMax = 16;

  const FixDialect& dialect_;
  ConfigFindings& findings_;
  std::map<uint32_t, std::string> keys_;  // by the tag that they name
};

// `standard`: the standard has a code for it, unless the dialect lists its own.
template <class E>
std::string CodeOf(const std::vector<FixCode>& listed, E value, bool standard) {
  const auto own = std::ranges::find(listed, Name(value), &FixCode::name);
  if (own != listed.end()) return own->code;
  const uint16_t code = FixValue(value);
  if (!listed.empty() || !standard || code == kNoFixValue) return {};
  // A letter's value is its code, a digit's is the digit.
  return {static_cast<char>(code < 10 ? '0' + code : code)};
}

}  // namespace

std::string FixCodeOf(const FixDialect& dialect, TimeInForce time_in_force) {
  const bool later = time_in_force == TimeInForce::kAtTheClose;
  const bool latest = time_in_force == TimeInForce::kAtCrossing;
  return CodeOf(dialect.times_in_force, time_in_force,
                dialect.version == FixVersion::k50Sp2 ||
                    (!latest && (!later || dialect.version != FixVersion::k42)));
}
std::string FixCodeOf(const FixDialect& dialect, OrdType type) {
  return CodeOf(dialect.order_types, type, true);
}
std::string FixCodeOf(const FixDialect& dialect, Capacity capacity) {
  if (dialect.capacity_tag == 0) return {};
  return CodeOf(dialect.capacities, capacity, dialect.capacity_tag == FixDialect::kOrderCapacity);
}

uint32_t FixDisplayTagOf(const FixDialect& dialect) noexcept {
  constexpr uint32_t kMaxFloor = 111;
  constexpr uint32_t kDisplayQty = 1138;
  if (dialect.display_tag == FixDialect::kOff) return 0;
  if (dialect.display_tag != 0) return dialect.display_tag;
  return dialect.version == FixVersion::k50Sp2 ? kDisplayQty : kMaxFloor;
}

LoadedFixDialect LoadFixDialect(std::string_view toml) {
  LoadedFixDialect loaded;
  loaded.errors = ReadConfig(
      toml, loaded.dialect,
      [](const FixDialect& dialect, ConfigFindings& findings) { Checks(dialect, findings).Run(); });
  return loaded;
}

std::string FixTagHolder(const FixDialect& dialect, uint32_t tag, std::string_view messages) {
  if (std::string holder = HolderOf(dialect, tag); !holder.empty()) return holder;
  for (const FixStatic& field : dialect.statics) {
    if (field.tag == tag && field.messages.find_first_of(messages) != std::string::npos) {
      return "a [[static]]";
    }
  }
  return {};
}

bool IsFixText(const std::string& text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

uint32_t FixIdDigitsMax(FixIdFormat format) noexcept {
  switch (format) {
    case FixIdFormat::kDecimal:
      return 20;
    case FixIdFormat::kHex:
      return 16;
    case FixIdFormat::kBase36:
      return 13;
  }
  return 20;
}

fix::Version SessionVersionOf(FixVersion version) noexcept {
  switch (version) {
    case FixVersion::k42:
      return fix::Version::kFix42;
    case FixVersion::k44:
      return fix::Version::kFix44;
    case FixVersion::k50Sp2:
      return fix::Version::kFixt11;
  }
  return fix::Version::kFix44;
}

}  // namespace ringway
