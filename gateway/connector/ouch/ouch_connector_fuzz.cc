// Fuzzes the connector to OUCH venues with whatever a venue may say.
//
// The first input byte chooses the version. The rest are messages of the venue: a byte of length,
// then as many bytes. Length 0 ends the connection; 255 and one byte of length: these bytes come as
// they are, without a packet around them. The gateway sends orders, replaces and cancels meanwhile.
// Whatever comes, the connector's messages to the gateway can be read, and it lives.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/ouch/ouch_connector.h"
#include "gateway/connector/ouch/testing/small_setup.h"
#include "gateway/connector/stream_source.h"
#include "protocol/soup/packet.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/stream/testing/memory_stream.h"

namespace ringway {
namespace {

constexpr uint32_t kSlots = 16;

// The venue's end of each connection, for the input to write to.
class FuzzedSource final : public StreamSource {
 public:
  explicit FuzzedSource(const int64_t& now_ns) : now_ns_(now_ns) {}
  void Start() noexcept override {}
  StreamDialState Poll(std::unique_ptr<ByteStream>& stream) noexcept override {
    MemoryStreams pair = MakeMemoryStreams({}, {}, now_ns_);
    stream = std::move(pair.near);
    venue = std::move(pair.far);
    logs_on = true;
    return StreamDialState::kConnected;
  }
  void Settle() noexcept override {}
  void Discard(std::unique_ptr<ByteStream> stream) noexcept override { stream.reset(); }
  const std::string& last_error() const noexcept override { return error_; }

  std::unique_ptr<ByteStream> venue;
  bool logs_on = false;  // its login is not answered yet

 private:
  const int64_t& now_ns_;
  const std::string error_;
};

struct ReadingSink final : VenueSink {
  template <Message M>
  static bool CanRead(const EffectView& effect) {
    M message;
    return effect.type == M::kType && Decode(effect.bytes(), message) == DecodeStatus::kOk;
  }
  bool Take(const EffectView& effect) noexcept override {
    RINGWAY_CHECK(CanRead<ExecutionReport>(effect) || CanRead<CancelReject>(effect) ||
                      CanRead<ExecutionDetail>(effect) || CanRead<VenueStatus>(effect) ||
                      CanRead<GapFill>(effect),
                  "a message that no gateway takes");
    return true;
  }
};

class Fuzzed {
 public:
  explicit Fuzzed(OuchVersion version) {
    OuchSetup setup = SmallOuchSetup(version, kSlots);
    setup.ouch.requests_max = 64;
    setup.ouch.executions_max = 1;
    auto source = std::make_unique<FuzzedSource>(now_ns_);
    source_ = source.get();
    connector_ = std::make_unique<OuchConnector>(std::move(source), setup);
  }

  void Try(std::span<const std::byte> input) {
    for (Turn(); !input.empty(); Turn()) {
      const auto length = static_cast<std::size_t>(input[0]);
      input = input.subspan(1);
      if (length == 0) {
        if (source_->venue != nullptr) source_->venue->Close();
        source_->venue.reset();
        continue;
      }
      const bool raw = length == 255 && !input.empty();
      const std::size_t wanted = raw ? static_cast<std::size_t>(input[0]) : length;
      if (raw) input = input.subspan(1);
      const std::span<const std::byte> said = input.first(std::min(wanted, input.size()));
      input = input.subspan(said.size());
      if (!raw) Say(soup::PacketType::kSequenced, said);
      if (raw && source_->venue != nullptr) (void)source_->venue->Write(said);
      Ask();
    }
    for (int turn = 0; turn != 8; ++turn) Turn();
  }

 private:
  void Say(soup::PacketType type, std::span<const std::byte> payload) {
    if (source_->venue == nullptr) return;
    std::array<std::byte, 3> header;
    soup::WriteHeader(header.data(), type, payload.size());
    (void)source_->venue->Write(header);
    (void)source_->venue->Write(payload);
  }
  void Turn() {
    now_ns_ += kNsPerMs;
    connector_->Poll(now_ns_, sink_);
    if (!std::exchange(source_->logs_on, false)) return;
    constexpr std::string_view kAccepted = "FUZZ                         1";
    Say(soup::PacketType::kLoginAccepted, std::as_bytes(std::span(kAccepted)));
    connector_->Poll(now_ns_, sink_);
  }
  void Ask() {
    ++requests_;
    const uint64_t id = requests_ << OuchOrders::kSlotBits | requests_ % kSlots;
    const uint64_t before =
        requests_ <= kSlots ? id : id - (uint64_t{kSlots} << OuchOrders::kSlotBits);
    Effect request;
    switch (requests_ / kSlots % 3) {
      case 0: {
        NewOrder order;
        order.cl_ord_id = id;
        order.price = 100 * kNsPerS;
        order.qty = 10;
        order.instrument = 7;
        order.account = 1;
        order.side = requests_ % 2 == 0 ? Side::kBuy : Side::kSell;
        order.ord_type = OrdType::kLimit;
        order.time_in_force = TimeInForce::kDay;
        request = Effect(Target::kVenue, 1, 0, order);
        break;
      }
      case 1:
        request = Effect(
            Target::kVenue, 1, 0,
            Replace{.cl_ord_id = id, .orig_cl_ord_id = before, .price = 101 * kNsPerS, .qty = 20});
        break;
      default:
        request = Effect(Target::kVenue, 1, 0, Cancel{.cl_ord_id = id, .orig_cl_ord_id = before});
    }
    if (connector_->Send(now_ns_, std::span(&request, 1)) == 0) --requests_;
  }

  int64_t now_ns_ = 1'790'000'000 * kNsPerS;
  ReadingSink sink_;
  FuzzedSource* source_ = nullptr;
  std::unique_ptr<OuchConnector> connector_;
  uint64_t requests_ = 0;
};

}  // namespace
}  // namespace ringway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ringway::Fuzzed fuzzed(data[0] % 2 == 0 ? ringway::OuchVersion::k42 : ringway::OuchVersion::k50);
  fuzzed.Try(std::as_bytes(std::span(data + 1, size - 1)));
  return 0;
}
