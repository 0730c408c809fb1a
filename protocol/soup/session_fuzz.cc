// Fuzzes both ends of a SoupBinTCP connection with arbitrary bytes from the other end.
//
// The first input byte chooses the end, whether a genuine login comes first, and how many messages
// the sink takes at a time. The rest arrives once as it is and once byte by byte, which must lead
// to the same events and the same end.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/check.h"
#include "protocol/soup/packet.h"
#include "protocol/soup/session.h"

namespace ringway::soup {
namespace {

constexpr std::size_t kInputBytes = 512;
constexpr std::size_t kPayloadBytes = 100;

// Folds what it hears into a number.
struct Heard {
  Session& session;
  uint64_t hash = 14695981039346656037u;
  uint64_t expected = 1;

  void Fold(std::span<const std::byte> bytes, uint64_t kind) {
    RINGWAY_CHECK(bytes.size() <= kPayloadBytes, "a payload beyond its limit");
    hash = (hash ^ kind ^ (bytes.size() << 8)) * 1099511628211u;
    for (const std::byte byte : bytes) hash = (hash ^ static_cast<uint64_t>(byte)) * 1099511628211u;
  }
  bool On(const Sequenced& message) {
    RINGWAY_CHECK(message.number == expected++, "a number was left out or came twice");
    Fold(message.payload, 1);
    return true;
  }
  bool On(const Unsequenced& message) {
    Fold(message.payload, 2);
    return true;
  }
  void On(const Debug& debug) { Fold(debug.text, 3); }
  void On(const LoginRequest&) {
    Fold({}, 4);
    session.Accept({*PaddedText<10>::Of("DAY")}, 1, 6);
  }
  void On(const LoginAccepted& accepted) {
    expected = accepted.sequence;
    Fold({}, 5);
  }
};

uint64_t Feed(std::span<const std::byte> input, uint8_t choice, std::size_t piece) {
  Options options;
  options.role = (choice & 1) != 0 ? Role::kClient : Role::kServer;
  options.payload_bytes_max = kPayloadBytes;
  options.input_bytes = kInputBytes;
  options.output_bytes = 256;
  Session session(options);
  Heard heard{session};
  LoginRequest login;
  login.sequence = 0;
  if (options.role == Role::kClient) {
    session.Connect(0, login);
  } else {
    session.Connect(0);
  }
  const auto take = [&](std::span<const std::byte> bytes) {
    while (!bytes.empty() && !session.over()) {
      const std::span<std::byte> room = session.InputRoom();
      const std::size_t count = std::min({room.size(), bytes.size(), piece});
      RINGWAY_CHECK(count > 0, "a sink that takes everything, and no room");
      std::copy_n(bytes.begin(), count, room.begin());
      session.Received(count);
      bytes = bytes.subspan(count);
      const uint32_t budget = 1 + (choice >> 4);
      while (session.Poll(0, heard, budget) == budget) {
      }
      const std::array<std::byte, 20> stored{};
      session.SendSequenced(
          [&](uint64_t number) -> std::optional<std::span<const std::byte>> {
            if (number > 5) return std::nullopt;
            return stored;
          },
          2);
      (void)session.SendUnsequenced(stored);
      RINGWAY_CHECK(session.Output().size() <= 256, "more output than is allowed");
      session.Maintain(0);
      session.Sent(session.Output().size() / 2);
    }
  };
  if ((choice & 2) != 0) {
    std::array<std::byte, kHeaderBytes + LoginRequest::kBytes> bytes;
    std::size_t payload_bytes = LoginRequest::kBytes;
    if (options.role == Role::kClient) {
      payload_bytes = LoginAccepted::kBytes;
      WriteHeader(bytes.data(), PacketType::kLoginAccepted, payload_bytes);
      Write(bytes.data() + kHeaderBytes, LoginAccepted{{*PaddedText<10>::Of("DAY")}, 1});
    } else {
      WriteHeader(bytes.data(), PacketType::kLoginRequest, payload_bytes);
      Write(bytes.data() + kHeaderBytes, login);
    }
    take(std::span(bytes).first(kHeaderBytes + payload_bytes));
    RINGWAY_CHECK(session.live(), "a genuine login is accepted");
  }
  take(input);
  return heard.hash ^ (static_cast<uint64_t>(session.end()) << 56) ^
         (static_cast<uint64_t>(session.state()) << 48);
}

}  // namespace
}  // namespace ringway::soup

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  const uint64_t whole = ringway::soup::Feed(input, data[0], SIZE_MAX);
  const uint64_t split = ringway::soup::Feed(input, data[0], 1);
  RINGWAY_CHECK(whole == split, "where the stream is split makes a difference");
  return 0;
}
