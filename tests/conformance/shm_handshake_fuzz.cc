// Fuzzes the handshake's parsers with arbitrary bytes over the Unix socket.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "transport/frame.h"
#include "transport/port/shm_handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringway;  // NOLINT: the one function of this file lives outside
  std::byte bytes[sizeof(ShmSignedHello) + 8];
  size = std::min(size, sizeof(bytes));
  std::memcpy(bytes, data, size);
  for (const bool repaired : {false, true}) {
    // Tries the input as it is, and once with the bytes repaired that random input would never get
    // right.
    const auto repair = [&](ShmMessageKind kind) {
      if (!repaired || size < 16) return;
      const uint64_t magic = kShmMagic;
      std::memcpy(bytes, &magic, sizeof(magic));
      std::memcpy(bytes + 8, &kShmVersion, sizeof(kShmVersion));
      std::memcpy(bytes + 12, &kind, sizeof(kind));
    };
    repair(ShmMessageKind::kHello);
    ShmSignedHello signed_hello;
    const ShmHello& hello = signed_hello.hello;
    const ListenOptions listen;
    if (ParseHello({bytes, size}, listen, signed_hello) == ShmStatus::kOk) {
      const bool sound = hello.ring_bytes >= kRingBytesMin &&
                         hello.ring_bytes <= listen.link.ring_bytes &&
                         hello.payload_bytes_max <= PayloadBytesMaxOf(hello.ring_bytes) &&
                         hello.first_seq != 0 && hello.epoch != 0;
      if (!sound) abort();
    }
    repair(ShmMessageKind::kReply);
    ShmHello asked;
    asked.ring_bytes = kRingBytesMin;
    asked.payload_bytes_max = 1000;
    asked.epoch = 1;
    const absl::StatusOr<ShmReply> reply = ParseReply({bytes, size}, asked);
    if (reply.ok()) {
      if (reply->status == ShmStatus::kOk && reply->payload_bytes_max > asked.payload_bytes_max)
        abort();
      RefusalError(*reply, asked).IgnoreError();
    }
  }
  return 0;
}
