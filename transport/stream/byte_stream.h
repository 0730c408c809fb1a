// ByteStream: an established connection that carries bytes both ways, in order and unchanged.
//
// Nothing here waits. Reading and writing move what can be moved now and say how much; what cannot
// is back-pressure of this stream, and no other one notices. Connecting, accepting and handshakes
// are done by others before a stream exists (stream_dialer.h, stream_listener.h).
//
// Thread rule: one thread at a time, the engine's. Its calls allocate nothing over TCP and inside a
// process, and take no lock; over TLS OpenSSL may allocate. Lifetime: give a stream that has ended
// back to its dialer or listener (Discard), which frees it on its own thread.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "transport/stream/acceleration.h"
#include "transport/stream/fixed_text.h"

namespace ringway {

enum class StreamStatus : uint8_t {
  kOk,          // `bytes` moved: at least one, unless none were asked for
  kWouldBlock,  // none moved; wait for WaitEvents()
  kEnded,       // Read: the peer has ended, all its bytes were read. Write: EndWrites() was called
  kReset,       // the peer, or the network, ended it at once: bytes may be lost
  kFailed,      // error() says why; also after Close()
};
std::string_view Name(StreamStatus status) noexcept;

struct [[nodiscard]] StreamIo {
  StreamStatus status = StreamStatus::kOk;
  std::size_t bytes = 0;
};

enum class StreamState : uint8_t {
  kOpen,
  kEnded,  // the peer sends no more; this side may, until EndWrites()
  kReset,  // this and what follows are final
  kFailed,
  kClosed,  // by Close()
};

// Who is at the other end.
struct StreamPeer {
  std::string
      address;  // as it was asked for and what it resolved to: "fix.example:9878 (192.0.2.1)"
  std::string subject;  // of its certificate; empty: it showed none
};

class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  // Reads until kWouldBlock before it waits: bytes may be here already.
  virtual StreamIo Read(std::span<std::byte> into) noexcept = 0;
  // Takes what there is room for. Over TLS bytes that were taken may still wait for room here; they
  // leave with the next Read() or Write(), so a stream is polled even when nothing is to be sent.
  virtual StreamIo Write(std::span<const std::byte> bytes) noexcept = 0;
  // This side sends no more; the peer reads kEnded after all that was taken.
  virtual void EndWrites() noexcept = 0;
  // Ends both ways at once. What was not sent yet is lost; the peer may see a reset.
  virtual void Close() noexcept = 0;

  // What poll(2) may wait on; -1: there is none, poll the stream.
  virtual int fd() const noexcept { return -1; }
  // What to wait for there. `to_write`: also until a Write() would take something.
  virtual short WaitEvents(bool to_write) const noexcept {
    return static_cast<short>(POLLIN | (to_write ? POLLOUT : 0));
  }

  // Asks the stack about this socket now; once a second is meant. The answer stays in
  // acceleration(). A stream that has ended keeps its last answer.
  virtual const Acceleration& ProveAcceleration() noexcept { return acceleration_; }
  // As of the last proof.
  const Acceleration& acceleration() const noexcept { return acceleration_; }
  // Keeps the send path of an accelerating stack warm, by bytes that are not sent; else does
  // nothing. True: it did.
  virtual bool WarmSend(std::span<const std::byte> /*bytes*/) noexcept { return false; }

  StreamState state() const noexcept { return state_; }
  // Why it was reset or failed, with what can be done; empty: neither.
  std::string_view error() const noexcept { return error_.view(); }
  const StreamPeer& peer() const noexcept { return peer_; }

  // Kept as long as the stream: whoever made it counts it by that.
  void Hold(std::shared_ptr<const void> held) noexcept { held_ = std::move(held); }

  ByteStream* next_discarded = nullptr;  // of its maker's list (base/hand_over_list.h)

 protected:
  // The answer of a stream in a final state; kOk while it is none.
  StreamIo Final() const noexcept {
    switch (state_) {
      case StreamState::kOpen:
      case StreamState::kEnded:
        return {};
      case StreamState::kReset:
        return {StreamStatus::kReset};
      case StreamState::kFailed:
      case StreamState::kClosed:
        return {StreamStatus::kFailed};
    }
    return {StreamStatus::kFailed};
  }

  StreamState state_ = StreamState::kOpen;
  bool writes_ended_ = false;
  FixedText<240> error_;
  StreamPeer peer_;
  Acceleration acceleration_;

 private:
  std::shared_ptr<const void> held_;
};

inline std::string_view Name(StreamStatus status) noexcept {
  switch (status) {
    case StreamStatus::kOk:
      return "ok";
    case StreamStatus::kWouldBlock:
      return "would block";
    case StreamStatus::kEnded:
      return "ended";
    case StreamStatus::kReset:
      return "reset";
    case StreamStatus::kFailed:
      return "failed";
  }
  return "?";
}

}  // namespace ringway
