#include "protocol/soup/packet.h"

#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/big_endian.h"

namespace ringway::soup {
namespace {

using Number = PaddedText<20>;

template <std::size_t kBytes>
std::byte* Put(std::byte* to, const PaddedText<kBytes>& text) noexcept {
  std::memcpy(to, text.bytes.data(), kBytes);
  return to + kBytes;
}

std::byte* Put(std::byte* to, uint64_t number) noexcept {
  std::array<char, Number::kSize> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto count = static_cast<std::size_t>(end - digits.data());
  std::memset(to, ' ', Number::kSize - count);
  std::memcpy(to + Number::kSize - count, digits.data(), count);
  return to + Number::kSize;
}

template <std::size_t kBytes>
bool Get(const std::byte*& from, PaddedText<kBytes>& text) noexcept {
  std::memcpy(text.bytes.data(), from, kBytes);
  from += kBytes;
  return text.printable();
}

bool Get(const std::byte*& from, uint64_t& number) noexcept {
  Number field;
  if (!Get(from, field)) return false;
  const std::string_view digits = field.text();
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  return error == std::errc() && end == digits.end();
}

}  // namespace

void WriteHeader(std::byte* to, PacketType type, std::size_t payload_bytes) noexcept {
  StoreBig(to, static_cast<uint16_t>(payload_bytes + 1));
  to[2] = static_cast<std::byte>(type);
}

void Write(std::byte* to, const LoginRequest& login) noexcept {
  to = Put(to, login.user);
  to = Put(to, login.password);
  to = Put(to, login.session);
  Put(to, login.sequence);
}

void Write(std::byte* to, const LoginAccepted& accepted) noexcept {
  Put(Put(to, accepted.session), accepted.sequence);
}

bool Read(std::span<const std::byte> payload, LoginRequest& login) noexcept {
  if (payload.size() != LoginRequest::kBytes) return false;
  const std::byte* from = payload.data();
  return Get(from, login.user) && Get(from, login.password) && Get(from, login.session) &&
         Get(from, login.sequence);
}

bool Read(std::span<const std::byte> payload, LoginAccepted& accepted) noexcept {
  if (payload.size() != LoginAccepted::kBytes) return false;
  const std::byte* from = payload.data();
  return Get(from, accepted.session) && Get(from, accepted.sequence);
}

}  // namespace ringway::soup
