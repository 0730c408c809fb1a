// Tests that keys are read only from safe files, and that proofs are bound to key, link and
// direction.

#include "msg/auth.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "schema/messages.h"
#include "transport/options.h"

namespace ringway {
namespace {

SessionKey Key(uint8_t number) {
  std::array<std::byte, 32> bytes;
  bytes.fill(static_cast<std::byte>(number));
  return *SessionKey::FromBytes(bytes);
}

LinkBinding Binding() {
  LinkBinding link;
  link.nonces.client.fill(std::byte{1});
  link.nonces.listener.fill(std::byte{2});
  link.epoch = 3;
  return link;
}

TEST(AuthTest, ProofHoldsForItsKeyLinkAndContentOnly) {
  Logon logon{.session = 7, .version = 1, .next_seq_out = 5};
  Sign(Key(1), Binding(), logon);
  EXPECT_TRUE(Verify(Key(1), Binding(), logon));
  EXPECT_FALSE(Verify(Key(2), Binding(), logon));
  LinkBinding other = Binding();
  other.epoch = 4;
  EXPECT_FALSE(Verify(Key(1), other, logon));
  other = Binding();
  other.nonces.client[15] = std::byte{9};
  EXPECT_FALSE(Verify(Key(1), other, logon));
  other = Binding();
  other.nonces.listener[0] = std::byte{9};
  EXPECT_FALSE(Verify(Key(1), other, logon));
  for (size_t i = 0; i != sizeof(logon); ++i) {
    Logon changed = logon;
    reinterpret_cast<std::byte*>(&changed)[i] ^= std::byte{1};
    EXPECT_FALSE(Verify(Key(1), Binding(), changed)) << "byte " << i;
  }
}

TEST(AuthTest, ProofIsTheHmacThatTheHeaderDescribes) {
  // Source: python3 -c 'import hmac;print(hmac.new(b"\1"*32, b"ringway client"+b"\1"*16+b"\2"*16+
  //   b"\3\0\0\0"+b"\7\0\0\0\1\0\0\0"+bytes(8)+b"\5"+bytes(7)+bytes(16), "sha256").hexdigest())'
  Logon logon{.session = 7, .version = 1, .next_seq_out = 5};
  Sign(Key(1), Binding(), logon);
  EXPECT_EQ(logon.mac0, 0x7c89744cc07c3cf0u);
  EXPECT_EQ(logon.mac3, 0x83c0da6d7edb3a7eu);
}

TEST(AuthTest, GatewaysProofIsNotAClients) {
  // The same leading fields, so that only the domain differs.
  Logon logon{.session = 7, .version = 1};
  LogonAck ack{.session = 7, .version = 1};
  Sign(Key(1), Binding(), logon);
  Sign(Key(1), Binding(), ack);
  EXPECT_NE(logon.mac0, ack.mac0);
  EXPECT_TRUE(Verify(Key(1), Binding(), ack));
  ack.open_orders = 1;
  EXPECT_FALSE(Verify(Key(1), Binding(), ack));
}

TEST(AuthTest, KeyLengthIsBounded) {
  std::array<std::byte, 65> bytes{};
  EXPECT_FALSE(SessionKey::FromBytes(std::span(bytes).first(31)).ok());
  EXPECT_TRUE(SessionKey::FromBytes(std::span(bytes).first(32)).ok());
  EXPECT_TRUE(SessionKey::FromBytes(std::span(bytes).first(64)).ok());
  EXPECT_FALSE(SessionKey::FromBytes(bytes).ok());
}

struct KeyFileTest : testing::Test {
  std::string path = testing::TempDir() + "/key";
  std::string hex = std::string(64, 'a');
  absl::StatusOr<SessionKey> Read(const std::string& content, mode_t mode = 0600) {
    unlink(path.c_str());
    std::ofstream(path) << content;
    chmod(path.c_str(), mode);
    return SessionKey::FromFile(path);
  }
};

TEST_F(KeyFileTest, HexadecimalIsRead) {
  const auto key = Read(hex + "\n");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->bytes().size(), 32u);
  EXPECT_EQ(key->bytes()[31], std::byte{0xaa});
  EXPECT_TRUE(Read(std::string(128, '0')).ok());
}

TEST_F(KeyFileTest, FilesThatOthersCanUseAreRefused) {
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0644}) {
    const auto key = Read(hex, mode);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_NE(key.status().message().find("chmod 600"), absl::string_view::npos);
  }
  EXPECT_TRUE(Read(hex, 0400).ok());
}

TEST_F(KeyFileTest, WrongContentIsNamedButNotShown) {
  for (const std::string& content :
       {std::string(), std::string(62, 'a'), std::string(63, 'a'), std::string(130, 'a'),
        std::string(63, 'a') + "g", "xyz" + hex, std::string(4096, 'a')}) {
    const auto key = Read(content);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << content.size();
    EXPECT_EQ(key.status().message().find("aaaa"), absl::string_view::npos);
  }
}

TEST_F(KeyFileTest, MissingFileAndDirectoryAreNamed) {
  EXPECT_EQ(SessionKey::FromFile(path + ".missing").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(SessionKey::FromFile(testing::TempDir()).ok());
}

TEST(AuthTest, IncarnationsDiffer) { EXPECT_NE(RandomIncarnation(), RandomIncarnation()); }

}  // namespace
}  // namespace ringway
