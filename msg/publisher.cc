// Implements publisher.h: validates options, listens, and accepts subscribers.

#include "msg/publisher.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringway {

absl::Status Validate(const PublisherOptions& options) {
  const auto wrong = [](const auto& name, uint32_t value, uint32_t max) {
    return absl::InvalidArgumentError(
        absl::StrCat("PublisherOptions.", name, " is ", value, "; it must be 1 to ", max));
  };
  constexpr uint32_t kSubscribersMax = 4096;
  constexpr uint32_t kKeysMax = 1u << 20;
  const uint32_t payload_max = options.listen.link.payload_bytes_max - kTopicKeyBytes;
  if (options.subscribers_max == 0 || options.subscribers_max > kSubscribersMax) {
    return wrong("subscribers_max", options.subscribers_max, kSubscribersMax);
  }
  if (options.keys_max == 0 || options.keys_max > kKeysMax) {
    return wrong("keys_max", options.keys_max, kKeysMax);
  }
  if (options.payload_bytes_max == 0 || options.payload_bytes_max > payload_max) {
    return wrong("payload_bytes_max", options.payload_bytes_max, payload_max);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Publisher>> Publisher::Listen(const PublisherOptions& options) {
  absl::Status status = Validate(options);
  if (!status.ok()) return status;
  absl::StatusOr<AnyListener> listener = AnyListener::Listen(options.uri, options.listen);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<Publisher>(new Publisher(options, *std::move(listener)));
}

void Publisher::Poll() {
  if (forked()) return;
  for (uint32_t i = 0; i != kAcceptMax; ++i) {
    std::optional<AnyLink> link = listener_.TryAccept();
    if (!link) break;
    Accept(std::make_unique<AnyLink>(*std::move(link)));
  }
  BasicPublisher<AnyLink>::Poll(clock_.NowNs());
}

}  // namespace ringway
