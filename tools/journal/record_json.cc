// Implements record_json.h.
#include "tools/journal/record_json.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gateway/journal/format.h"
#include "schema/codec.h"
#include "schema/json.h"

namespace ringway {
namespace {

const char* NameOf(Origin origin) {
  switch (origin) {
    case Origin::kSession:
      return "session";
    case Origin::kSessionUp:
      return "sessionUp";
    case Origin::kSessionDown:
      return "sessionDown";
    case Origin::kVenue:
      return "venue";
    case Origin::kAdmin:
      return "admin";
    case Origin::kTimer:
      return "timer";
    case Origin::kStart:
      return "start";
    case Origin::kJournal:
      return "journal";
    case Origin::kSessionBusy:
      return "sessionBusy";
    case Origin::kSessionUnrecorded:
      return "sessionUnrecorded";
    case Origin::kTradingDay:
      return "tradingDay";
  }
  return "unknown";
}

void AppendHex(std::span<const std::byte> bytes, std::string& out) {
  out += '"';
  for (const std::byte byte : bytes) {
    out += "0123456789abcdef"[static_cast<uint8_t>(byte) >> 4];
    out += "0123456789abcdef"[static_cast<uint8_t>(byte) & 15];
  }
  out += '"';
}

void AppendMessage(FrameType type, std::span<const std::byte> payload, std::string& out) {
  if (payload.empty()) {
    out += "null";
    return;
  }
  const DecodeStatus status = AppendJson(type, payload, out);
  if (status == DecodeStatus::kOk) return;
  absl::StrAppend(&out, "{\"frameType\":", static_cast<uint32_t>(type), ",\"why\":\"",
                  std::string(Name(status)), "\",\"hex\":");
  AppendHex(payload, out);
  out += '}';
}

bool AppendStep(std::span<const std::byte> body, std::string& out) {
  JournaledStep step;
  if (!ReadStep(body, step)) return false;
  absl::StrAppend(&out, ",\"origin\":\"", NameOf(step.input.origin), "\",\"id\":", step.input.id,
                  ",\"venueCursor\":", step.venue_report_seq, ",\"input\":");
  AppendMessage(step.input.type, step.input.payload, out);
  out += ",\"effects\":[";
  const char* separator = "";
  for (EffectView effect; NextEffect(step.effects, effect); separator = ",") {
    absl::StrAppend(&out, separator, "{\"target\":\"",
                    effect.target == Target::kSession ? "session" : "venue",
                    "\",\"id\":", effect.id, ",\"seq\":", effect.seq, ",\"message\":");
    AppendMessage(effect.type, effect.payload, out);
    out += '}';
  }
  out += ']';
  return true;
}

bool AppendBody(const JournalRecord& record, std::string& out) {
  switch (record.header.type) {
    case RecordType::kSegmentStart: {
      SegmentStartBody body;
      if (!ReadBody(record.body, body)) return false;
      absl::StrAppend(&out, ",\"previousEnd\":", body.previous_end);
      return true;
    }
    case RecordType::kGatewayStart: {
      GatewayStartBody body;
      if (!ReadGatewayStart(record.body, body)) return false;
      absl::StrAppend(&out, ",\"configHash\":", body.config_hash,
                      ",\"engineRelease\":", body.engine_release);
      return true;
    }
    case RecordType::kGatewayStop: {
      GatewayStopBody body;
      if (!ReadBody(record.body, body)) return false;
      absl::StrAppend(&out, ",\"stateHash\":", body.state_hash);
      return true;
    }
    case RecordType::kStep:
      return AppendStep(record.body, out);
    case RecordType::kVenueCursor: {
      VenueCursorBody body;
      if (!ReadBody(record.body, body)) return false;
      absl::StrAppend(&out, ",\"venue\":", body.venue, ",\"incarnation\":", body.incarnation,
                      ",\"requestsSent\":", body.requests_sent,
                      ",\"reportsReceived\":", body.reports_received);
      return true;
    }
    case RecordType::kCancelsFirst: {
      CancelsFirstBody body;
      if (!ReadBody(record.body, body)) return false;
      absl::StrAppend(&out, ",\"venue\":", body.venue, ",\"requestsMoved\":", body.requests_moved);
      return true;
    }
    case RecordType::kStateHash: {
      StateHashBody body;
      if (!ReadBody(record.body, body)) return false;
      absl::StrAppend(&out, ",\"stateHash\":", body.state_hash);
      return true;
    }
    case RecordType::kMark:
      return record.body.empty();
  }
  return false;
}

}  // namespace

bool AppendRecordJson(const JournalRecord& record, std::string& out) {
  absl::StrAppend(&out, "{\"sequence\":", record.header.sequence, ",\"type\":\"",
                  std::string(Name(record.header.type)), "\",\"start\":", record.header.start,
                  ",\"timeNs\":", record.header.time_ns, ",\"position\":", record.position,
                  ",\"durable\":", record.header.durable);
  const std::size_t before = out.size();
  const bool whole = AppendBody(record, out);
  if (!whole) {
    out.resize(before);
    out += ",\"damaged\":true,\"hex\":";
    AppendHex(record.body, out);
  }
  out += "}\n";
  return whole;
}

}  // namespace ringway
