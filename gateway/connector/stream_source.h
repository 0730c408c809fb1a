// StreamSource: where a connector gets its byte streams, which is a StreamDialer or a test's.
//
// Its functions mean what StreamDialer's mean. Thread rule: the engine's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_dialer.h"

namespace ringway {

// A connection over which a session has been up for so long is one that lasts (Settle()): a venue
// that takes logons and hangs up is dialed with growing pauses.
inline constexpr int64_t kLastingConnectionNs = 5 * kNsPerS;

class StreamSource {
 public:
  virtual ~StreamSource() = default;
  virtual void Start() noexcept = 0;
  virtual StreamDialState Poll(std::unique_ptr<ByteStream>& stream) noexcept = 0;
  virtual void Settle() noexcept = 0;
  virtual void Discard(std::unique_ptr<ByteStream> stream) noexcept = 0;
  virtual const std::string& last_error() const noexcept = 0;
};

class DialedStreams final : public StreamSource {
 public:
  explicit DialedStreams(std::unique_ptr<StreamDialer> dialer) : dialer_(std::move(dialer)) {}
  void Start() noexcept override { dialer_->Start(); }
  StreamDialState Poll(std::unique_ptr<ByteStream>& stream) noexcept override {
    return dialer_->Poll(stream);
  }
  void Settle() noexcept override { dialer_->Settle(); }
  void Discard(std::unique_ptr<ByteStream> stream) noexcept override {
    dialer_->Discard(std::move(stream));
  }
  const std::string& last_error() const noexcept override { return dialer_->last_error(); }

 private:
  std::unique_ptr<StreamDialer> dialer_;
};

}  // namespace ringway
