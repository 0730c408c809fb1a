// Fuzzes a member that speaks FIX with arbitrary messages from its client.
//
// The first input byte chooses: bits 0 and 1 the version, bit 2 that the client reads nothing for a
// while. The rest are pieces: two bytes of length, high first, and the bytes. A piece that begins
// with "35=" is a body with '|' for SOH, which gets the header's other fields and a right number;
// any other one is sent as it is. Whatever they ask for, every answer is a whole message, numbers
// rise, and every order ends with the session.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "exchange/fix/fix_member.h"
#include "exchange/matching.h"
#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/session_config.h"

namespace ringway::exchange {
namespace {

constexpr int64_t kStartNs = 1'700'000'000 * kNsPerS;

std::string Whole(std::string_view begin_string, std::string body) {
  std::ranges::replace(body, '|', fix::kSoh);
  std::string text =
      "8=" + std::string(begin_string) + "\0019=" + std::to_string(body.size()) + "\001" + body;
  std::array<char, 8> sum;
  std::snprintf(sum.data(), sum.size(), "10=%03u", unsigned{fix::CheckSum(text)});
  return text + sum.data() + "\001";
}

class Client {
 public:
  Client(Exchange& exchange, const FixMemberOptions& options)
      : begin_string_(fix::BeginStringOf(options.session.version)),
        member_(exchange, *exchange.Admit(1), options) {
    member_.Connect(now_ns_);
    Say("A", "98=0|108=30|1137=9|");
  }

  void Say(std::string_view type, std::string_view fields) {
    Send(Whole(begin_string_, "35=" + std::string(type) +
                                  "|34=" + std::to_string(member_.session().numbers().next_in) +
                                  "|49=C|56=E|52=20231114-22:13:20|" + std::string(fields)));
  }
  void Send(std::string_view bytes) {
    input_ += bytes;
    // Nobody else can make it wait for ever.
    for (int turn = 0; turn != 20; ++turn) {
      input_.erase(0, member_.Receive(now_ns_, input_));
      member_.DoWork(now_ns_);
      if (reads) Read();
    }
    if (member_.session().state() != fix::SessionState::kClosing) return;
    member_.Disconnected();
    input_.clear();
    member_.Connect(now_ns_);
    sequence_ = 0;
    if (type_of_logon_++ < 8) Say("A", "98=0|108=30|1137=9|141=Y|");
  }
  void End() {
    reads = true;
    member_.EndSession();
    for (int turns = 0; !member_.ended(); ++turns) {
      RINGWAY_CHECK(turns != 1000, "a session does not end");
      member_.DoWork(now_ns_);
      member_.Tick(now_ns_);
      Read();
    }
  }

  bool reads = true;

 private:
  void Read() {
    std::string_view output = member_.output();
    const std::size_t bytes = output.size();
    while (!output.empty()) {
      const fix::Frame frame = fix::NextFrame(output, 1 << 20);
      RINGWAY_CHECK(frame.kind == fix::Frame::Kind::kMessage, "whole messages");
      RINGWAY_CHECK(parser_.Parse(frame, slots_).error == fix::ParseError::kNone, "right ones");
      const auto get = [&](fix::SessionSlot slot) {
        return frame.message.substr(slots_[slot].offset, slots_[slot].bytes);
      };
      uint64_t sequence = 0;
      RINGWAY_CHECK(
          fix::ParseUnsigned(get(fix::kSlotMsgSeqNum), sequence) == fix::ValueError::kNone,
          "a number");
      const bool again = get(fix::kSlotPossDupFlag) == "Y";
      const bool resets = get(fix::kSlotResetSeqNumFlag) == "Y";
      RINGWAY_CHECK(again || resets || sequence > sequence_, "numbers rise");
      if (!again) sequence_ = sequence;
      output.remove_prefix(frame.message.size());
    }
    member_.Consumed(bytes);
  }

  const int64_t now_ns_ = kStartNs;
  const std::string_view begin_string_;
  FixMember member_;
  fix::WantedTags tags_;
  fix::Parser parser_{tags_};
  std::array<fix::Slot, fix::kSessionSlots + 1> slots_;
  std::string input_;
  uint64_t sequence_ = 0;
  int type_of_logon_ = 0;
};

void Try(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  ExchangeOptions options;
  options.instruments = {{.id = 7, .tick = 100'000}};
  options.orders_max = 64;
  options.levels_per_side_max = 16;
  options.positions_max = 16;
  options.closed_ids_max = 16;
  options.members_max = 1;
  options.member_queue_reports = 64;
  const std::unique_ptr<Exchange> exchange = *Exchange::Create(options);
  FixMemberOptions of;
  of.version = static_cast<FixVersion>(choice % 3);
  of.session.role = fix::Role::kAcceptor;
  of.session.version = of.version == FixVersion::k42   ? fix::Version::kFix42
                       : of.version == FixVersion::k44 ? fix::Version::kFix44
                                                       : fix::Version::kFixt11;
  of.session.sender_comp_id = "E";
  of.session.target_comp_id = "C";
  of.session.message_bytes_max = 4'096;
  of.session.output_bytes = 32 * 1024;
  of.number = 1;
  of.messages_max = 32;
  of.instruments = {{"AAPL", 7}};
  Client client(*exchange, of);
  client.reads = (choice & 4) == 0;
  while (input.size() > 2) {
    const std::size_t size = std::min<std::size_t>(
        static_cast<unsigned char>(input[0]) << 8 | static_cast<unsigned char>(input[1]),
        input.size() - 2);
    const std::string_view piece = input.substr(2, size);
    input.remove_prefix(2 + size);
    const std::size_t type_end = piece.find('|');
    if (piece.starts_with("35=") && type_end != piece.npos) {
      client.Say(piece.substr(3, type_end - 3), piece.substr(type_end + 1));
    } else {
      client.Send(piece);
    }
  }
  client.End();
  RINGWAY_CHECK(exchange->book().open_count() == 0, "an order outlives its member's session");
}

}  // namespace
}  // namespace ringway::exchange

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::exchange::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
