// Implements auth.h over OpenSSL's libcrypto: reads session keys, signs and verifies logon
// messages.

#include "msg/auth.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/secret_file.h"

namespace ringway {
namespace {

constexpr size_t kMacBytes = 32;
using Mac = std::array<std::byte, kMacBytes>;

// The largest key file that is read: the longest key in hexadecimal and some white space.
constexpr size_t kKeyFileBytesMax = 2 * SessionKey::kBytesMax + 16;

constexpr std::string_view DomainOf(const Logon&) { return "ringway client"; }
constexpr std::string_view DomainOf(const LogonAck&) { return "ringway gateway"; }

// The mac of a Logon or LogonAck.
template <class M>
Mac MacOf(const SessionKey& key, const LinkBinding& link, const M& message) {
  std::vector<std::byte> text;
  const auto add = [&text](const void* data, size_t bytes) {
    const auto* begin = static_cast<const std::byte*>(data);
    text.insert(text.end(), begin, begin + bytes);
  };
  constexpr std::string_view domain = DomainOf(M{});
  add(domain.data(), domain.size());
  add(link.nonces.client.data(), link.nonces.client.size());
  add(link.nonces.listener.data(), link.nonces.listener.size());
  add(&link.epoch, sizeof(link.epoch));
  add(&message, offsetof(M, mac0));

  Mac mac;
  unsigned int mac_bytes = 0;
  const unsigned char* result =
      HMAC(EVP_sha256(), key.bytes().data(), static_cast<int>(key.bytes().size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           reinterpret_cast<unsigned char*>(mac.data()), &mac_bytes);
  RINGWAY_CHECK(result != nullptr && mac_bytes == kMacBytes, "HMAC-SHA256 is not available");
  return mac;
}

template <class M>
void SignMessage(const SessionKey& key, const LinkBinding& link, M& message) {
  static_assert(offsetof(M, mac3) == offsetof(M, mac0) + 3 * sizeof(uint64_t));
  const Mac mac = MacOf(key, link, message);
  std::memcpy(&message.mac0, mac.data(), 8);
  std::memcpy(&message.mac1, mac.data() + 8, 8);
  std::memcpy(&message.mac2, mac.data() + 16, 8);
  std::memcpy(&message.mac3, mac.data() + 24, 8);
}

template <class M>
bool VerifyMessage(const SessionKey& key, const LinkBinding& link, const M& message) {
  const Mac mac = MacOf(key, link, message);
  const std::array<uint64_t, 4> claimed = {message.mac0, message.mac1, message.mac2, message.mac3};
  static_assert(sizeof(claimed) == kMacBytes);
  return CRYPTO_memcmp(mac.data(), claimed.data(), kMacBytes) == 0;
}

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// Wipes a buffer that held a key.
struct Wiped {
  std::array<char, kKeyFileBytesMax + 1> text{};
  std::array<std::byte, SessionKey::kBytesMax> key{};
  ~Wiped() {
    OPENSSL_cleanse(text.data(), text.size());
    OPENSSL_cleanse(key.data(), key.size());
  }
};

struct File {
  int descriptor;
  ~File() {
    if (descriptor >= 0) close(descriptor);
  }
};

}  // namespace

absl::StatusOr<SessionKey> SessionKey::FromBytes(std::span<const std::byte> bytes) {
  if (bytes.size() < kBytesMin || bytes.size() > kBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("a session key has ", kBytesMin, " to ",
                                                   kBytesMax, " bytes, this one ", bytes.size()));
  }
  return SessionKey(Secret::Make(bytes));
}

absl::StatusOr<SessionKey> SessionKey::FromFile(const std::string& path) {
  // O_NONBLOCK: a FIFO in the file's place must not hang the program.
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.descriptor < 0) {
    const int error = errno;
    const std::string text = absl::StrCat("key file ", path, ": ", std::strerror(error));
    if (error == ENOENT) {
      return absl::NotFoundError(
          absl::StrCat(text, "; make one with: (umask 077; openssl rand -hex 32 > ", path, ")"));
    }
    return absl::PermissionDeniedError(text);
  }
  if (absl::Status checked = CheckSecretFile(file.descriptor, "key file ", path); !checked.ok()) {
    return checked;
  }
  Wiped wiped;
  size_t length = 0;
  while (length < wiped.text.size()) {
    const ssize_t got =
        read(file.descriptor, wiped.text.data() + length, wiped.text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return absl::InternalError(absl::StrCat("key file ", path, ": ", std::strerror(errno)));
    }
    if (got == 0) break;
    length += static_cast<size_t>(got);
  }
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  while (length > 0 && kWhiteSpace.find(wiped.text[length - 1]) != kWhiteSpace.npos) --length;
  if (length % 2 != 0 || length < 2 * kBytesMin || length > 2 * kBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", path, " must hold ", 2 * kBytesMin, " to ", 2 * kBytesMax,
                     " hexadecimal digits (an even number) and nothing else"));
  }
  for (size_t i = 0; i < length / 2; ++i) {
    const int high = HexValue(wiped.text[2 * i]);
    const int low = HexValue(wiped.text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "key file ", path, ": byte ", 2 * i + (high < 0 ? 1 : 2), " is not a hexadecimal digit"));
    }
    wiped.key[i] = static_cast<std::byte>(high << 4 | low);
  }
  return FromBytes({wiped.key.data(), length / 2});
}

void Sign(const SessionKey& key, const LinkBinding& link, Logon& logon) {
  SignMessage(key, link, logon);
}
void Sign(const SessionKey& key, const LinkBinding& link, LogonAck& ack) {
  SignMessage(key, link, ack);
}
bool Verify(const SessionKey& key, const LinkBinding& link, const Logon& logon) {
  return VerifyMessage(key, link, logon);
}
bool Verify(const SessionKey& key, const LinkBinding& link, const LogonAck& ack) {
  return VerifyMessage(key, link, ack);
}

uint64_t RandomIncarnation() {
  uint64_t value = 0;
  while (value == 0) {
    RINGWAY_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof(value)) == 1,
                  "the system has no random numbers");
  }
  return value;
}

}  // namespace ringway
