// Streams between a connector and a venue of a test, in memory: reachable, accelerated and faulty
// as the test says. Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "gateway/connector/stream_source.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/testing/memory_stream.h"

namespace ringway {

// A stream whose acceleration a test decides.
class AcceleratedStream final : public ByteStream {
 public:
  AcceleratedStream(std::unique_ptr<ByteStream> stream, const bool& accelerated)
      : stream_(std::move(stream)), accelerated_(accelerated) {
    AcceleratedStream::ProveAcceleration();
  }
  StreamIo Read(std::span<std::byte> into) noexcept override { return stream_->Read(into); }
  StreamIo Write(std::span<const std::byte> bytes) noexcept override {
    return stream_->Write(bytes);
  }
  void EndWrites() noexcept override { stream_->EndWrites(); }
  void Close() noexcept override { stream_->Close(); }
  const Acceleration& ProveAcceleration() noexcept override {
    acceleration_.stack = StackKind::kOnload;
    acceleration_.cause = accelerated_ ? AccelerationCause::kNone : AccelerationCause::kHandedOver;
    return acceleration_;
  }

 private:
  std::unique_ptr<ByteStream> stream_;
  const bool& accelerated_;
};

// Streams between a connector and a venue in the same process.
struct ScriptedNetwork {
  explicit ScriptedNetwork(const int64_t& now) : now_ns(now) {}

  const int64_t& now_ns;
  bool reachable = true;
  StreamFaults to_venue;
  StreamFaults to_client;
  std::unique_ptr<MemoryStream> far;  // for the venue to fetch
  MemoryStream* near = nullptr;       // the connector's, while it has it
  uint32_t settled = 0;               // connections that the client says will last
  bool accelerated = false;           // by a stack, as a proof says
};

class ScriptedSource final : public StreamSource {
 public:
  explicit ScriptedSource(ScriptedNetwork& network) : network_(network) {}
  void Start() noexcept override { under_way_ = true; }
  StreamDialState Poll(std::unique_ptr<ByteStream>& stream) noexcept override {
    if (!std::exchange(under_way_, false)) return StreamDialState::kIdle;
    if (!network_.reachable) return StreamDialState::kFailed;
    MemoryStreams pair = MakeMemoryStreams(network_.to_venue, network_.to_client, network_.now_ns);
    network_.near = pair.near.get();
    network_.far = std::move(pair.far);
    stream = std::make_unique<AcceleratedStream>(std::move(pair.near), network_.accelerated);
    return StreamDialState::kConnected;
  }
  void Settle() noexcept override { ++network_.settled; }
  void Discard(std::unique_ptr<ByteStream> stream) noexcept override {
    network_.near = nullptr;
    stream.reset();
  }
  const std::string& last_error() const noexcept override { return error_; }

 private:
  ScriptedNetwork& network_;
  bool under_way_ = false;
  std::string error_ = "nobody listens";
};

}  // namespace ringway
