// Tests of one end of a SoupBinTCP connection against bytes, and of two ends against each other.
#include "protocol/soup/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/soup/packet.h"
#include "tests/alloc_count.h"

namespace ringway::soup {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
std::string Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string Packet(char type, std::string_view payload = "") {
  const auto length = static_cast<uint16_t>(payload.size() + 1);
  std::string packet{static_cast<char>(length >> 8), static_cast<char>(length), type};
  return packet.append(payload);
}
SessionId Id(std::string_view text) { return {*PaddedText<10>::Of(text)}; }

LoginRequest Login(std::string_view session = "", uint64_t sequence = 1) {
  LoginRequest login;
  login.user = *PaddedText<6>::Of("bob");
  login.password = *PaddedText<10>::Of("secret");
  login.session = Id(session);
  login.sequence = sequence;
  return login;
}
const std::string kLoginBytes =
    Packet('L', "bob   secret    " + std::string(10, ' ') + std::string(19, ' ') + "1");
const std::string kAcceptedBytes = Packet('A', "DAY       " + std::string(19, ' ') + "1");

struct Heard {
  bool takes = true;
  std::vector<std::string> events;
  bool On(const Sequenced& message) {
    if (takes) events.push_back(std::to_string(message.number) + ":" + Text(message.payload));
    return takes;
  }
  bool On(const Unsequenced& message) {
    if (takes) events.push_back("u:" + Text(message.payload));
    return takes;
  }
  void On(const Debug& debug) { events.push_back("+:" + Text(debug.text)); }
  void On(const LoginRequest& login) {
    events.push_back("login " + std::string(login.user.text()));
  }
  void On(const LoginAccepted& accepted) {
    events.push_back("accepted " + std::string(accepted.session.text()));
  }
};
using Events = std::vector<std::string>;

struct Fed {
  Session session;
  Heard heard;

  explicit Fed(Role role, Options options = {}) : session((options.role = role, options)) {}

  void Feed(std::string_view bytes, int64_t now_ns = 0) {
    const std::span<std::byte> room = session.InputRoom();
    ASSERT_LE(bytes.size(), room.size());
    std::ranges::copy(Bytes(bytes), room.begin());
    session.Received(bytes.size());
    session.Poll(now_ns, heard, 100);
  }
  std::string TakeOutput() {
    std::string out = Text(session.Output());
    session.Sent(out.size());
    return out;
  }
};

struct Client : Fed {
  explicit Client(Options options = {}, LoginRequest login = Login())
      : Fed(Role::kClient, options) {
    session.Connect(0, login);
  }
  void GoLive() {
    (void)TakeOutput();
    Feed(kAcceptedBytes);
    ASSERT_TRUE(session.live());
    heard.events.clear();
  }
};

struct Server : Fed {
  explicit Server(Options options = {}) : Fed(Role::kServer, options) { session.Connect(0); }
  void GoLive() {
    Feed(kLoginBytes);
    ASSERT_EQ(session.state(), State::kLoginHeard);
    ASSERT_TRUE(session.Accept(Id("DAY"), 1, 1));
    ASSERT_EQ(TakeOutput(), kAcceptedBytes);
    heard.events.clear();
  }
  uint32_t Send(const std::vector<std::string>& store, uint32_t budget = 100) {
    return session.SendSequenced(
        [&](uint64_t number) -> std::optional<std::span<const std::byte>> {
          if (number > store.size()) return std::nullopt;
          return Bytes(store[number - 1]);
        },
        budget);
  }
};

TEST(Session, AClientLogsOnAndNumbersWhatComes) {
  Client client;
  EXPECT_EQ(client.TakeOutput(), kLoginBytes);
  EXPECT_EQ(client.session.SendUnsequenced(Bytes("x")), SendStatus::kNotLive);
  client.Feed(kAcceptedBytes + Packet('S', "one") + Packet('H') + Packet('S', "") +
              Packet('U', "loose") + Packet('+', "hello") + Packet('S', "three"));
  EXPECT_EQ(client.heard.events,
            (Events{"accepted DAY", "1:one", "2:", "u:loose", "+:hello", "3:three"}));
  EXPECT_EQ(client.session.next_sequence(), 4u);
  EXPECT_EQ(client.session.SendUnsequenced(Bytes("order")), SendStatus::kOk);
  EXPECT_EQ(client.TakeOutput(), Packet('U', "order"));
}

TEST(Session, AServerLogsOnAndSendsFromItsStore) {
  Server server;
  server.Feed(kLoginBytes);
  EXPECT_EQ(server.heard.events, (Events{"login bob"}));
  EXPECT_EQ(server.Send({"one"}), 0u);
  ASSERT_TRUE(server.session.Accept(Id("DAY"), 1, 3));
  std::vector<std::string> store{"one", "two"};
  EXPECT_EQ(server.Send(store, 1), 1u);
  EXPECT_EQ(server.Send(store), 1u);
  EXPECT_EQ(server.Send(store), 0u);
  store.push_back("three");
  EXPECT_EQ(server.Send(store), 1u);
  EXPECT_EQ(server.TakeOutput(),
            kAcceptedBytes + Packet('S', "one") + Packet('S', "two") + Packet('S', "three"));
  server.Feed(Packet('U', "order") + Packet('R') + Packet('+', "note"));
  EXPECT_EQ(server.heard.events, (Events{"login bob", "u:order", "+:note"}));
  EXPECT_EQ(server.session.SendUnsequenced(Bytes("loose")), SendStatus::kOk);
  EXPECT_EQ(server.TakeOutput(), Packet('U', "loose"));
}

TEST(Session, AClientResumesWhereItAskedTo) {
  const auto answer = [](std::string_view session, uint64_t sequence, std::string_view from) {
    Client client({}, Login(session, sequence));
    (void)client.TakeOutput();
    client.Feed(Packet('A', "DAY       " + std::string(20 - from.size(), ' ') + std::string(from)));
    return client.session.end();
  };
  EXPECT_EQ(answer("DAY", 7, "7"), End::kNone);
  EXPECT_EQ(answer("", 0, "12"), End::kNone);
  EXPECT_EQ(answer("DAY", 7, "8"), End::kOtherSequence);
  EXPECT_EQ(answer("DAY", 7, "6"), End::kOtherSequence);
  EXPECT_EQ(answer("", 0, "0"), End::kOtherSequence);
  EXPECT_EQ(answer("YESTERDAY", 7, "7"), End::kOtherSession);
  EXPECT_EQ(answer("", 7, "x"), End::kBadLogin);
}

TEST(Session, AServerRefusesASessionOrANumberThatItHasNot) {
  const auto asks = [](std::string_view session, std::string_view number) {
    Server server;
    std::string name(session);
    name.resize(10, ' ');
    server.Feed(Packet('L', "bob   secret    " + name + std::string(20 - number.size(), ' ') +
                                std::string(number)));
    if (server.session.Accept(Id("DAY"), 5, 9))
      return "from " + std::to_string(server.session.next_sequence());
    EXPECT_EQ(server.TakeOutput(), Packet('J', "S"));
    EXPECT_EQ(server.session.end(), End::kNoSuchSession);
    return std::string("refused");
  };
  EXPECT_EQ(asks("", "5"), "from 5");
  EXPECT_EQ(asks("DAY", "9"), "from 9");
  EXPECT_EQ(asks("  DAY", "6"), "from 6");
  EXPECT_EQ(asks("DAY", "0"), "from 8");
  EXPECT_EQ(asks("DAY", "4"), "refused");
  EXPECT_EQ(asks("DAY", "10"), "refused");
  EXPECT_EQ(asks("OTHER", "5"), "refused");
}

TEST(Session, ARejectedLoginSaysWhyAndEnds) {
  const auto rejected = [](std::string_view reason) {
    Client client;
    client.Feed(Packet('J', reason));
    return client.session.end();
  };
  EXPECT_EQ(rejected("A"), End::kNotAuthorized);
  EXPECT_EQ(rejected("S"), End::kNoSuchSession);
  EXPECT_EQ(rejected("?"), End::kRejected);
  Server server;
  server.Feed(kLoginBytes);
  server.session.Reject(RejectReason::kNotAuthorized);
  EXPECT_TRUE(server.session.over());
  EXPECT_EQ(server.TakeOutput(), Packet('J', "A"));
}

TEST(Session, WhatIsMalformedEndsTheConnectionWithItsReason) {
  const auto ends = [](Role role, std::string_view bytes) {
    Options options;
    options.payload_bytes_max = 100;
    if (role == Role::kClient) {
      Client client(options);
      client.GoLive();
      client.Feed(bytes);
      EXPECT_TRUE(client.session.Output().empty());
      return client.session.end();
    }
    Server server(options);
    server.GoLive();
    server.Feed(bytes);
    EXPECT_TRUE(server.session.Output().empty());
    return server.session.end();
  };
  for (const Role role : {Role::kClient, Role::kServer}) {
    EXPECT_EQ(ends(role, std::string_view("\0\0", 2)), End::kZeroLength);
    EXPECT_EQ(ends(role, std::string_view("\0\x66", 2)), End::kTooLong);
    EXPECT_EQ(ends(role, std::string_view("\xff\xff", 2)), End::kTooLong);
    EXPECT_EQ(ends(role, std::string_view("\0\x05Q", 3)), End::kUnknownType);
    EXPECT_EQ(ends(role, std::string_view("\0\x05U1", 4)), End::kNone) << "half a message";
  }
  EXPECT_EQ(ends(Role::kClient, Packet('H', "x")), End::kWrongLength);
  EXPECT_EQ(ends(Role::kServer, Packet('O', "x")), End::kWrongLength);
  EXPECT_EQ(ends(Role::kServer, Packet('L', "x")), End::kWrongLength);
  EXPECT_EQ(ends(Role::kClient, Packet('R')), End::kUnexpectedType);
  EXPECT_EQ(ends(Role::kServer, Packet('S', "x")), End::kUnexpectedType);
  EXPECT_EQ(ends(Role::kServer, kLoginBytes), End::kUnexpectedType) << "a second login";
  EXPECT_EQ(ends(Role::kClient, kAcceptedBytes), End::kUnexpectedType) << "a second answer";
  EXPECT_EQ(ends(Role::kServer, Packet('O')), End::kLoggedOut);
  EXPECT_EQ(ends(Role::kClient, Packet('Z')), End::kEndOfSession);
}

TEST(Session, NothingButALoginIsTakenBeforeIt) {
  Server server;
  server.Feed(Packet('U', "order") + kLoginBytes);
  EXPECT_EQ(server.session.end(), End::kUnexpectedType);
  EXPECT_TRUE(server.heard.events.empty());
  Server undecided;
  undecided.Feed(kLoginBytes + Packet('U', "order"));
  EXPECT_EQ(undecided.session.end(), End::kUnexpectedType) << "before the answer";
  Client client;
  client.Feed(Packet('S', "one"));
  EXPECT_EQ(client.session.end(), End::kUnexpectedType);
}

TEST(Session, AMalformedLoginIsAnsweredAndLogged) {
  Server server;
  server.Feed(Packet('L', "bob   secret    " + std::string(30, ' ')));
  EXPECT_EQ(server.session.end(), End::kBadLogin);
  EXPECT_EQ(server.TakeOutput(), Packet('J', "A"));
}

TEST(Session, ARefusedMessageComesFirstNextTimeAndStopsTheInput) {
  Options options;
  options.payload_bytes_max = 100;
  options.input_bytes = 120;
  Client client(options);
  client.GoLive();
  client.heard.takes = false;
  client.Feed(Packet('S', std::string(100, 'a')) + Packet('S', "b"));
  EXPECT_TRUE(client.heard.events.empty());
  EXPECT_EQ(client.session.next_sequence(), 1u);
  EXPECT_EQ(client.session.InputRoom().size(), 120u - 107u);
  for (int64_t second = 1; second < 100; ++second) client.session.Maintain(second * kSecond);
  EXPECT_EQ(client.session.end(), End::kNone) << "the peer may not speak, so it is not silent";
  client.heard.takes = true;
  EXPECT_EQ(client.session.Poll(0, client.heard, 1), 1u);
  EXPECT_EQ(client.session.Poll(0, client.heard, 1), 1u);
  EXPECT_EQ(client.heard.events, (Events{"1:" + std::string(100, 'a'), "2:b"}));
}

TEST(Session, ARefusedSendChangesNothing) {
  Options options;
  options.payload_bytes_max = 100;
  options.output_bytes = 300;
  Client client(options);
  client.GoLive();
  const std::string payload(100, 'x');
  EXPECT_EQ(client.session.SendUnsequenced(Bytes(std::string(101, 'x'))), SendStatus::kTooLong);
  EXPECT_EQ(client.session.SendUnsequenced(Bytes(payload)), SendStatus::kOk);
  EXPECT_EQ(client.session.SendUnsequenced(Bytes(payload)), SendStatus::kOk);
  const std::string before = Text(client.session.Output());
  EXPECT_EQ(client.session.SendUnsequenced(Bytes(payload)), SendStatus::kBackPressured);
  EXPECT_EQ(Text(client.session.Output()), before);
  EXPECT_EQ(client.session.Logout(), SendStatus::kOk) << "a logout always has room";
  EXPECT_EQ(client.TakeOutput(), Packet('U', payload) + Packet('U', payload) + Packet('O'));
  EXPECT_EQ(client.session.SendUnsequenced(Bytes("x")), SendStatus::kNotLive);
  client.Feed(Packet('S', "late"));
  EXPECT_EQ(client.heard.events, (Events{"1:late"}));
  client.session.Disconnected();
  EXPECT_EQ(client.session.end(), End::kLoggedOut);
}

TEST(Session, AStoreIsReadInPiecesThatTheOutputHasRoomFor) {
  Options options;
  options.payload_bytes_max = 100;
  options.output_bytes = 300;
  Server server(options);
  server.GoLive();
  const std::vector<std::string> store(50, std::string(60, 'm'));
  uint32_t sent = 0;
  while (sent < 50) {
    const uint32_t piece = server.Send(store);
    ASSERT_GT(piece, 0u);
    ASSERT_LE(server.session.Output().size(), 300u);
    sent += piece;
    (void)server.TakeOutput();
  }
  EXPECT_EQ(server.session.next_sequence(), 51u);
  EXPECT_EQ(server.Send(std::vector<std::string>(51, std::string(101, 'm'))), 0u);
  EXPECT_EQ(server.session.end(), End::kStoredTooLong);
}

TEST(Session, HeartbeatsWhenNothingElseWasSentForASecond) {
  Server server;
  server.GoLive();
  Client client;
  client.GoLive();
  for (Fed* end : {static_cast<Fed*>(&server), static_cast<Fed*>(&client)}) {
    const std::string beat = Packet(end == &server ? 'H' : 'R');
    end->session.Maintain(kSecond - 1);
    EXPECT_EQ(end->TakeOutput(), "");
    end->session.Maintain(kSecond);
    EXPECT_EQ(end->TakeOutput(), beat);
    EXPECT_EQ(end->session.SendUnsequenced(Bytes("x")), SendStatus::kOk);
    (void)end->TakeOutput();
    end->session.Maintain(2 * kSecond - 1);
    EXPECT_EQ(end->TakeOutput(), "");
    end->session.Maintain(2 * kSecond);
    EXPECT_EQ(end->TakeOutput(), beat);
  }
}

TEST(Session, SilenceEndsIt) {
  Client client;
  client.GoLive();
  int64_t now_ns = 0;
  while (now_ns < 15 * kSecond) client.session.Maintain(now_ns += kSecond);
  EXPECT_TRUE(client.session.live());
  client.session.Maintain(now_ns += kSecond);
  EXPECT_EQ(client.session.end(), End::kSilent);
}

TEST(Session, APeerThatNeverFinishesAPacketIsSilent) {
  Client client;
  client.GoLive();
  client.Feed(std::string_view("\0\x40S", 3));
  int64_t now_ns = 0;
  for (int i = 0; i < 16 && client.session.live(); ++i) {
    client.Feed("x", now_ns += kSecond);
    client.session.Maintain(now_ns);
  }
  EXPECT_EQ(client.session.end(), End::kSilent);
}

TEST(Session, AnEndThatWasStoppedDoesNotCallTheOtherSilent) {
  Client client;
  client.GoLive();
  client.session.Maintain(kSecond);
  client.session.Maintain(3600 * kSecond);
  EXPECT_TRUE(client.session.live());
}

TEST(Session, ALoginHasItsTime) {
  Server silent;
  silent.session.Maintain(11 * kSecond);
  EXPECT_EQ(silent.session.end(), End::kLoginTooSlow);
  Server undecided;
  undecided.Feed(kLoginBytes);
  undecided.session.Maintain(11 * kSecond);
  EXPECT_EQ(undecided.session.end(), End::kLoginTooSlow);
  Client unanswered;
  unanswered.session.Maintain(11 * kSecond);
  EXPECT_EQ(unanswered.session.end(), End::kLoginTooSlow);
}

TEST(Session, TheEndOfASessionFollowsItsLastMessage) {
  Server server;
  server.GoLive();
  EXPECT_EQ(server.Send({"last"}), 1u);
  EXPECT_EQ(server.session.EndSession(), SendStatus::kOk);
  EXPECT_TRUE(server.session.over());
  EXPECT_EQ(server.TakeOutput(), Packet('S', "last") + Packet('Z'));
}

TEST(Session, OneObjectServesConnectionAfterConnection) {
  Client client;
  client.GoLive();
  client.Feed(Packet('S', "one") + std::string("\0\x09S", 3));
  client.session.Disconnected();
  EXPECT_EQ(client.session.end(), End::kConnectionLost);
  client.session.Connect(5, Login("DAY", client.session.next_sequence()));
  (void)client.TakeOutput();
  client.Feed(Packet('A', "DAY       " + std::string(19, ' ') + "2") + Packet('S', "two"));
  EXPECT_EQ(client.heard.events, (Events{"1:one", "accepted DAY", "2:two"}));
}

TEST(Session, NothingAllocatesAfterConstruction) {
  Server server;
  server.GoLive();
  Client client;
  client.GoLive();
  struct Count {
    uint64_t messages = 0;
    bool On(const Sequenced&) { return ++messages != 0; }
    bool On(const Unsequenced&) { return ++messages != 0; }
    void On(const Debug&) {}
    void On(const LoginRequest&) {}
    void On(const LoginAccepted&) {}
  } count;
  const auto move = [](Session& from, Session& to) {
    const std::span<std::byte> room = to.InputRoom();
    const std::size_t bytes = std::min(room.size(), from.Output().size());
    std::copy_n(from.Output().begin(), bytes, room.begin());
    to.Received(bytes);
    from.Sent(bytes);
  };
  const std::array<std::byte, 60> message{};
  const uint64_t before = AllocationCount();
  for (int turn = 0; turn < 10'000; ++turn) {
    for (int i = 0; i < 5; ++i) (void)client.session.SendUnsequenced(message);
    server.session.SendSequenced(
        [&](uint64_t) -> std::optional<std::span<const std::byte>> { return message; }, 7);
    move(client.session, server.session);
    move(server.session, client.session);
    client.session.Poll(turn, count, 100);
    server.session.Poll(turn, count, 100);
    client.session.Maintain(turn);
    server.session.Maintain(turn);
  }
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_EQ(count.messages, 120'000u);
}

}  // namespace
}  // namespace ringway::soup
