// Fuzzes a session with arbitrary bytes from its peer.
//
// Input: a byte of options (bit 0: acceptor; bit 1: a genuine Logon comes first; bit 2: BodyLength
// and CheckSum of each piece are made right; bit 3: the handler sometimes refuses), then pieces:
// two bytes of length, high first, and the bytes. With bit 2 a piece is a body, "35=D|34=2|...",
// which gets the header's other fields. Messages of the session must be whole ones, and numbers
// must rise.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/check.h"
#include "protocol/fix/session.h"

namespace ringway::fix {
namespace {

constexpr int64_t kStart = 1'700'000'000 * kNsPerS;

struct Owner final : SessionHandler {
  Numbers numbers;
  uint32_t calls = 0;
  bool refuses = false;

  void OnNumbers(const Numbers& changed) noexcept override {
    RINGWAY_CHECK(changed.generation > numbers.generation ||
                      (changed.generation == numbers.generation &&
                       changed.next_out >= numbers.next_out && changed.next_in >= numbers.next_in),
                  "numbers rise within a generation");
    numbers = changed;
  }
  bool OnMessage(const Message& message) noexcept override {
    RINGWAY_CHECK(message.sequence == numbers.next_in, "in order");
    return !refuses || ++calls % 3 != 0;
  }
  void OnGap(uint64_t first, uint64_t next) noexcept override {
    RINGWAY_CHECK(first < next, "a gap is not empty");
  }
  Recalled OnRecall(uint64_t sequence, uint64_t last) noexcept override {
    RINGWAY_CHECK(sequence <= last && last < numbers.next_out, "what was sent");
    if (sequence % 3 == 0)
      return {.kind = Recalled::Kind::kResend, .msg_type = "8", .body = "58=x\001"};
    if (sequence % 7 == 0 && ++calls % 2 == 0) return {.kind = Recalled::Kind::kLater};
    return {.kind = Recalled::Kind::kGapFill, .through = sequence + calls % 3};
  }
};

void CheckOutput(Session& session) {
  const WantedTags wanted;
  Parser parser(wanted);
  std::array<Slot, kSessionSlots + 1> slots;
  std::string_view output = session.output();
  while (!output.empty()) {
    const Frame frame = NextFrame(output, 1 << 20);
    RINGWAY_CHECK(frame.kind == Frame::Kind::kMessage, "whole messages");
    RINGWAY_CHECK(parser.Parse(frame, slots).error == ParseError::kNone, "and right ones");
    output.remove_prefix(frame.message.size());
  }
  session.Consumed(session.output().size());
}

std::string Whole(std::string_view body) {
  std::string text = "8=FIX.4.4\0019=" + std::to_string(body.size()) + "\001";
  text += body;
  std::array<char, 8> sum;
  std::snprintf(sum.data(), sum.size(), "10=%03u", unsigned{CheckSum(text)});
  return text + sum.data() + "\001";
}

void Try(std::string_view input) {
  if (input.empty()) return;
  const auto options = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  SessionConfig config;
  config.role = (options & 1) != 0 ? Role::kAcceptor : Role::kInitiator;
  config.sender_comp_id = "US";
  config.target_comp_id = "PEER";
  config.message_bytes_max = 1'024;
  config.output_bytes = 12 * 1'024;
  const WantedTags wanted;
  Owner owner;
  owner.refuses = (options & 8) != 0;
  Session session(config, wanted, owner);
  int64_t now_ns = kStart;
  (void)session.Connect(now_ns);
  const std::string ids = "\00149=PEER\00156=US\00152=20231114-22:13:20.000\001";
  std::string stream;
  if ((options & 2) != 0) stream = Whole("35=A\00134=1" + ids + "98=0\001108=30\001");
  for (uint32_t piece = 0; piece != 64 && session.state() != SessionState::kClosing; ++piece) {
    if (input.size() >= 2) {
      const size_t said =
          static_cast<unsigned char>(input[0]) << 8 | static_cast<unsigned char>(input[1]);
      const std::string_view bytes = input.substr(2, said);
      input.remove_prefix(2 + bytes.size());
      if ((options & 4) != 0) {
        const size_t type_end = std::min(bytes.find('\001'), bytes.size());
        stream += Whole(std::string(bytes.substr(0, type_end)) + ids +
                        std::string(bytes.substr(std::min(type_end + 1, bytes.size()))) + "\001");
      } else {
        stream += bytes;
      }
    }
    const size_t done = session.Receive(now_ns, stream);
    RINGWAY_CHECK(done <= stream.size(), "no more than there was");
    stream.erase(0, done);
    (void)session.Send(now_ns, "8", [](Writer& writer) { writer.Unsigned(Tag(17), 1); });
    if (piece % 3 == 0) CheckOutput(session);
    session.Tick(now_ns += kNsPerS * (piece % 5));
    if (session.state() != SessionState::kClosing && !owner.refuses && !session.resending())
      RINGWAY_CHECK(stream.size() <= config.message_bytes_max + 64 * 1'024, "bounded");
  }
  CheckOutput(session);
  session.Disconnected();
  RINGWAY_CHECK(session.numbers() == owner.numbers || owner.numbers == Numbers{}, "all was told");
}

}  // namespace
}  // namespace ringway::fix

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::fix::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
