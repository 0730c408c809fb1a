// The mutual authentication of a session's two ends: each proves that it holds the session's key.
// A strategy's session at a gateway and a gateway's at an exchange use it alike; what is called
// gateway here is the end that accepts the logon.
//
// Each signs its logon message with HMAC-SHA256 under the session's key:
//
//   mac = HMAC(key, domain | client nonce | listener nonce | epoch | fields before mac0)
//
// domain: "ringway client" or "ringway gateway", so that neither's proof can be replayed as the
// other's; nonces: 16 random bytes from each end, new for every link, so that a recorded logon is
// worthless on another; epoch: of the link, u32 little-endian; fields: the message's data section
// up to mac0. mac0..mac3 are the 32 bytes in order. The key itself never travels.
//
// Thread rule: free functions and const members are safe from any thread. These run at logon, not
// on the order path: they allocate.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "msg/secret.h"
#include "schema/messages.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {

// A session's secret, 32 to 64 bytes. Copies share it; it is kept out of core dumps and wiped when
// the last copy goes (msg/secret.h).
class SessionKey {
 public:
  static constexpr size_t kBytesMin = 32;
  static constexpr size_t kBytesMax = 64;  // the block of SHA-256: longer keys gain nothing

  // Errors: InvalidArgument if the length is out of range.
  static absl::StatusOr<SessionKey> FromBytes(std::span<const std::byte> bytes);

  // Reads a key from a file of hexadecimal digits (white space at the end is ignored), a regular
  // file that nobody but its owner can read or write, owned by this user or root. Errors: NotFound,
  // PermissionDenied, InvalidArgument; each names the file and the remedy, never any part of the
  // content.
  static absl::StatusOr<SessionKey> FromFile(const std::string& path);

  // No moves: a key is never without its secret.
  SessionKey(const SessionKey&) = default;
  SessionKey& operator=(const SessionKey&) = default;

  std::span<const std::byte> bytes() const noexcept { return secret_->bytes(); }

 private:
  explicit SessionKey(std::shared_ptr<const Secret> secret) : secret_(std::move(secret)) {}

  std::shared_ptr<const Secret> secret_;
};

// A link whose ends can be authenticated: both know random numbers of both, new for every link.
template <class L>
concept SessionLink = Link<L> && requires(const L& link) {
  { link.nonces() }
  noexcept->std::convertible_to<LinkNonces>;
};

// What makes a link unique: both ends know it, and neither chose it alone.
struct LinkBinding {
  LinkNonces nonces;
  uint32_t epoch = 0;
};
template <class L>
LinkBinding BindingOf(const L& link) noexcept {
  return {link.nonces(), link.epoch()};
}

// Sets mac0..mac3. REQUIRES: every other field is final.
void Sign(const SessionKey& key, const LinkBinding& link, Logon& logon);
void Sign(const SessionKey& key, const LinkBinding& link, LogonAck& ack);

// Whether the message was signed with this key for this link. The time taken does not depend on
// where a wrong mac differs.
bool Verify(const SessionKey& key, const LinkBinding& link, const Logon& logon);
bool Verify(const SessionKey& key, const LinkBinding& link, const LogonAck& ack);

// A random number from the system's cryptographic generator, never 0. For incarnations.
uint64_t RandomIncarnation();

}  // namespace ringway
