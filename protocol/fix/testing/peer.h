// A scripted peer of a session, for tests.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "protocol/fix/session.h"
#include "protocol/fix/testing/owner.h"
#include "protocol/fix/testing/text.h"

namespace ringway::fix {

inline constexpr int64_t kStart = 1'700'000'000 * kNsPerS;  // 20231114-22:13:20
inline constexpr const char* kStartText = "20231114-22:13:20.000";

inline SessionConfig AcceptorConfig() {
  SessionConfig config;
  config.role = Role::kAcceptor;
  config.sender_comp_id = "US";
  config.target_comp_id = "PEER";
  config.message_bytes_max = 4'096;
  config.output_bytes = 64 * 1024;
  return config;
}
inline SessionConfig InitiatorConfig() {
  SessionConfig config = AcceptorConfig();
  config.role = Role::kInitiator;
  return config;
}

// A session and the peer's side of its connection.
class Peer {
 public:
  explicit Peer(const SessionConfig& config)
      : begin_string_(BeginStringOf(config.version)), session(config, tags_, owner) {}

  // A message of the peer; `fields` follow the header, `header` is added to it.
  std::string Text(std::string_view type, uint64_t sequence, std::string_view fields = "",
                   std::string_view header = "") const {
    return Whole(begin_string_, "35=" + std::string(type) + "|34=" + std::to_string(sequence) +
                                    "|49=PEER|56=US|52=" + sending_time + "|" +
                                    std::string(header) + std::string(fields));
  }
  void Say(std::string_view type, uint64_t sequence, std::string_view fields = "",
           std::string_view header = "") {
    Bytes(Text(type, sequence, fields, header));
  }
  void Bytes(std::string_view bytes) {
    input_ += bytes;
    input_.erase(0, session.Receive(now_ns, input_));
  }
  void ReceiveAgain() { Bytes(""); }
  size_t unread() const { return input_.size(); }

  // What the session sent since the last call: one message, or all, with '|'.
  std::vector<std::string> Heard() {
    std::vector<std::string> heard;
    std::string all(session.output());
    session.Consumed(all.size());
    for (std::string_view rest = all; !rest.empty();) {
      const Frame frame = NextFrame(rest, 1 << 20);
      EXPECT_EQ(frame.kind, Frame::Kind::kMessage) << Bars(rest);
      if (frame.kind != Frame::Kind::kMessage) break;
      std::array<Slot, kSessionSlots + 1> slots;
      EXPECT_EQ(Parser(tags_).Parse(frame, slots).error, ParseError::kNone) << Bars(rest);
      heard.push_back(Bars(frame.message));
      rest.remove_prefix(frame.message.size());
    }
    return heard;
  }
  // The only message that the session sent since the last call.
  std::string HeardOne() {
    const std::vector<std::string> heard = Heard();
    EXPECT_EQ(heard.size(), 1u);
    return heard.empty() ? "" : heard.back();
  }
  void Pass(int64_t ns, int64_t step = kNsPerS) {
    for (const int64_t end = now_ns + ns; now_ns < end;) {
      now_ns += step;
      session.Tick(now_ns);
    }
  }
  // The peer's clock follows.
  void ClockFollows() {
    TimestampWriter format(TimePrecision::kMillis);
    char text[TimestampWriter::kBytesMax];
    sending_time = std::string(text, format.Format(now_ns, text));
  }

  TestOwner owner;
  int64_t now_ns = kStart;
  std::string sending_time = kStartText;

 private:
  std::string_view begin_string_;
  WantedTags tags_;
  std::string input_;

 public:
  Session session;
};

inline bool Has(const std::string& message, std::string_view field) {
  return message.find("|" + std::string(field) + "|") != std::string::npos;
}

#define EXPECT_HAS(message, field) EXPECT_TRUE(Has(message, field)) << (message)

// An acceptor, logged on; the peer's next number is 2.
inline std::unique_ptr<Peer> LoggedOn(const SessionConfig& config = AcceptorConfig()) {
  auto peer = std::make_unique<Peer>(config);
  EXPECT_TRUE(peer->session.Connect(peer->now_ns));
  peer->Say("A", 1, "98=0|108=30|");
  EXPECT_EQ(peer->session.state(), SessionState::kActive) << peer->session.reason();
  peer->Heard();
  return peer;
}

inline void ExpectEnd(Peer& peer, std::string_view reason) {
  EXPECT_EQ(peer.session.state(), SessionState::kClosing);
  EXPECT_NE(peer.session.reason().find(reason), std::string_view::npos) << peer.session.reason();
}

}  // namespace ringway::fix
