// StreamListener: accepts byte streams on its own thread, and hands them over finished.
//
// TLS handshakes run there side by side, each with a deadline and bounded in number, so that a peer
// that never finishes its own blocks nobody: when there are too many, the oldest of the host that
// has the most is dropped (transport/fair_share.h). One host has a bounded number of connections;
// what is beyond is closed at once.
//
// Thread rule: TryAccept() and Discard() by one thread, which never waits; the rest by any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_address.h"
#include "transport/stream/stream_options.h"

namespace ringway {

class StreamListener {
 public:
  // Binds the address and nothing else; port 0 takes a free one, which address() tells. `report`
  // gets a line about refused peers, ten a second at most, on the listener's thread; may be empty.
  // Errors: InvalidArgument with the first fault of the options; those of TlsContext and
  // ListenTcp(); the system has no room for its thread.
  static absl::StatusOr<std::unique_ptr<StreamListener>> Listen(
      const StreamListenOptions& options, std::function<void(std::string_view line)> report = {});
  // Ends handshakes under way and frees what was not fetched. Streams outlive it.
  ~StreamListener();

  // The oldest finished stream; null: there is none, or another is being added.
  std::unique_ptr<ByteStream> TryAccept() noexcept;
  // Takes back a stream of TryAccept(), closes it, and frees it on the listener's thread.
  void Discard(std::unique_ptr<ByteStream> stream) noexcept;
  // Readable while there is a stream to fetch.
  int ready_fd() const noexcept;
  const TcpAddress& address() const noexcept;

  // Connections that became no stream: a handshake failed or took too long, a host had too many.
  uint64_t refused() const noexcept;

 private:
  class Impl;
  explicit StreamListener(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace ringway
