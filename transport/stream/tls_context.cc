// Loads certificates and says what is checked of the peer's.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "transport/stream/tls.h"

namespace ringway {
namespace {

absl::Status FileError(const std::string& file, absl::string_view what, absl::string_view remedy) {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  absl::Status status = absl::InvalidArgumentError(
      absl::StrCat(what, " ", file, ": ", reason == nullptr ? "it cannot be read" : reason,
                   ". Remedy: ", remedy));
  ERR_clear_error();
  return status;
}

// Without it OpenSSL would ask for a passphrase at the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

// What both sides want of TLS: nothing that costs memory or a surprise after the handshake.
absl::Status SetCommon(SSL_CTX* context) {
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
    return absl::InternalError("OpenSSL has no TLS 1.2");
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One receive for a record, not one for its header and one for its body.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_passwd_cb(context, NoPassphrase);
  return absl::OkStatus();
}

absl::Status LoadOwn(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (certificate.empty()) return absl::OkStatus();
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return FileError(certificate, "certificate_file",
                     "a PEM file with this side's certificate first, readable by this user");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return FileError(
        key, "key_file",
        "the PEM key of certificate_file, without a passphrase, readable by this user");
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return FileError(key, "key_file", "the key that belongs to certificate_file");
  }
  return absl::OkStatus();
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::ForClient(const TlsOptions& options) {
  auto made = std::make_shared<TlsContext>();
  made->client_ = options;
  made->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for TLS");
  if (absl::Status set = SetCommon(context); !set.ok()) return set;
  ERR_clear_error();
  const bool loaded = options.ca_file.empty()
                          ? SSL_CTX_set_default_verify_paths(context) == 1
                          : SSL_CTX_load_verify_file(context, options.ca_file.c_str()) == 1;
  if (!loaded) {
    return FileError(options.ca_file, "ca_file",
                     "a PEM file with the CA certificates that are trusted, readable by this user");
  }
  SSL_CTX_set_verify(
      context, options.verify == TlsVerify::kNone ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (absl::Status own = LoadOwn(context, options.certificate_file, options.key_file); !own.ok()) {
    return own;
  }
  return made;
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::ForListener(
    const TlsListenOptions& options) {
  auto made = std::make_shared<TlsContext>();
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for TLS");
  if (absl::Status set = SetCommon(context); !set.ok()) return set;
  if (options.certificate_file.empty()) {
    return absl::InvalidArgumentError(
        "who listens for TLS needs a certificate. Remedy: set certificate_file and key_file");
  }
  if (absl::Status own = LoadOwn(context, options.certificate_file, options.key_file); !own.ok()) {
    return own;
  }
  if (!options.client_ca_file.empty()) {
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, options.client_ca_file.c_str()) != 1) {
      return FileError(options.client_ca_file, "client_ca_file",
                       "a PEM file with the CA certificates of clients, readable by this user");
    }
    // Clients choose their certificate by these names.
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(options.client_ca_file.c_str()));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return made;
}

}  // namespace ringway
