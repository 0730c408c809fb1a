// The program that callgrind runs for FIX: messages written and read, as a session does it.
//
//   fix_driver COUNT   counts ringway_bench_fix_encode (NewOrderSingle) and ringway_bench_fix_parse
//                      (ExecutionReport of 225 bytes and 23 fields, each converted)

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/writer.h"

namespace {

using ringway::fix::Encoder;
using ringway::fix::Frame;
using ringway::fix::ParseChar;
using ringway::fix::ParseDecimalInside;
using ringway::fix::ParseError;
using ringway::fix::Parser;
using ringway::fix::ParseUnsignedInside;
using ringway::fix::Slot;
using ringway::fix::Tag;
using ringway::fix::TimestampReader;
using ringway::fix::ValueError;
using ringway::fix::WantedTags;
using ringway::fix::Writer;

constexpr int64_t kNow = 1'700'000'000'123'000'000;

// A venue's fields of an order.
constexpr Tag kAccount(1);
constexpr Tag kClOrdId(11);
constexpr Tag kOrderQty(38);
constexpr Tag kOrdType(40);
constexpr Tag kPrice(44);
constexpr Tag kSide(54);
constexpr Tag kSymbol(55);
constexpr Tag kTimeInForce(59);
constexpr Tag kTransactTime(60);

constexpr uint32_t kTags[] = {37, 11, 17, 150, 39, 55, 54, 38, 44, 32, 31, 151, 14, 6, 60};

struct Report {
  std::string_view order_id;
  std::string_view cl_ord_id;
  std::string_view exec_id;
  std::string_view symbol;
  char exec_type = 0;
  char ord_status = 0;
  char side = 0;
  uint64_t sequence = 0;
  int64_t sending_time = 0;
  int64_t transact_time = 0;
  uint64_t order_qty = 0;
  uint64_t last_qty = 0;
  uint64_t leaves_qty = 0;
  uint64_t cum_qty = 0;
  int64_t price = 0;
  int64_t last_px = 0;
  int64_t avg_px = 0;
};

}  // namespace

// The functions that callgrind counts: `count` messages. Never inlined.
extern "C" [[gnu::noinline]] size_t ringway_bench_fix_encode(Encoder& encoder,
                                                             std::array<char, 1024>& out,
                                                             uint32_t count) noexcept;
extern "C" [[gnu::noinline]] bool ringway_bench_fix_parse(std::string_view input, Parser& parser,
                                                          Report& report, uint32_t count) noexcept;

size_t ringway_bench_fix_encode(Encoder& encoder, std::array<char, 1024>& out,
                                uint32_t count) noexcept {
  size_t bytes = 0;
  for (uint32_t i = 0; i != count; ++i) {
    const int64_t now = kNow + int64_t{i} * ringway::kNsPerMs;
    Writer writer =
        encoder.Start(out, {.msg_type = "D", .sequence = 100'000u + i, .sending_time_ns = now});
    writer.Text(kAccount, "ACCOUNT1");
    writer.Unsigned(kClOrdId, 40'000'000u + i);
    writer.Unsigned(kOrderQty, 100);
    writer.Char(kOrdType, '2');
    writer.Decimal(kPrice, 585'250'000'000);
    writer.Char(kSide, '1');
    writer.Text(kSymbol, "AAPL");
    writer.Char(kTimeInForce, '0');
    writer.Time(kTransactTime, encoder.time(), now);
    bytes += encoder.Finish(writer).size();
  }
  return bytes;
}

bool ringway_bench_fix_parse(std::string_view input, Parser& parser, Report& report,
                             uint32_t count) noexcept {
  // As a connector would keep them.
  const auto slot = [&](size_t i) { return ringway::fix::kSessionSlots + i; };
  TimestampReader times;
  std::array<Slot, WantedTags::kSlotsMax + 1> slots;
  bool ok = true;
  for (uint32_t i = 0; i != count; ++i) {
    const Frame frame = ringway::fix::NextFrame(input, 4'096);
    ok = ok && frame.kind == Frame::Kind::kMessage &&
         parser.Parse(frame, slots).error == ParseError::kNone;
    const auto get = [&](size_t at) {
      return std::string_view(input.data() + slots[at].offset, slots[at].bytes);
    };
    const auto good = [&](ValueError error) { ok = ok && error == ValueError::kNone; };
    good(ParseUnsignedInside(get(ringway::fix::kSlotMsgSeqNum), report.sequence));
    good(times.Parse(get(ringway::fix::kSlotSendingTime), report.sending_time));
    report.order_id = get(slot(0));
    report.cl_ord_id = get(slot(1));
    report.exec_id = get(slot(2));
    good(ParseChar(get(slot(3)), report.exec_type));
    good(ParseChar(get(slot(4)), report.ord_status));
    report.symbol = get(slot(5));
    good(ParseChar(get(slot(6)), report.side));
    good(ParseUnsignedInside(get(slot(7)), report.order_qty));
    good(ParseDecimalInside(get(slot(8)), report.price));
    good(ParseUnsignedInside(get(slot(9)), report.last_qty));
    good(ParseDecimalInside(get(slot(10)), report.last_px));
    good(ParseUnsignedInside(get(slot(11)), report.leaves_qty));
    good(ParseUnsignedInside(get(slot(12)), report.cum_qty));
    good(ParseDecimalInside(get(slot(13)), report.avg_px));
    good(times.Parse(get(slot(14)), report.transact_time));
  }
  return ok;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fix_driver COUNT\n");
    return 2;
  }
  const auto count = static_cast<uint32_t>(std::atoi(argv[1]));
  Encoder encoder("FIX.4.4", "GATEWAY", "EXCHANGE", ringway::fix::TimePrecision::kMillis);
  std::array<char, 1024> out;
  const size_t bytes = ringway_bench_fix_encode(encoder, out, count);

  Encoder venue("FIX.4.4", "EXCHANGE", "GATEWAY", ringway::fix::TimePrecision::kMillis);
  std::array<char, 1024> buffer;
  Writer writer =
      venue.Start(buffer, {.msg_type = "8", .sequence = 123'456, .sending_time_ns = kNow});
  writer.Text(Tag(37), "8812345");
  writer.Text(Tag(11), "40000001");
  writer.Text(Tag(17), "E5512345");
  writer.Char(Tag(150), 'F');
  writer.Char(Tag(39), '1');
  writer.Text(kSymbol, "AAPL");
  writer.Char(kSide, '1');
  writer.Unsigned(kOrderQty, 100);
  writer.Decimal(kPrice, 585'250'000'000);
  writer.Unsigned(Tag(32), 40);
  writer.Decimal(Tag(31), 585'200'000'000);
  writer.Unsigned(Tag(151), 60);
  writer.Unsigned(Tag(14), 40);
  writer.Decimal(Tag(6), 585'200'000'000);
  writer.Time(kTransactTime, venue.time(), kNow);
  const std::string_view input = venue.Finish(writer);
  const WantedTags wanted(kTags);
  Parser parser(wanted);
  Report report;
  RINGWAY_CHECK(ringway_bench_fix_parse(input, parser, report, count), "the driver's own report");
  RINGWAY_CHECK(report.cum_qty + report.leaves_qty == report.order_qty, "the driver's own report");
  std::printf("%zu bytes written, a report has %zu\n", bytes, input.size());
}
