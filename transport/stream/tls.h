// TLS 1.2 and 1.3 over TCP, by OpenSSL 3.
//
// TlsContext holds the certificates and what is checked: one for each dialer and listener, made
// once. TlsStream is a stream whose handshake is driven to its end by the dialer or the listener,
// on their threads, before it is handed over. OpenSSL reads and writes the socket by functions of
// this file, never by its own: they raise no SIGPIPE, and keep here what the socket does not take,
// so that a record that OpenSSL has made is never made twice.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_options.h"
#include "transport/stream/tcp.h"
#include "transport/unique_fd.h"

// OpenSSL's.
struct ssl_st;
struct ssl_ctx_st;

namespace ringway {

// Thread rule: any thread may make streams from it.
class TlsContext {
 public:
  // Reads the files. Errors: InvalidArgument, with the file, the cause and the remedy.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> ForClient(const TlsOptions& options);
  static absl::StatusOr<std::shared_ptr<const TlsContext>> ForListener(
      const TlsListenOptions& options);

  ssl_ctx_st* get() const noexcept { return context_.get(); }
  const TlsOptions& client() const noexcept { return client_; }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  std::unique_ptr<ssl_ctx_st, Free> context_;
  TlsOptions client_;
};

class TlsStream final : public SocketStream {
 public:
  // The connecting side. `host`: of the address, which the certificate must name unless the options
  // say otherwise. Errors: the system has no memory; InvalidArgument for a name that is none.
  static absl::StatusOr<std::unique_ptr<TlsStream>> Connect(
      UniqueFd fd, StreamPeer peer, std::shared_ptr<const TlsContext> context,
      const std::string& host);
  static absl::StatusOr<std::unique_ptr<TlsStream>> Accept(
      UniqueFd fd, StreamPeer peer, std::shared_ptr<const TlsContext> context);
  ~TlsStream() override;

  // One step of the handshake. kOk: done, with the peer's certificate checked; kWouldBlock: wait
  // for HandshakeEvents(). Anything else: handshake_error() says why.
  StreamStatus Handshake();
  short HandshakeEvents() const noexcept;
  const std::string& handshake_error() const noexcept { return handshake_error_; }

  StreamIo Read(std::span<std::byte> into) noexcept override;
  StreamIo Write(std::span<const std::byte> bytes) noexcept override;
  void EndWrites() noexcept override;
  void Close() noexcept override;
  short WaitEvents(bool to_write) const noexcept override;

 private:
  friend struct TlsSocketIo;  // what OpenSSL calls, in tls.cc

  TlsStream(UniqueFd fd, StreamPeer peer, std::shared_ptr<const TlsContext> context);
  static absl::StatusOr<std::unique_ptr<TlsStream>> Make(UniqueFd fd, StreamPeer peer,
                                                         std::shared_ptr<const TlsContext> context);
  bool HasUnsent() const noexcept { return unsent_begin_ != unsent_end_; }
  // Sends what is kept, as far as the socket takes it.
  RawIo Flush() noexcept;
  StreamIo EndTls() noexcept;
  std::string DescribeHandshake(int error);

  const std::shared_ptr<const TlsContext> context_;
  ssl_st* ssl_ = nullptr;  // owned
  std::string host_;       // whose certificate is expected; for messages
  std::string handshake_error_;
  std::string refused_;  // the certificate that was: its subject and names
  // Of the socket, inside OpenSSL's last call.
  RawIo last_read_;
  RawIo last_write_;
  std::vector<std::byte> unsent_;
  std::size_t unsent_begin_ = 0;
  std::size_t unsent_end_ = 0;
};

}  // namespace ringway
