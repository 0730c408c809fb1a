// A simulation of a SoupBinTCP client and server over a pipe of bytes that splits, stalls and
// breaks anywhere, with kills of either end: every sequenced message takes effect exactly once and
// in order, every unsequenced one at most once and in order.
//
// What survives a kill is what session.h says must be persisted, and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "protocol/soup/packet.h"
#include "protocol/soup/session.h"

namespace ringway::soup {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

std::string Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::byte> Bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
SessionId Day() { return {*PaddedText<10>::Of("DAY")}; }

Options OptionsOf(Role role) {
  Options options;
  options.role = role;
  options.payload_bytes_max = 64;
  options.input_bytes = 160;  // small: back-pressure is part of every run
  options.output_bytes = 200;
  return options;
}

// One direction of a connection.
struct Pipe {
  std::deque<std::byte> bytes;
  std::size_t left_until_cut = SIZE_MAX;  // the connection breaks after so many more

  // Moves up to `most` bytes; false: the connection broke.
  bool Move(Session& from, Session& to, std::size_t most) {
    const std::span<const std::byte> out =
        from.Output().first(std::min(from.Output().size(), most));
    const std::size_t sent = std::min(out.size(), left_until_cut);
    bytes.insert(bytes.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(sent));
    from.Sent(sent);
    left_until_cut -= left_until_cut == SIZE_MAX ? 0 : sent;
    const std::span<std::byte> room = to.InputRoom();
    const std::size_t arrives = std::min({bytes.size(), room.size(), most});
    std::copy_n(bytes.begin(), arrives, room.begin());
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(arrives));
    to.Received(arrives);
    return left_until_cut != 0;
  }
};

struct World {
  // Survives kills: what was applied, recorded together with its number, and the session's name.
  struct Journal {
    SessionId session;
    std::vector<std::string> applied;  // number n is at n - 1
  };
  Journal durable;
  std::vector<std::string> store;            // the server's, persisted before it is sent
  std::vector<uint64_t> requests_processed;  // at the server

  // A process of the client: loses what it has not made durable.
  struct ClientProcess {
    World& world;
    Journal journal = world.durable;
    Session session{OptionsOf(Role::kClient)};
    bool refuses = false;
    bool On(const Sequenced& message) {
      if (refuses) return false;
      EXPECT_EQ(message.number, journal.applied.size() + 1);
      journal.applied.push_back(Text(message.payload));
      return true;
    }
    bool On(const Unsequenced&) { return true; }
    void On(const Debug&) {}
    void On(const LoginRequest&) { ADD_FAILURE(); }
    void On(const LoginAccepted& accepted) { journal.session = accepted.session; }
  };
  struct ServerProcess {
    World& world;
    Session session{OptionsOf(Role::kServer)};
    bool refuses = false;
    bool On(const Sequenced&) { return false; }
    bool On(const Unsequenced& message) {
      if (refuses) return false;
      uint64_t request;
      EXPECT_EQ(message.payload.size(), sizeof(request));
      std::memcpy(&request, message.payload.data(), sizeof(request));
      world.requests_processed.push_back(request);
      return true;
    }
    void On(const Debug&) {}
    void On(const LoginRequest&) { session.Accept(Day(), 1, world.store.size() + 1); }
    void On(const LoginAccepted&) { ADD_FAILURE(); }
  };

  std::unique_ptr<ClientProcess> client{new ClientProcess{*this}};
  std::unique_ptr<ServerProcess> server{new ServerProcess{*this}};
  Pipe to_server;
  Pipe to_client;
  bool connected = false;
  int64_t now_ns = 0;
  uint64_t next_request = 1;
  uint64_t connections = 0;

  void Connect() {
    to_server = Pipe{};
    to_client = Pipe{};
    LoginRequest login;
    login.session = client->journal.session;
    login.sequence = client->journal.applied.size() + 1;
    client->session.Connect(now_ns, login);
    server->session.Connect(now_ns);
    connected = true;
    ++connections;
  }
  void Break() {
    connected = false;
    client->session.Disconnected();
    server->session.Disconnected();
  }
  // The record of a message and what it changed becomes durable as one.
  void Persist() { durable = client->journal; }
  void KillClient() {
    Break();
    client.reset(new ClientProcess{*this});
  }
  void KillServer() {
    Break();
    server.reset(new ServerProcess{*this});
  }

  void Generate(uint32_t bytes) {
    store.push_back(std::to_string(store.size() + 1) + std::string(bytes, '.'));
  }
  void Request() {
    std::byte payload[sizeof(next_request)];
    std::memcpy(payload, &next_request, sizeof(next_request));
    // Each number is used once, sent or not: a request that was refused must not arrive.
    if (client->session.SendUnsequenced(payload) == SendStatus::kOk) sent.push_back(next_request);
    ++next_request;
  }
  std::vector<uint64_t> sent;

  void Turn(std::size_t bytes_to_server, std::size_t bytes_to_client, uint32_t budget) {
    now_ns += kMillisecond;
    if (connected) {
      bool whole = to_server.Move(client->session, server->session, bytes_to_server);
      whole &= to_client.Move(server->session, client->session, bytes_to_client);
      if (!whole) {
        Break();
        return;
      }
    }
    client->session.Poll(now_ns, *client, budget);
    server->session.Poll(now_ns, *server, budget);
    server->session.SendSequenced(
        [this](uint64_t number) -> std::optional<std::span<const std::byte>> {
          if (number > store.size()) return std::nullopt;
          return Bytes(store[number - 1]);
        },
        budget);
    client->session.Maintain(now_ns);
    server->session.Maintain(now_ns);
    if (connected) {
      EXPECT_EQ(client->session.end(), End::kNone) << Name(client->session.end());
      EXPECT_EQ(server->session.end(), End::kNone) << Name(server->session.end());
    }
  }

  void Settle() {
    if (!connected) Connect();
    to_server.left_until_cut = to_client.left_until_cut = SIZE_MAX;
    client->refuses = server->refuses = false;
    for (int i = 0; i < 20'000 && client->journal.applied.size() < store.size(); ++i)
      Turn(SIZE_MAX, SIZE_MAX, 100);
    for (int i = 0; i < 10; ++i) Turn(SIZE_MAX, SIZE_MAX, 100);
    Persist();
  }

  void Check() const {
    EXPECT_EQ(durable.applied, store);
    EXPECT_TRUE(std::ranges::is_sorted(requests_processed, std::less_equal{}))
        << "a request was processed twice or out of order";
    EXPECT_TRUE(std::ranges::includes(sent, requests_processed)) << "a request that was refused";
  }
};

void Simulate(uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  World world;
  // Some seeds move a byte at a time.
  const std::size_t most = random.Chance(0.2) ? 1 : 1 + random.Below(200);
  for (int turn = 0; turn < 1'500; ++turn) {
    if (!world.connected && random.Chance(0.3)) {
      world.Connect();
      if (random.Chance(0.7)) world.to_server.left_until_cut = 1 + random.Below(600);
      if (random.Chance(0.7)) world.to_client.left_until_cut = 1 + random.Below(2'000);
    }
    if (random.Chance(0.3)) world.Generate(static_cast<uint32_t>(random.Below(50)));
    if (random.Chance(0.4)) world.Request();
    if (random.Chance(0.05)) world.client->refuses = !world.client->refuses;
    if (random.Chance(0.05)) world.server->refuses = !world.server->refuses;
    world.Turn(random.Below(most + 1), random.Below(most + 1),
               static_cast<uint32_t>(random.Below(4)));
    if (random.Chance(0.2)) world.Persist();
    if (random.Chance(0.004)) world.Break();
    if (random.Chance(0.004)) world.KillClient();
    if (random.Chance(0.004)) world.KillServer();
  }
  world.Settle();
  world.Check();
  EXPECT_GT(world.connections, 1u);
}

TEST(SessionSim, SequencedMessagesTakeEffectOnceAndInOrder) {
  for (uint64_t seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) Simulate(seed);
}

// The connection breaks after every number of bytes, in each direction, and either end is killed
// then, with and without what it had applied being durable.
TEST(SessionSim, TheConnectionMayBreakAfterEveryByte) {
  for (int direction = 0; direction < 2; ++direction) {
    for (std::size_t cut = 1; cut <= 200 && !testing::Test::HasFailure(); ++cut) {
      SCOPED_TRACE("direction " + std::to_string(direction) + " cut " + std::to_string(cut));
      for (const bool durable : {false, true}) {
        World world;
        for (uint32_t i = 0; i < 12; ++i) world.Generate(i);
        world.Connect();
        (direction == 0 ? world.to_server : world.to_client).left_until_cut = cut;
        for (int turn = 0; turn < 400 && world.connected; ++turn) {
          if (turn % 8 == 0) world.Request();
          world.Turn(1, 1, 100);
        }
        if (durable) world.Persist();
        if (cut % 3 == 0) world.KillClient();
        if (cut % 3 == 1) world.KillServer();
        if (cut % 3 == 2) world.Break();
        world.Settle();
        world.Check();
      }
    }
  }
}

// A kill between each two messages that are applied, and before the first.
TEST(SessionSim, AKillAfterEveryMessage) {
  constexpr std::size_t kMessages = 30;
  for (std::size_t kill = 0; kill <= kMessages && !testing::Test::HasFailure(); ++kill) {
    for (const bool durable : {false, true}) {
      SCOPED_TRACE("kill after " + std::to_string(kill));
      World world;
      for (std::size_t i = 0; i < kMessages; ++i) world.Generate(3);
      world.Connect();
      for (int turn = 0; turn < 2'000 && world.client->journal.applied.size() < kill; ++turn)
        world.Turn(SIZE_MAX, SIZE_MAX, 1);
      if (durable) world.Persist();
      world.KillClient();
      world.Settle();
      world.Check();
    }
  }
}

}  // namespace
}  // namespace ringway::soup
