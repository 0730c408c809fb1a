// Fuzzes what the connector reads of a venue's messages, and what it tells the gateway of it.
//
// Input: the first byte chooses the version, the rest are messages from MsgType (35) on, one a
// line, with '|' for SOH; header, BodyLength and CheckSum are made right.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "gateway/connector/fix/fix_reader.h"
#include "gateway/connector/fix/fix_reports.h"
#include "gateway/connector/fix/fix_writer.h"
#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"

namespace ringway {
namespace {

constexpr uint32_t kSlots = 4;

FixOrder& Enter(FixOrders& orders, uint64_t id, FixOrderState state) {
  FixOrder& order = orders.Enter(id);
  order.first_id = id;
  order.newest_id = id + (uint64_t{2} << FixOrders::kSlotBits);
  order.cancel_id = id + (uint64_t{1} << FixOrders::kSlotBits);
  order.replace_id = order.newest_id;
  order.qty = 100;
  order.side = Side::kBuy;
  order.asked = 1;
  order.state = state;
  orders.Relist(order);
  return order;
}

void Try(std::string_view input) {
  if (input.empty()) return;
  FixDialect dialect;
  dialect.version = static_cast<FixVersion>(static_cast<unsigned char>(input[0]) % 3);
  dialect.reasons = {{"7", "", "selfMatch"}, {"", "busy", "venueBusy"}};
  const FixWriter writer({}, dialect, {});
  FixReader reader(dialect, writer);
  FixOrders orders(kSlots);
  FixCounters counters;
  FixReports reports(1, true, dialect, orders, counters);
  reports.SetConnection(1);
  Enter(orders, uint64_t{1} << FixOrders::kSlotBits, FixOrderState::kSent);
  Enter(orders, (uint64_t{1} << FixOrders::kSlotBits) + 1, FixOrderState::kLive);

  fix::Parser parser(reader.tags());
  std::array<fix::Slot, fix::WantedTags::kSlotsMax + 1> slots;
  uint64_t sequence = 0;
  for (std::string_view rest = input.substr(1); !rest.empty();) {
    std::string body(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), body.size() + 1));
    for (char& c : body) c = c == '|' ? fix::kSoh : c;
    if (!body.starts_with("35=")) body.insert(0, "35=8" + std::string(1, fix::kSoh));
    if (body.back() != fix::kSoh) body += fix::kSoh;
    std::string whole = "8=FIX.4.4" + std::string(1, fix::kSoh) +
                        "9=" + std::to_string(body.size()) + fix::kSoh + body;
    std::array<char, 3> sum;
    fix::FormatThree(fix::CheckSum(whole), sum.data());
    whole += "10=" + std::string(sum.data(), sum.size()) + fix::kSoh;
    const fix::Frame frame = fix::NextFrame(whole, 1 << 20);
    if (frame.kind != fix::Frame::Kind::kMessage) continue;
    if (parser.Parse(frame, slots).error != fix::ParseError::kNone) continue;
    fix::Message message{.frame = frame, .slots = slots};
    message.type = message.Get(fix::kSlotMsgType);
    message.sequence = ++sequence;
    FixEvent event;
    const bool is_reject = message.type == fix::kMsgReject;
    const uint32_t fault =
        is_reject ? reader.ReadReject(message, event) : reader.Read(message, event);
    if (fault != 0) continue;
    const FixSent refers{.sequence = event.ref_sequence,
                         .id = (uint64_t{1} << FixOrders::kSlotBits) + event.ref_sequence % kSlots,
                         .type = "DFGH"[event.ref_sequence % 4]};
    const auto effects = reports.Apply(event, refers, sequence);
    RINGWAY_CHECK(effects.size() <= FixReports::kEffectsMax, "no more than there is room for");
    (void)reports.TakeComplaint();
    uint32_t listed = 0;
    for (uint32_t at = orders.first(); at != FixOrders::kNobody; at = orders[at].next) ++listed;
    uint32_t waiting = 0;
    for (uint32_t slot = 0; slot != kSlots; ++slot) waiting += orders[slot].awaits_answer();
    RINGWAY_CHECK(listed == waiting, "who waits for an answer is listed");
  }
}

}  // namespace
}  // namespace ringway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
