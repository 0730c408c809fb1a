// Implements what_if.h: matches requests of then and now, and compares decisions.
#include "tools/journal/what_if.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "schema/codec.h"
#include "schema/json.h"
#include "schema/messages.h"

namespace ringway {
namespace {

// Work left over by a step ends within this many timer steps, or something is wrong.
constexpr uint32_t kWorkStepsMax = 1u << 20;

// How a request was decided: the deciding report, and the reason if it was refused.
struct Decision {
  FrameType type{};
  uint8_t reason = 0;
  std::span<const std::byte> message;

  bool accepted() const noexcept { return type == FrameType::kOrderAck; }
  bool SameAs(const Decision& other) const noexcept {
    return type == other.type && reason == other.reason;
  }
};

// False if the report decides nothing.
bool ReadDecision(FrameType type, std::span<const std::byte> message, Decision& out) {
  OrderReject order;
  CancelReject cancel;
  uint8_t reason = 0;
  switch (type) {
    case FrameType::kOrderAck:
    case FrameType::kMassCancelReport:
    case FrameType::kSessionReject:
      break;
    case FrameType::kOrderReject:
      if (Decode(message, order) != DecodeStatus::kOk) return false;
      reason = static_cast<uint8_t>(order.reason);
      break;
    case FrameType::kCancelReject:
      if (Decode(message, cancel) != DecodeStatus::kOk) return false;
      reason = static_cast<uint8_t>(cancel.reason);
      break;
    default:
      return false;
  }
  out = {type, reason, message};
  return true;
}

bool IsRequest(FrameType type) noexcept {
  return type == FrameType::kNewOrder || type == FrameType::kCancel ||
         type == FrameType::kReplace || type == FrameType::kMassCancel;
}

// Word `index` of a request's message: 0 is clOrdId, 1 (of a cancel or replace) origClOrdId.
uint64_t Word(std::span<const std::byte> message, std::size_t index) noexcept {
  uint64_t word = 0;
  const std::size_t at = kRootBytes + index * sizeof(word);
  if (message.size() >= at + sizeof(word)) std::memcpy(&word, message.data() + at, sizeof(word));
  return word;
}
static_assert(offsetof(NewOrder, cl_ord_id) == 0 && offsetof(Cancel, cl_ord_id) == 0);
static_assert(offsetof(Replace, cl_ord_id) == 0 && offsetof(MassCancel, cl_ord_id) == 0);
static_assert(offsetof(Cancel, orig_cl_ord_id) == 8 && offsetof(Replace, orig_cl_ord_id) == 8);

bool IsAboutAnOrder(FrameType type) noexcept {
  return type == FrameType::kCancel || type == FrameType::kReplace;
}

// Identifiers of venue requests leave their highest bit free.
uint64_t UnmatchedKey(uint64_t order_now, FrameType type) noexcept {
  return order_now * 2 + (type == FrameType::kReplace ? 1 : 0);
}

std::string Name(uint32_t session, uint64_t cl_ord_id) {
  return absl::StrCat(session, "/", cl_ord_id);
}

void AppendMessage(FrameType type, std::span<const std::byte> message, std::string& out) {
  if (message.empty() || AppendJson(type, message, out) != DecodeStatus::kOk) out += "null";
}

}  // namespace

absl::Status WhatIf::Apply(const JournalRecord& record, std::string& out) {
  if (record.header.type != RecordType::kStep) return absl::OkStatus();
  JournaledStep step;
  if (!ReadStep(record.body, step)) {
    return absl::DataLossError(absl::StrCat("the step with sequence ", record.header.sequence,
                                            " cannot be read: replay it without --what-if"));
  }
  const int64_t now_ns = std::max(record.header.time_ns, engine_->now_ns());
  orders_then_.clear();
  orders_now_.clear();
  MatchThen(step.effects);
  if (step.input.origin == Origin::kVenue) {
    StepVenue(now_ns, step.input);
  } else {
    Step(now_ns, step.input);
  }
  // A step enters one order at most.
  if (!orders_then_.empty() && !orders_now_.empty()) {
    requests_[orders_then_.front()] = orders_now_.front();
  }
  if (IsRequest(step.input.origin) && IsRequest(step.input.type)) {
    Compare(record, step, out);
  }
  return absl::OkStatus();
}

void WhatIf::Step(int64_t now_ns, const Input& input) {
  effects_->Clear();
  engine_->Step(now_ns, input, *effects_);
  MatchNow();
  // Work that then continued in later steps continues here at once: the number of steps may differ.
  std::swap(effects_, later_);
  for (uint32_t i = 0; engine_->HasWork() && i < kWorkStepsMax; ++i) {
    effects_->Clear();
    engine_->Step(now_ns, {Origin::kTimer, 0, FrameType{}, {}}, *effects_);
    MatchNow();
  }
  std::swap(effects_, later_);
}

// Reports and refusals get the identifiers of now, and go to the venue where the order is now.
void WhatIf::StepVenue(int64_t now_ns, const Input& input) {
  ExecutionReport report;
  CancelReject reject;
  std::array<std::byte, kTwoGranulePayloadBytes> payload;
  const auto translate = [&](auto& message) -> bool {
    const auto found = requests_.find(message.cl_ord_id);
    if (found == requests_.end()) return false;
    message.cl_ord_id = found->second.id;
    if (message.orig_cl_ord_id != 0) {
      const auto order = requests_.find(message.orig_cl_ord_id);
      if (order == requests_.end()) return false;
      message.orig_cl_ord_id = order->second.id;
    }
    Input translated = input;
    translated.id = found->second.venue;
    translated.payload = {payload.data(), Encode(message, payload.data())};
    Step(now_ns, translated);
    return true;
  };
  const bool is_report = input.type == FrameType::kExecutionReport &&
                         Decode(input.payload, report) == DecodeStatus::kOk;
  const bool is_reject =
      input.type == FrameType::kCancelReject && Decode(input.payload, reject) == DecodeStatus::kOk;
  if (!is_report && !is_reject) return Step(now_ns, input);
  ++counts_.venue_messages;
  if (!(is_report ? translate(report) : translate(reject))) ++counts_.venue_messages_left_out;
}

void WhatIf::MatchThen(std::span<const std::byte> effects) {
  for (EffectView effect; NextEffect(effects, effect);) {
    if (effect.target != Target::kVenue) continue;
    const uint64_t id = Word(effect.payload, 0);
    if (!IsAboutAnOrder(effect.type)) {
      orders_then_.push_back(id);
      continue;
    }
    const auto order = requests_.find(Word(effect.payload, 1));
    if (order == requests_.end()) continue;  // the order does not exist now
    Unmatched& waiting = unmatched_[UnmatchedKey(order->second.id, effect.type)];
    if (waiting.now.empty()) {
      waiting.then.push_back(id);
    } else {
      requests_[id] = waiting.now.front();
      waiting.now.pop_front();
    }
  }
}

void WhatIf::MatchNow() {
  for (const EffectView& effect : *effects_) {
    if (effect.target != Target::kVenue) continue;
    const Request request{Word(effect.bytes(), 0), static_cast<VenueId>(effect.id)};
    if (!IsAboutAnOrder(effect.type)) {
      orders_now_.push_back(request);
      continue;
    }
    Unmatched& waiting = unmatched_[UnmatchedKey(Word(effect.bytes(), 1), effect.type)];
    if (waiting.then.empty()) {
      waiting.now.push_back(request);
    } else {
      requests_[waiting.then.front()] = request;
      waiting.then.pop_front();
    }
  }
}

void WhatIf::Compare(const JournalRecord& record, const JournaledStep& step, std::string& out) {
  const Input& input = step.input;
  ++counts_.requests;
  Decision then;
  Decision now;
  std::span<const std::byte> journaled = step.effects;
  for (EffectView effect; NextEffect(journaled, effect);) {
    if (effect.target == Target::kSession && effect.id == input.id &&
        ReadDecision(effect.type, effect.payload, then)) {
      break;
    }
  }
  for (const EffectView& effect : *effects_) {
    if (effect.target == Target::kSession && effect.id == input.id &&
        ReadDecision(effect.type, effect.bytes(), now)) {
      break;
    }
  }
  if (then.SameAs(now)) return;
  ++counts_.changed;
  if (then.accepted() && !now.accepted()) ++counts_.refused_now;
  if (!then.accepted() && now.accepted()) ++counts_.accepted_now;
  changed_.insert(Name(input.id, Word(input.payload, 0)));
  const bool consequence =
      IsAboutAnOrder(input.type) && changed_.contains(Name(input.id, Word(input.payload, 1)));
  if (consequence) ++counts_.consequences;
  absl::StrAppend(&out, "{\"sequence\":", record.header.sequence,
                  ",\"timeNs\":", record.header.time_ns, ",\"session\":", input.id,
                  ",\"consequence\":", consequence ? "true" : "false", ",\"request\":");
  AppendMessage(input.type, input.payload, out);
  out += ",\"then\":";
  AppendMessage(then.type, then.message, out);
  out += ",\"now\":";
  AppendMessage(now.type, now.message, out);
  out += "}\n";
}

std::string WhatIf::Summary() const {
  return absl::StrCat(
      "{\"summary\":true,\"requests\":", counts_.requests, ",\"changed\":", counts_.changed,
      ",\"refusedNow\":", counts_.refused_now, ",\"acceptedNow\":", counts_.accepted_now,
      ",\"consequences\":", counts_.consequences, ",\"venueMessages\":", counts_.venue_messages,
      ",\"venueMessagesLeftOut\":", counts_.venue_messages_left_out,
      ",\"openNow\":", engine_->open_orders(),
      ",\"note\":\"decided for the same requests; orders accepted only now have no answers of "
      "venues, stay open and weigh on limits; what venues said about requests that are refused now "
      "is left out; strategies would have gone on in other ways\"}\n");
}

}  // namespace ringway
