// Prints events.
#include "tests/sim/events.h"

#include "absl/strings/str_cat.h"
#include "schema/json.h"
#include "tests/sim/clock.h"

namespace ringway::sim {
namespace {

constexpr std::array<const char*, kEventKinds> kNames = {"strategy started",
                                                         "strategy resumed",
                                                         "strategy back",
                                                         "strategy sent",
                                                         "strategy received",
                                                         "strategy gap",
                                                         "strategy died",
                                                         "gateway took",
                                                         "gateway said",
                                                         "gateway asked",
                                                         "gateway heard",
                                                         "gateway's journal is safe",
                                                         "gateway died",
                                                         "power lost",
                                                         "recovered session",
                                                         "recovered venue",
                                                         "gateway recovered",
                                                         "gateway restored",
                                                         "gateway counts foreign",
                                                         "venue logon",
                                                         "venue took",
                                                         "venue said",
                                                         "venue started",
                                                         "sends when durable",
                                                         "bounds",
                                                         "session dialled",
                                                         "session disturbed",
                                                         "venue dialled",
                                                         "venue disturbed",
                                                         "gateway's disk",
                                                         "gateway's journal is durable",
                                                         "gateway holds back",
                                                         "trading day",
                                                         "operator said",
                                                         "operator was refused",
                                                         "operators recovered",
                                                         "member is another gateway",
                                                         "member is free",
                                                         "probe",
                                                         "gateway holds order",
                                                         "gateway holds",
                                                         "gateway counts",
                                                         "venue holds order",
                                                         "venue holds"};

}  // namespace

std::string Text(const Event& event) {
  std::string text = absl::StrCat((event.time_ns - kStartNs) / kNsPerUs, " us ",
                                  kNames[static_cast<size_t>(event.kind)], " [", event.id, "]");
  if (event.seq != 0) absl::StrAppend(&text, " #", event.seq);
  if (event.other != 0) absl::StrAppend(&text, " (", event.other, ")");
  if (event.type != FrameType{}) {
    std::string message;
    if (AppendJson(event.type, event.bytes(), message) != DecodeStatus::kOk) {
      message = "(cannot be read)";
    }
    absl::StrAppend(&text, " ", message);
  }
  return text;
}

}  // namespace ringway::sim
