// Fuzzes the handshake's parsers with arbitrary private data of a connection.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "transport/frame.h"
#include "transport/port/verbs_handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringway;  // NOLINT: the one function of this file lives outside
  std::vector<std::byte> bytes(std::min<size_t>(size, 256));
  if (!bytes.empty()) std::memcpy(bytes.data(), data, bytes.size());
  for (const bool repaired : {false, true}) {
    // Tries the input as it is, and once with the bytes repaired that random input would never get
    // right.
    const auto repair = [&](size_t length) {
      if (!repaired || bytes.size() < 4) return;
      std::memcpy(bytes.data(), &kVerbsMagic, sizeof(kVerbsMagic));
      bytes[2] = std::byte{kVerbsVersion};
      bytes[3] = static_cast<std::byte>(length);
    };
    repair(sizeof(VerbsHello));
    const std::byte secret[32] = {};
    VerbsHello hello;
    const ListenOptions listen;
    if (ParseHello(bytes, listen, hello) == VerbsStatus::kOk) {
      const bool sound = hello.ring_bytes() >= kRingBytesMin &&
                         hello.ring_bytes() <= listen.link.ring_bytes &&
                         hello.payload_bytes_max <= PayloadBytesMaxOf(hello.ring_bytes()) &&
                         hello.first_seq != 0 && hello.epoch != 0;
      if (!sound || Verify(secret, hello)) abort();
    }
    repair(sizeof(VerbsReply));
    VerbsHello asked;
    asked.ring_bytes_log2 = 12;
    asked.payload_bytes_max = 1000;
    asked.epoch = 1;
    const absl::StatusOr<VerbsReply> reply = ParseReply(bytes, asked, {});
    if (reply.ok()) {
      if (reply->status == VerbsStatus::kOk && reply->payload_bytes_max > asked.payload_bytes_max)
        abort();
      RefusalError(*reply, asked).IgnoreError();
    }
    if (ParseReply(bytes, asked, secret).ok()) abort();  // a forged proof
  }
  return 0;
}
