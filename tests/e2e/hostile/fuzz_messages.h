// Random messages of a strategy, some as a broken or malicious one would send them.
//
// Thread rule: one thread; the same seed gives the same messages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/random.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::hostile {

// A payload with room for more than any message has.
struct FuzzMessage {
  uint8_t type = 0;
  uint32_t size = 0;
  alignas(8) std::array<std::byte, 496> bytes{};
  std::span<const std::byte> payload() const { return {bytes.data(), size}; }
};

class FuzzMessages {
 public:
  explicit FuzzMessages(uint64_t seed) : random_(seed) {}

  // Draws a message of a session that has taken this many reports: most are well-formed, with a
  // field or two out of bounds; some are truncated, too long, or of a kind that no client may send.
  void Draw(uint32_t session, uint64_t next_report, FuzzMessage& out);
  // Changes fields of a logon; false: left as an honest client would send them.
  bool TwistLogon(Logon& logon);
  // Changes a word to any number, or some bytes or bits.
  void Twist(std::span<std::byte> bytes);

  Random& random() { return random_; }

 private:
  template <Message M>
  void Fill(const M& message, FuzzMessage& out) {
    out.type = static_cast<uint8_t>(M::kType);
    out.size = Encode(message, out.bytes.data());
  }
  uint64_t Number();
  uint64_t KnownId();
  void Request(uint32_t session, FuzzMessage& out);
  void SessionMessage(uint64_t next_report, FuzzMessage& out);

  Random random_;
  uint64_t last_id_ = 0;
};

}  // namespace ringway::hostile
