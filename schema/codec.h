// The codec between messages and frame payloads.
//
// A payload is a root word (a Cap'n Proto struct pointer) and the struct's data section, cut after
// its last word that is not zero; schema/WIRE.md draws the bytes. A message in memory is bit for
// bit its data section (schema/messages.h), so both directions are one check and one copy.
//
// Thread rule: pure functions, safe from any thread. Nothing here allocates, throws or loops longer
// than one message's words.
//
// Versions. A peer with an older schema sends fewer words: missing words are zero. One with a newer
// schema may send more, up to kDataWordsAcceptedMax: the rest is ignored. A field that a newer
// schema puts into a hole of our layout arrives in a reserved_* member: Decode accepts it, and
// M::ReservedAreZero() tells the caller, which refuses what it cannot understand.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "schema/messages.h"

namespace ringway {

inline constexpr uint32_t kWordBytes = 8;
inline constexpr uint32_t kRootBytes = kWordBytes;

// The most data words a payload may have: room for a peer's schema to grow to five times today's
// longest message. Chosen, not derived; a payload is then at most 520 bytes.
inline constexpr uint32_t kDataWordsAcceptedMax = 64;

template <class M>
constexpr bool IsDataSection() {
  return std::is_trivially_copyable_v<M> && sizeof(M) == M::kDataWords * kWordBytes &&
         alignof(M) == kWordBytes && M::kDataWords >= 1 && M::kDataWords <= kDataWordsAcceptedMax;
}

// A struct that is its own data section. The generated ones are; a user's own published messages
// (frame types 128..239) can be.
template <class M>
concept Message = std::same_as<decltype(M::kType), const FrameType> && IsDataSection<M>();

// The largest payload of an M, in bytes.
template <Message M>
inline constexpr uint32_t kMaxPayloadBytes = kRootBytes + uint32_t{sizeof(M)};

// The largest payload of any of our messages, in bytes.
inline constexpr uint32_t kPayloadBytesMax = kRootBytes + kMessageWordsMax * kWordBytes;

// PROTOCOL: a frame is 16 bytes and its payload, in 64-byte granules. A payload for one granule has
// at most 48 bytes, for two 112. (A plain limit order is a NewOrder without stop price, display
// quantity and expiry.)
inline constexpr uint32_t kOneGranulePayloadBytes = 48;
inline constexpr uint32_t kTwoGranulePayloadBytes = 112;
static_assert(kRootBytes + offsetof(NewOrder, stop_price) <= kOneGranulePayloadBytes);
static_assert(kMaxPayloadBytes<OrderAck> <= kOneGranulePayloadBytes);
static_assert(kMaxPayloadBytes<ExecutionReport> <= kTwoGranulePayloadBytes);
static_assert(kPayloadBytesMax <= kTwoGranulePayloadBytes);

enum class DecodeStatus : uint8_t {
  kOk = 0,
  kTruncated,    // shorter than a root word
  kBadRoot,      // the root word is not "struct at offset 0, n data words, no pointers"
  kBadLength,    // the payload does not have exactly the words that its root word promises
  kTooLong,      // more than kDataWordsAcceptedMax data words
  kUnknownType,  // no message has this frame type
};

constexpr std::string_view Name(DecodeStatus status) noexcept {
  switch (status) {
    case DecodeStatus::kOk:
      return "ok";
    case DecodeStatus::kTruncated:
      return "truncated";
    case DecodeStatus::kBadRoot:
      return "badRoot";
    case DecodeStatus::kBadLength:
      return "badLength";
    case DecodeStatus::kTooLong:
      return "tooLong";
    case DecodeStatus::kUnknownType:
      return "unknownType";
  }
  return "unknown";
}

// The root word. Source: the Cap'n Proto encoding, "Structs": bits 0..1 kind (0: struct), 2..31
// offset, 32..47 data words, 48..63 pointers.
constexpr uint64_t RootWord(uint32_t data_words) noexcept { return uint64_t{data_words} << 32; }

// The root word of a struct without any words in Cap'n Proto's canonical form (offset -1, so that
// it is not a null pointer). We write 0, which every reader treats the same, and read both.
inline constexpr uint64_t kCanonicalEmptyRoot = 0x0000'0000'FFFF'FFFCu;

namespace codec_internal {

// Words up to the last one of kWords that is not zero. From the longest down as well: comparisons
// at constant places.
template <uint32_t kWords>
[[gnu::always_inline]] inline uint32_t WordsUsed(const std::byte* data) noexcept {
  if constexpr (kWords == 0) {
    return 0;
  } else {
    uint64_t last = 0;
    std::memcpy(&last, data + (kWords - 1) * kWordBytes, kWordBytes);
    return last != 0 ? kWords : WordsUsed<kWords - 1>(data);
  }
}

// Sets so many words to zero by stores of two: GCC would take the `rep stos` instruction, which
// costs more to begin than all of these.
template <uint32_t kWords>
[[gnu::always_inline]] inline void ZeroWords(std::byte* data) noexcept {
  constexpr std::array<uint64_t, 2> kZeros{};
  constexpr uint32_t kNow = kWords < 2 ? kWords : 2;
  if constexpr (kNow != 0) {
    std::memcpy(data, kZeros.data(), kNow * kWordBytes);
    ZeroWords<kWords - kNow>(data + kNow * kWordBytes);
  }
}

// The two below, inlined into Encode and Decode, try lengths from the longest down. Fields that are
// rarely set go last, so a kind of message ends after the same few steps every time, which the
// branch predictor learns; and each length is a constant, so its copy is a few vector moves and no
// loop. That is about a kilobyte of code for a message type, of which one length's is used: Encode
// and Decode are not inlined.

// Encodes `message`, whose words from kWords on are all zero.
template <uint32_t kWords, class M>
inline uint32_t EncodeUpTo(const M& message, std::byte* out) noexcept {
  const auto* bytes = reinterpret_cast<const std::byte*>(&message);
  if constexpr (kWords != 0) {
    uint64_t last = 0;
    std::memcpy(&last, bytes + (kWords - 1) * kWordBytes, kWordBytes);
    if (last == 0) return EncodeUpTo<kWords - 1>(message, out);
  }
  constexpr uint64_t kRoot = RootWord(kWords);
  std::memcpy(out, &kRoot, kRootBytes);
  std::memcpy(out + kRootBytes, bytes, kWords * kWordBytes);
  return kRootBytes + kWords * kWordBytes;
}

// Fills `out` from min(words, kWords) words at `data` and zeros.
template <uint32_t kWords, class M>
inline void CopyUpTo(uint32_t words, const std::byte* data, M& out) noexcept {
  if constexpr (kWords != 0) {
    if (words < kWords) return CopyUpTo<kWords - 1>(words, data, out);
  }
  auto* bytes = reinterpret_cast<std::byte*>(&out);
  std::memcpy(bytes, data, kWords * kWordBytes);
  std::memset(bytes + kWords * kWordBytes, 0, sizeof(M) - kWords * kWordBytes);
}

}  // namespace codec_internal

// Bytes that Encode writes: kRootBytes..kMaxPayloadBytes<M>, a multiple of 8.
template <Message M>
uint32_t PayloadBytes(const M& message) noexcept {
  const auto* bytes = reinterpret_cast<const std::byte*>(&message);
  return kRootBytes + codec_internal::WordsUsed<M::kDataWords>(bytes) * kWordBytes;
}

// A message that is all zero, in the memory at `data`. REQUIRES: room for an M, aligned to 8.
template <Message M>
[[gnu::always_inline]] inline M& ZeroMessageAt(std::byte* data) noexcept {
  codec_internal::ZeroWords<M::kDataWords>(data);
  return *std::launder(reinterpret_cast<M*>(data));
}

// Writes the payload of `message` to out and returns its bytes, PayloadBytes(message); no byte
// behind them is touched. `out` is not read: it may be write-only memory.
// REQUIRES: room for PayloadBytes(message) bytes at `out` (kMaxPayloadBytes<M> are always enough),
// of any alignment, not overlapping `message`.
template <Message M>
[[gnu::noinline]] uint32_t Encode(const M& message, std::byte* out) noexcept {
  return codec_internal::EncodeUpTo<M::kDataWords>(message, out);
}

// Reads the payload of an M. On kOk `out` is the message; otherwise it is unchanged.
// REQUIRES: nobody else can write to `payload` meanwhile, i.e. it is a private copy of what a peer
// wrote.
template <Message M>
[[nodiscard, gnu::noinline]] DecodeStatus Decode(std::span<const std::byte> payload,
                                                 M& out) noexcept {
  if (payload.size() < kRootBytes) return DecodeStatus::kTruncated;
  uint64_t root = 0;
  std::memcpy(&root, payload.data(), kRootBytes);
  const auto words = static_cast<uint16_t>(root >> 32);
  if (root != RootWord(words) && root != kCanonicalEmptyRoot) return DecodeStatus::kBadRoot;
  if (payload.size() != kRootBytes + words * kWordBytes) return DecodeStatus::kBadLength;
  if (words > kDataWordsAcceptedMax) return DecodeStatus::kTooLong;
  codec_internal::CopyUpTo<M::kDataWords>(words, payload.data() + kRootBytes, out);
  return DecodeStatus::kOk;
}

// As Decode(), inlined, of a payload that has exactly kWords data words. False: it has not, or is
// malformed, which Decode() tells apart; `out` is unchanged.
template <uint32_t kWords, Message M>
[[nodiscard, gnu::always_inline]] inline bool DecodeWords(std::span<const std::byte> payload,
                                                          M& out) noexcept {
  static_assert(kWords <= M::kDataWords);
  uint64_t root = 0;
  if (payload.size() != kRootBytes + kWords * kWordBytes) return false;
  std::memcpy(&root, payload.data(), kRootBytes);
  if (root != RootWord(kWords)) return false;
  auto* bytes = reinterpret_cast<std::byte*>(&out);
  std::memcpy(bytes, payload.data() + kRootBytes, kWords * kWordBytes);
  codec_internal::ZeroWords<M::kDataWords - kWords>(bytes + kWords * kWordBytes);
  return true;
}

// One field of a payload that Encode() wrote, read where it lies: the T at `offset` of its struct.
// Zero where the payload was cut before it.
template <class T>
requires std::is_trivially_copyable_v<T> T FieldAt(std::span<const std::byte> payload,
                                                   std::size_t offset)
noexcept {
  T field{};
  if (payload.size() >= kRootBytes + offset + sizeof(T)) {
    std::memcpy(&field, payload.data() + kRootBytes + offset, sizeof(T));
  }
  return field;
}

// Decodes the message that `type` names and calls handle(const M&) on it, which must not throw. If
// it was not called, the result says why. REQUIRES: as Decode.
template <class F>
[[nodiscard]] DecodeStatus Dispatch(FrameType type, std::span<const std::byte> payload,
                                    F&& handle) noexcept {
  DecodeStatus status = DecodeStatus::kUnknownType;
  VisitMessageType(type, [&]<class M>(std::type_identity<M>) {
    M message;
    status = Decode(payload, message);
    if (status == DecodeStatus::kOk) handle(std::as_const(message));
  });
  return status;
}

// Whether every enum field of `message` has a value that this schema knows.
template <Message M>
constexpr bool EnumsAreKnown(const M& message) noexcept {
  bool known = true;
  message.VisitFields([&](std::string_view, const auto& field) {
    if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(field)>>) known &= IsKnown(field);
  });
  return known;
}

}  // namespace ringway
