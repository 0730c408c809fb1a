// Implements hmac.h with OpenSSL.
#include "transport/bootstrap/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/check.h"

namespace ringway {

Mac HmacSha256(std::span<const std::byte> secret,
               std::initializer_list<std::span<const std::byte>> parts) {
  std::array<std::byte, 256> text;
  std::size_t length = 0;
  for (const std::span<const std::byte> part : parts) {
    RINGWAY_CHECK(part.size() <= text.size() - length, "a handshake is short");
    std::ranges::copy(part, text.begin() + static_cast<std::ptrdiff_t>(length));
    length += part.size();
  }
  Mac mac;
  unsigned int mac_bytes = 0;
  const unsigned char* const made =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), length,
           reinterpret_cast<unsigned char*>(mac.data()), &mac_bytes);
  RINGWAY_CHECK(made != nullptr && mac_bytes == mac.size(), "HMAC-SHA256 is not available");
  return mac;
}

bool SameBytes(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ringway
