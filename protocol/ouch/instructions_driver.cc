// The program that callgrind runs for the OUCH codec and a SoupBinTCP session.
//
//   instructions_driver MODE COUNT   counts ringway_ouch_work; MODE: see kModes

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#include "base/check.h"
#include "base/padded_text.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/ouch50.h"
#include "protocol/ouch/tokens.h"
#include "protocol/soup/packet.h"
#include "protocol/soup/session.h"

namespace {

using namespace std::string_view_literals;
using ringway::PaddedText;
using ringway::ouch::Encoded;
using ringway::ouch::Fault;
using ringway::ouch::UnknownReasons;
namespace ouch42 = ringway::ouch42;
namespace ouch50 = ringway::ouch50;
namespace soup = ringway::soup;

using Buffer = std::array<std::byte, 256>;

// The compiler has to assume that the memory is read and written here.
void Touch(void* memory) noexcept { asm volatile("" : : "r"(memory) : "memory"); }

uint64_t Encode42(uint32_t count) noexcept {
  ouch42::EnterOrder order{.stock = *ouch42::Symbol::Of("MSFT"), .price = 4'123'400};
  const ouch42::Tokens tokens = *ouch42::Tokens::Of("R");
  Buffer buffer;
  uint64_t bytes = 0;
  order.token = *tokens.TokenOf(1);
  for (uint32_t i = 0; i < count; ++i) {
    order.shares = 1 + i % 1'000;
    Touch(&order);
    bytes += ouch42::Encode(order, buffer).bytes;
    Touch(&buffer);
  }
  return bytes;
}

uint64_t Token42(uint32_t count) noexcept {
  const ouch42::Tokens tokens = *ouch42::Tokens::Of("R");
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    auto token = tokens.TokenOf(uint64_t{i} << 20);
    Touch(&token);
    sum += *tokens.IdOf(*token);
  }
  return sum;
}

uint64_t Encode50(uint32_t count) noexcept {
  ouch50::EnterOrder order{.symbol = *ouch50::Symbol::Of("MSFT"), .price = 4'123'400};
  Buffer buffer;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    order.user_ref_num = i + 1;
    Touch(&order);
    bytes += ouch50::Encode(order, buffer).bytes;
    Touch(&buffer);
  }
  return bytes;
}

struct Heard {
  uint64_t sum = 0;
  void On(const ouch42::Accepted& message) { sum += message.shares; }
  void On(const ouch42::Executed& message) { sum += message.executed_shares; }
  void On(const ouch50::Accepted& message) { sum += message.quantity; }
  void On(const ouch50::Executed& message) { sum += message.quantity; }
  template <class M>
  void On(const M&) {}
};

template <class M, class Decode>
uint64_t DecodeAll(uint32_t count, const M& message, Decode decode) noexcept {
  Buffer buffer;
  const Encoded encoded = ringway::ouch::Encode(message, buffer);
  RINGWAY_CHECK(encoded.fault == Fault::kNone, "the driver's message is refused");
  Heard heard;
  const auto bytes = std::span<const std::byte>(buffer).first(encoded.bytes);
  for (uint32_t i = 0; i < count; ++i) {
    Touch(&buffer);
    RINGWAY_CHECK(decode(bytes, heard) == Fault::kNone, "the driver's message is refused");
  }
  return heard.sum;
}

constexpr auto kDecode42 = [](std::span<const std::byte> bytes, Heard& heard) noexcept {
  return ouch42::DecodeFromVenue(bytes, heard, UnknownReasons::kTaken);
};
constexpr auto kDecode50 = [](std::span<const std::byte> bytes, Heard& heard) noexcept {
  return ouch50::DecodeFromVenue(bytes, heard, UnknownReasons::kTaken);
};

uint64_t Accepted42(uint32_t count) noexcept {
  return DecodeAll(count,
                   ouch42::Accepted{.token = *ouch42::Token::Of("R0000000000001"),
                                    .stock = *ouch42::Symbol::Of("MSFT")},
                   kDecode42);
}
uint64_t Executed42(uint32_t count) noexcept {
  return DecodeAll(count, ouch42::Executed{.token = *ouch42::Token::Of("R0000000000001")},
                   kDecode42);
}
uint64_t Accepted50(uint32_t count) noexcept {
  return DecodeAll(count, ouch50::Accepted{.symbol = *ouch50::Symbol::Of("MSFT")}, kDecode50);
}
uint64_t Executed50(uint32_t count) noexcept {
  return DecodeAll(count, ouch50::Executed{}, kDecode50);
}

struct Sink {
  uint64_t bytes = 0;
  bool On(const soup::Sequenced& message) {
    bytes += message.payload.size();
    return true;
  }
  bool On(const soup::Unsequenced&) { return true; }
  void On(const soup::Debug&) {}
  void On(const soup::LoginRequest&) {}
  void On(const soup::LoginAccepted&) {}
};

// A client that is live.
struct Client {
  soup::Session session{{.role = soup::Role::kClient}};
  Sink sink;

  Client() {
    session.Connect(0, soup::LoginRequest{});
    session.Sent(session.Output().size());
    std::array<std::byte, soup::kHeaderBytes + soup::LoginAccepted::kBytes> packet;
    soup::WriteHeader(packet.data(), soup::PacketType::kLoginAccepted, soup::LoginAccepted::kBytes);
    soup::Write(packet.data() + soup::kHeaderBytes,
                soup::LoginAccepted{{*PaddedText<10>::Of("DAY")}, 1});
    Take(packet);
    RINGWAY_CHECK(session.live(), "the driver's client is not live");
  }
  void Take(std::span<const std::byte> bytes) {
    std::memcpy(session.InputRoom().data(), bytes.data(), bytes.size());
    session.Received(bytes.size());
    session.Poll(0, sink, 1'000);
  }
};

uint64_t SoupSend(uint32_t count) noexcept {
  Client client;
  Buffer payload{};
  for (uint32_t i = 0; i < count; ++i) {
    RINGWAY_CHECK(
        client.session.SendUnsequenced(std::span(payload).first(49)) == soup::SendStatus::kOk,
        "the driver's output is full");
    client.session.Sent(client.session.Output().size());
  }
  return client.session.Output().size();
}

// One packet is read and polled at a time.
uint64_t SoupReceive(uint32_t count) noexcept {
  Client client;
  std::array<std::byte, soup::kHeaderBytes + 40> packet{};
  soup::WriteHeader(packet.data(), soup::PacketType::kSequenced, 40);
  for (uint32_t i = 0; i < count; ++i) client.Take(packet);
  return client.sink.bytes;
}

struct Mode {
  std::string_view name;
  uint64_t (*work)(uint32_t count) noexcept;
};
constexpr Mode kModes[] = {
    {"encode42"sv, Encode42},     {"token42"sv, Token42},       {"encode50"sv, Encode50},
    {"accepted42"sv, Accepted42}, {"executed42"sv, Executed42}, {"accepted50"sv, Accepted50},
    {"executed50"sv, Executed50}, {"soup_send"sv, SoupSend},    {"soup_receive"sv, SoupReceive},
};

}  // namespace

// What callgrind counts. Never inlined.
extern "C" [[gnu::noinline]] uint64_t ringway_ouch_work(const Mode& mode, uint32_t count) noexcept;
uint64_t ringway_ouch_work(const Mode& mode, uint32_t count) noexcept { return mode.work(count); }

int main(int argc, char** argv) {
  const auto mode = std::ranges::find(kModes, argc == 3 ? std::string_view(argv[1]) : ""sv,
                                      [](const Mode& each) { return each.name; });
  if (mode == std::end(kModes)) {
    std::fprintf(stderr, "usage: instructions_driver MODE COUNT\n");
    return 2;
  }
  const auto count = static_cast<uint32_t>(std::atoi(argv[2]));
  std::printf("%llu\n", static_cast<unsigned long long>(ringway_ouch_work(*mode, count)));
}
