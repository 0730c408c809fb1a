// The packets of SoupBinTCP 3.00 (NASDAQ): their types, sizes and fields, between bytes and
// structs. SOUP.md draws them. Pure functions of bytes that a peer sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/padded_text.h"

namespace ringway::soup {

// u16 length, which counts the type and what follows, then the type (§1.1).
inline constexpr std::size_t kHeaderBytes = 3;
inline constexpr std::size_t kPayloadBytesMax = 65'534;

enum class PacketType : char {
  kDebug = '+',
  // From the server (§2.2).
  kLoginAccepted = 'A',
  kLoginRejected = 'J',
  kSequenced = 'S',
  kServerHeartbeat = 'H',
  kEndOfSession = 'Z',
  // From the client (§2.3); unsequenced data goes both ways.
  kLoginRequest = 'L',
  kUnsequenced = 'U',
  kClientHeartbeat = 'R',
  kLogoutRequest = 'O',
};

enum class RejectReason : char { kNotAuthorized = 'A', kSessionUnavailable = 'S' };

// Names a session. A client returns the bytes that it was given; two names are the same session if
// they agree without the blanks at both ends, because servers differ in which end they pad.
struct SessionId : PaddedText<10> {
  bool Names(const SessionId& other) const noexcept { return text() == other.text(); }
};

struct LoginRequest {
  static constexpr std::size_t kBytes = 46;
  PaddedText<6> user;
  PaddedText<10> password;
  SessionId session;      // blank: the one that is active
  uint64_t sequence = 1;  // of the first message wanted; 0: the newest one
};

struct LoginAccepted {
  static constexpr std::size_t kBytes = 30;
  SessionId session;
  uint64_t sequence = 1;  // of the next sequenced message
};

// Writes the three bytes. REQUIRES: payload_bytes <= kPayloadBytesMax.
void WriteHeader(std::byte* to, PacketType type, std::size_t payload_bytes) noexcept;
// REQUIRES: kBytes of the struct at `to`.
void Write(std::byte* to, const LoginRequest& login) noexcept;
void Write(std::byte* to, const LoginAccepted& accepted) noexcept;

// False: the payload has not that length, a text is not printable, or the number is none. A number
// may have blanks at either end.
[[nodiscard]] bool Read(std::span<const std::byte> payload, LoginRequest& login) noexcept;
[[nodiscard]] bool Read(std::span<const std::byte> payload, LoginAccepted& accepted) noexcept;

}  // namespace ringway::soup
