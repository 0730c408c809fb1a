// The slow path of LinkConnector: set-up.
#include "gateway/connector/link/link_connector.h"

#include "transport/uri.h"

namespace ringway {

absl::StatusOr<std::unique_ptr<LinkConnector>> MakeLinkConnector(
    const std::string& uri, const LinkConnectorOptions& options, const LinkOptions& link) {
  if (absl::StatusOr<Uri> parsed = ParseUri(uri); !parsed.ok()) return parsed.status();
  if (options.venue == 0 || options.member_id == 0 || options.unconfirmed_max == 0) {
    return absl::InvalidArgumentError("venue, member_id and unconfirmed_max must not be 0");
  }
  if (options.retry_min_ns <= 0 || options.retry_max_ns < options.retry_min_ns) {
    return absl::InvalidArgumentError("retry_min_ns must be above 0 and at most retry_max_ns");
  }
  ConnectOptions connect;
  connect.link = link;
  connect.peer_key = options.member_id;
  connect.epoch = static_cast<uint32_t>(UnixNowNs() / kNsPerS);
  absl::StatusOr<std::unique_ptr<ThreadDialer>> dialer =
      ThreadDialer::Create(uri, connect, options.key);
  if (!dialer.ok()) return dialer.status();
  return std::make_unique<LinkConnector>(*std::move(dialer), options);
}

absl::StatusOr<std::unique_ptr<Connector>> LinkVenue::MakeConnector(
    const ConnectorContext& context) const {
  LinkConnectorOptions options;
  options.venue = context.venue.id;
  options.member_id = member_id;
  options.report = context.report;
  if (!key_file.empty()) {
    absl::StatusOr<SessionKey> key = SessionKey::FromFile(key_file);
    if (!key.ok()) return key.status();
    options.key = *std::move(key);
  }
  return MakeLinkConnector(uri, options, context.link);
}

}  // namespace ringway
