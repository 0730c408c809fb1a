// Checks the configuration of an exchange that is reached over a link.
#include "gateway/connector/link/link_venue.h"

#include "absl/status/statusor.h"
#include "transport/uri.h"

namespace ringway {

std::vector<VenueFault> LinkVenue::Faults(const VenueContext&) const {
  constexpr const char* kExample = "write for example uri = \"shm:/run/ringway/exchange.sock\"";
  if (uri.empty()) {
    return {{"uri", "an exchange-link has to know where the exchange is", kExample}};
  }
  const absl::StatusOr<Uri> parsed = ParseUri(uri);
  if (!parsed.ok()) return {{"uri", std::string(parsed.status().message()), kExample}};
  // Over shared memory the socket's owner says who the other end is.
  if (key_file.empty() && parsed->scheme != "shm") {
    return {{"key_file", "without a key neither the exchange nor this gateway knows the other",
             "make one with `ringway keygen FILE`, and give the exchange a copy"}};
  }
  return {};
}

VenueNeeds LinkVenue::Needs(const VenueContext&) const {
  const absl::StatusOr<Uri> parsed = ParseUri(uri);
  VenueNeeds needs;
  if (parsed.ok()) needs.socket = parsed->path;
  needs.key_file = key_file;
  return needs;
}

}  // namespace ringway
