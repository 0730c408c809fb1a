// Implements subscriber.h: connects, and keeps the link alive.

#include "msg/subscriber.h"

#include <memory>
#include <utility>

#include "msg/auth.h"

namespace ringway {

absl::StatusOr<std::unique_ptr<Subscriber>> Subscriber::Connect(const SubscriberOptions& options) {
  // Every connection is a new peer: there is nothing to resume, so no epoch to keep.
  const ConnectOptions connect{.link = options.link,
                               .peer_key = RandomIncarnation(),
                               .timeout_ns = options.connect_timeout_ns};
  absl::StatusOr<AnyLink> link = AnyLink::Connect(options.uri, connect);
  if (!link.ok()) return link.status();
  return std::unique_ptr<Subscriber>(new Subscriber(std::make_unique<AnyLink>(*std::move(link))));
}

void Subscriber::Upkeep() noexcept {
  polls_since_clock_ = 0;
  const int64_t now_ns = clock_.NowNs();
  if (now_ns - last_maintain_ns_ < kNsPerMs) return;
  last_maintain_ns_ = now_ns;
  Maintain(now_ns);
}

}  // namespace ringway
