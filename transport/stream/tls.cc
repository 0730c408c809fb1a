// Drives OpenSSL over a socket that is never waited for.
#include "transport/stream/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/printable.h"
#include "transport/stream/stream_address.h"

namespace ringway {

namespace {

// Plain bytes of one record, and what is kept of it: RFC 8446, 5.2 lets it grow by 256 bytes and
// its header. The rest is for alerts and answers to key updates.
constexpr std::size_t kRecordBytesMax = 16384;
constexpr std::size_t kUnsentBytesMax = kRecordBytesMax + 4096;

bool IsBroken(StreamStatus status) {
  return status == StreamStatus::kReset || status == StreamStatus::kFailed;
}

std::string SubjectOf(X509* certificate) {
  if (certificate == nullptr) return {};
  std::string subject;
  if (BIO* text = BIO_new(BIO_s_mem()); text != nullptr) {
    X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
    char* bytes = nullptr;
    if (const long count = BIO_get_mem_data(text, &bytes); count > 0) {
      subject.assign(bytes, static_cast<std::size_t>(count));
    }
    BIO_free(text);
  }
  return subject;
}

// "CN=venue (venue.example, *.fix.example)": the first few of its names.
std::string NamesOf(X509* certificate) {
  constexpr int kNamesMax = 4;
  std::string names;
  auto* all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < std::min(sk_GENERAL_NAME_num(all), kNamesMax); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type != GEN_DNS) continue;
    const std::string_view text(
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
        static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    names.append(names.empty() ? "" : ", ").append(Printable(text));
  }
  GENERAL_NAMES_free(all);
  return absl::StrCat(SubjectOf(certificate), names.empty() ? "" : " (", names,
                      names.empty() ? "" : ")");
}

// What verification found, for whoever runs this side.
std::string VerificationRemedy(long result) {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the peer must renew it; check this machine's clock too";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "check this machine's clock";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "if it is the right peer, set tls.server_name to the name that its certificate has";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "its CA is not known here: put the CA's certificate into ca_file (of clients: "
             "client_ca_file)";
    default:
      return "ask the peer for a certificate that holds";
  }
}

}  // namespace

// The socket as OpenSSL sees it (BIO_METHOD, bio_meth_new(3ssl)).
struct TlsSocketIo {
  static TlsStream& StreamOf(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* into, int bytes) {
    BIO_clear_retry_flags(bio);
    if (into == nullptr || bytes <= 0) return 0;
    TlsStream& stream = StreamOf(bio);
    stream.last_read_ =
        stream.Receive(std::as_writable_bytes(std::span(into, static_cast<std::size_t>(bytes))));
    switch (stream.last_read_.status) {
      case StreamStatus::kOk:
        return static_cast<int>(stream.last_read_.bytes);
      case StreamStatus::kWouldBlock:
        BIO_set_retry_read(bio);
        return -1;
      case StreamStatus::kEnded:
        return 0;
      case StreamStatus::kReset:
      case StreamStatus::kFailed:
        break;
    }
    return -1;
  }

  // What the socket does not take is kept. Only when that is full is nothing taken.
  static int Write(BIO* bio, const char* from, int count) {
    BIO_clear_retry_flags(bio);
    if (from == nullptr || count <= 0) return 0;
    TlsStream& stream = StreamOf(bio);
    const auto bytes = std::as_bytes(std::span(from, static_cast<std::size_t>(count)));
    std::size_t sent = 0;
    if (!stream.HasUnsent()) {
      stream.last_write_ = stream.Send(bytes);
      if (stream.last_write_.status == StreamStatus::kOk) {
        sent = stream.last_write_.bytes;
      } else if (stream.last_write_.status != StreamStatus::kWouldBlock) {
        return -1;
      }
    }
    const std::size_t kept =
        std::min(bytes.size() - sent, stream.unsent_.size() - stream.unsent_end_);
    if (kept != 0) {
      std::memcpy(stream.unsent_.data() + stream.unsent_end_, bytes.data() + sent, kept);
      stream.unsent_end_ += kept;
    }
    if (sent + kept == 0) {
      BIO_set_retry_write(bio);
      return -1;
    }
    return static_cast<int>(sent + kept);
  }

  static long Control(BIO* bio, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH:
        return 1;
      case BIO_CTRL_EOF:
        return StreamOf(bio).last_read_.status == StreamStatus::kEnded;
      default:
        return 0;
    }
  }

  // Keeps what the certificate says that was refused; OpenSSL forgets it.
  static int Verified(int ok, X509_STORE_CTX* store) {
    const void* ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    auto* stream = static_cast<TlsStream*>(SSL_get_app_data(static_cast<const SSL*>(ssl)));
    X509* certificate = X509_STORE_CTX_get_current_cert(store);
    if (ok == 0 && certificate != nullptr) stream->refused_ = NamesOf(certificate);
    return ok;
  }

  // One for the process; OpenSSL keeps what was registered until it ends.
  static const BIO_METHOD* Method() {
    static BIO_METHOD* const kMethod = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ringway");
      if (method == nullptr) return method;
      BIO_meth_set_read(method, Read);
      BIO_meth_set_write(method, Write);
      BIO_meth_set_ctrl(method, Control);
      return method;
    }();
    return kMethod;
  }
};

TlsStream::TlsStream(UniqueFd fd, StreamPeer peer, std::shared_ptr<const TlsContext> context)
    : SocketStream(std::move(fd), std::move(peer)),
      context_(std::move(context)),
      unsent_(kUnsentBytesMax) {}

TlsStream::~TlsStream() { SSL_free(ssl_); }

absl::StatusOr<std::unique_ptr<TlsStream>> TlsStream::Make(
    UniqueFd fd, StreamPeer peer, std::shared_ptr<const TlsContext> context) {
  std::unique_ptr<TlsStream> stream(
      new TlsStream(std::move(fd), std::move(peer), std::move(context)));
  stream->ssl_ = SSL_new(stream->context_->get());
  const BIO_METHOD* method = TlsSocketIo::Method();
  BIO* bio = stream->ssl_ == nullptr || method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return absl::ResourceExhaustedError("no memory for a TLS connection");
  BIO_set_data(bio, stream.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(stream->ssl_, bio, bio);
  SSL_set_app_data(stream->ssl_, stream.get());
  SSL_set_verify(stream->ssl_, SSL_CTX_get_verify_mode(stream->context_->get()),
                 TlsSocketIo::Verified);
  return stream;
}

absl::StatusOr<std::unique_ptr<TlsStream>> TlsStream::Connect(
    UniqueFd fd, StreamPeer peer, std::shared_ptr<const TlsContext> context,
    const std::string& host) {
  absl::StatusOr<std::unique_ptr<TlsStream>> made =
      Make(std::move(fd), std::move(peer), std::move(context));
  if (!made.ok()) return made;
  TlsStream& stream = **made;
  const TlsOptions& options = stream.context_->client();
  stream.host_ = options.server_name.empty() ? host : options.server_name;
  const bool number = NumericAddress(stream.host_, 0).has_value();
  bool named = true;
  // Server name indication is for names (RFC 6066, 3).
  if (!number) named = SSL_set_tlsext_host_name(stream.ssl_, stream.host_.c_str()) == 1;
  if (options.verify == TlsVerify::kFull) {
    X509_VERIFY_PARAM* check = SSL_get0_param(stream.ssl_);
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    named = named && (number ? X509_VERIFY_PARAM_set1_ip_asc(check, stream.host_.c_str())
                             : X509_VERIFY_PARAM_set1_host(check, stream.host_.c_str(), 0)) == 1;
  }
  if (!named) {
    return absl::InvalidArgumentError(
        absl::StrCat(stream.host_, " is no name that a certificate can have"));
  }
  SSL_set_connect_state(stream.ssl_);
  return made;
}

absl::StatusOr<std::unique_ptr<TlsStream>> TlsStream::Accept(
    UniqueFd fd, StreamPeer peer, std::shared_ptr<const TlsContext> context) {
  absl::StatusOr<std::unique_ptr<TlsStream>> made =
      Make(std::move(fd), std::move(peer), std::move(context));
  if (made.ok()) SSL_set_accept_state((*made)->ssl_);
  return made;
}

StreamStatus TlsStream::Handshake() {
  if (const RawIo sent = Flush(); sent.status == StreamStatus::kReset) {
    handshake_error_ = "the peer ended the connection during the TLS handshake";
    return sent.status;
  }
  ERR_clear_error();
  last_read_ = last_write_ = {};
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) {
    if (HasUnsent()) Flush();
    if (HasUnsent()) return StreamStatus::kWouldBlock;
    peer_.subject = SubjectOf(SSL_get0_peer_certificate(ssl_));
    return StreamStatus::kOk;
  }
  const int error = SSL_get_error(ssl_, done);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    return StreamStatus::kWouldBlock;
  }
  handshake_error_ = DescribeHandshake(error);
  ERR_clear_error();
  Flush();  // the alert that tells the peer why
  return StreamStatus::kFailed;
}

short TlsStream::HandshakeEvents() const noexcept {
  return static_cast<short>(HasUnsent() || SSL_want_write(ssl_) ? POLLIN | POLLOUT : POLLIN);
}

std::string TlsStream::DescribeHandshake(int error) {
  const long verified = SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK && SSL_get_verify_mode(ssl_) != SSL_VERIFY_NONE) {
    std::string text = absl::StrCat("the peer's certificate is refused: ",
                                    X509_verify_cert_error_string(verified));
    if (!refused_.empty()) absl::StrAppend(&text, "; it is that of ", refused_);
    if (!host_.empty()) text += absl::StrCat("; ", host_, " was expected");
    return absl::StrCat(text, ". Remedy: ", VerificationRemedy(verified));
  }
  if (last_read_.status == StreamStatus::kEnded || last_read_.status == StreamStatus::kReset) {
    return "the peer ended the connection during the TLS handshake. Remedy: check that it speaks "
           "TLS at this port, and its log";
  }
  const unsigned long code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  if (error == SSL_ERROR_SYSCALL && reason == nullptr) {
    return absl::StrCat("the TLS handshake failed: ", strerrordesc_np(last_read_.error));
  }
  std::string remedy = "the peer's log may say more";
  switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER:
      remedy = "the peer does not speak TLS at this port";
      break;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      remedy = "the peer must speak TLS 1.2 or 1.3";
      break;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      remedy = "the client must set certificate_file and key_file";
      break;
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      remedy = "the peer may want a certificate: set certificate_file and key_file";
      break;
    default:
      break;
  }
  return absl::StrCat("the TLS handshake failed: ", reason == nullptr ? "?" : reason,
                      ". Remedy: ", remedy);
}

SocketStream::RawIo TlsStream::Flush() noexcept {
  while (HasUnsent()) {
    const RawIo io = Send(std::span(unsent_).subspan(unsent_begin_, unsent_end_ - unsent_begin_));
    if (io.status != StreamStatus::kOk) return io;
    unsent_begin_ += io.bytes;
    if (!HasUnsent()) unsent_begin_ = unsent_end_ = 0;
  }
  return {};
}

// Why OpenSSL could not go on.
StreamIo TlsStream::EndTls() noexcept {
  if (IsBroken(last_read_.status)) return End(last_read_);
  if (last_read_.status == StreamStatus::kEnded) {
    return Fail(StreamState::kReset,
                "the connection ended without TLS's close_notify: what the peer sent last may be "
                "missing");
  }
  if (IsBroken(last_write_.status)) return End(last_write_);
  const unsigned long code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  const bool wants_certificate = ERR_GET_REASON(code) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
  ERR_clear_error();
  return Fail(StreamState::kFailed, reason == nullptr ? "TLS failed" : reason,
              wants_certificate ? ". Remedy: set certificate_file and key_file" : "");
}

StreamIo TlsStream::Read(std::span<std::byte> into) noexcept {
  if (const StreamIo io = Final(); io.status != StreamStatus::kOk) return io;
  const RawIo flushed = Flush();
  if (state_ == StreamState::kEnded) {
    if (IsBroken(flushed.status)) {
      return End(flushed);
    }
    return {StreamStatus::kEnded};
  }
  if (into.empty()) return {};
  ERR_clear_error();
  last_read_ = last_write_ = {};
  std::size_t got = 0;
  const int done = SSL_read_ex(ssl_, into.data(), into.size(), &got);
  if (done == 1) return {StreamStatus::kOk, got};
  switch (SSL_get_error(ssl_, done)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      // Nothing came before the connection broke.
      if (IsBroken(flushed.status)) {
        return End(flushed);
      }
      return {StreamStatus::kWouldBlock};
    case SSL_ERROR_ZERO_RETURN:
      state_ = StreamState::kEnded;
      return {StreamStatus::kEnded};
    default:
      return EndTls();
  }
}

StreamIo TlsStream::Write(std::span<const std::byte> bytes) noexcept {
  if (const StreamIo io = Final(); io.status != StreamStatus::kOk) return io;
  if (writes_ended_) return {StreamStatus::kEnded};
  const RawIo flushed = Flush();
  if (IsBroken(flushed.status)) {
    return End(flushed);
  }
  if (bytes.empty()) return {};
  if (HasUnsent()) return {StreamStatus::kWouldBlock};
  ERR_clear_error();
  last_read_ = last_write_ = {};
  // With nothing kept there is room for all that one record becomes: OpenSSL never has to be called
  // again with the same bytes, which the caller may not want to send any more.
  std::size_t taken = 0;
  if (SSL_write_ex(ssl_, bytes.data(), std::min(bytes.size(), kRecordBytesMax), &taken) == 1) {
    return {StreamStatus::kOk, taken};
  }
  return EndTls();
}

void TlsStream::EndWrites() noexcept {
  if (writes_ended_ || Final().status != StreamStatus::kOk) return;
  writes_ended_ = true;
  ERR_clear_error();
  last_read_ = last_write_ = {};
  SSL_shutdown(ssl_);  // close_notify; what it finds is found again by the next Read()
  ERR_clear_error();
}

void TlsStream::Close() noexcept {
  EndWrites();
  SocketStream::Close();
}

short TlsStream::WaitEvents(bool to_write) const noexcept {
  return SocketStream::WaitEvents(to_write || HasUnsent());
}

}  // namespace ringway
