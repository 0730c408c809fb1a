// Fuzzes a member that speaks OUCH with arbitrary messages from its client.
//
// The first input byte chooses the version. The rest is cut into messages: a byte of length, then
// as many bytes. Whatever they ask for, every answer is a valid message of the venue's, and every
// order ends with the session.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/check.h"
#include "base/clock.h"
#include "exchange/matching.h"
#include "exchange/ouch/mapping.h"
#include "exchange/ouch/ouch_member.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/ouch50.h"

namespace ringway::exchange {
namespace {

constexpr int64_t kStartNs = 1'700'000'000 * kNsPerS;

struct Nothing {
  void On(const auto&) {}
};

void Try(std::span<const std::byte> input) {
  if (input.empty()) return;
  const OuchVersion version =
      (static_cast<uint8_t>(input[0]) & 1) != 0 ? OuchVersion::k50 : OuchVersion::k42;
  input = input.subspan(1);
  ExchangeOptions options;
  options.instruments = {{.id = 7, .tick = 100'000}};
  options.orders_max = 64;
  options.levels_per_side_max = 16;
  options.positions_max = 16;
  options.closed_ids_max = 16;
  options.members_max = 1;
  options.member_queue_reports = 64;
  const std::unique_ptr<Exchange> exchange = *Exchange::Create(options);
  const uint32_t index = *exchange->Admit(1);
  OuchMember member(*exchange, index,
                    {.version = version,
                     .number = 1,
                     .messages_max = 1024,
                     .instruments = {{*OuchSymbol::Of("AAPL"), 7}}},
                    kStartNs);
  int64_t now_ns = kStartNs;
  while (!input.empty()) {
    const std::size_t size =
        std::min<std::size_t>(static_cast<std::size_t>(input[0]), input.size() - 1);
    // Nobody else can make it wait, and a mass cancel ends in the next turns.
    for (int turns = 0;
         member.OnMessage(now_ns, input.subspan(1, size)) == OuchMember::Answer::kWait; ++turns) {
      RINGWAY_CHECK(turns != 100, "a message waits for ever");
    }
    input = input.subspan(1 + size);
    now_ns += kNsPerMs;
    exchange->OnTimer(now_ns);
  }
  member.EndSession();
  for (int turns = 0; !member.ended(); ++turns) {
    RINGWAY_CHECK(turns != 100, "a session does not end");
    member.DoWork(now_ns);
  }
  RINGWAY_CHECK(exchange->book().open_count() == 0, "an order outlives its member's session");
  Nothing nothing;
  for (uint64_t number = 1; const auto message = member.messages().Read(number); ++number) {
    const ouch::Fault fault =
        version == OuchVersion::k42
            ? ouch42::DecodeFromVenue(*message, nothing, ouch::UnknownReasons::kRefused)
            : ouch50::DecodeFromVenue(*message, nothing, ouch::UnknownReasons::kRefused);
    RINGWAY_CHECK(fault == ouch::Fault::kNone, "an answer that is no message");
  }
}

}  // namespace
}  // namespace ringway::exchange

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::exchange::Try(std::as_bytes(std::span(data, size)));
  return 0;
}
