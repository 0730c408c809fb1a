// Fuzzes the handshake's parsers and the acceptor's judgement with arbitrary bytes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "transport/bootstrap/acceptor.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/frame.h"

namespace ringway {
namespace {

void Require(bool holds) {
  if (!holds) abort();
}

constexpr std::array<std::byte, 32> kSecret{};

void AsHello(std::span<const std::byte> bytes) {
  LinkHello hello;
  const ListenOptions listen;
  const LinkStatus parsed = ParseHello(bytes, listen, hello);
  if (parsed == LinkStatus::kOk) {
    Require(hello.ring_bytes() >= kRingBytesMin && hello.ring_bytes() <= listen.link.ring_bytes);
    Require(hello.payload_bytes_max <= PayloadBytesMaxOf(hello.ring_bytes()));
    Require(hello.first_seq != 0 && hello.epoch != 0);
    Require(!Verify("rdma", kSecret, hello));
  }
  Require(!IsShmV1(bytes) || parsed == LinkStatus::kVersion);
  ListenOptions guarded;
  guarded.secret_of = [](uint64_t) { return std::span<const std::byte>(kSecret); };
  for (const Carrier carrier : {Carrier::kHost, Carrier::kNetwork}) {
    AcceptorRules open(listen, "rdma", carrier);
    Require((open.Judge({.bytes = bytes}).reply.status == LinkStatus::kOk) ==
            (parsed == LinkStatus::kOk));
    AcceptorRules rules(guarded, "rdma", carrier);
    const Admission admission = rules.Judge({.bytes = bytes});
    Require(!admission.full_service && !admission.identity.key_proved);  // a forged proof
    Require(carrier == Carrier::kHost || admission.reply.status != LinkStatus::kOk);
  }
}

void AsReply(std::span<const std::byte> bytes) {
  LinkHello asked;
  asked.ring_bytes_log2 = 12;
  asked.payload_bytes_max = 1000;
  asked.epoch = 1;
  const absl::StatusOr<LinkReply> reply = ParseReply("rdma", bytes, asked, {});
  if (reply.ok()) {
    Require(reply->status != LinkStatus::kOk ||
            reply->payload_bytes_max <= asked.payload_bytes_max);
    RefusalError(*reply, asked).IgnoreError();
  }
  Require(!ParseReply("rdma", bytes, asked, kSecret).ok());  // a forged proof
}

}  // namespace
}  // namespace ringway

// Each input is tried as it is, and with the bytes that random input would never get right: as
// either message of this version, and as the old one of shared memory.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringway;  // NOLINT: the one function of this file lives outside
  std::vector<std::byte> bytes(std::min<size_t>(size, 256));
  if (!bytes.empty()) std::memcpy(bytes.data(), data, bytes.size());
  AsHello(bytes);
  AsReply(bytes);
  const ShmV1Refusal old;
  if (bytes.size() < sizeof(old)) return 0;
  std::memcpy(bytes.data(), &kLinkMagic, sizeof(kLinkMagic));
  bytes[2] = std::byte{kLinkVersion};
  bytes[3] = std::byte{sizeof(LinkHello)};
  AsHello(bytes);
  bytes[3] = std::byte{sizeof(LinkReply)};
  AsReply(bytes);
  std::memcpy(bytes.data(), &old.magic, sizeof(old.magic));
  AsHello(bytes);
  AsReply(bytes);
  return 0;
}
