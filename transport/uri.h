// The address of a peer: "shm:/run/ringway/gw.sock" or "rdma://host:port". On a host with several
// networks, "rdma://host:port?source=address" names the local address to connect from.
//
// Pure: only backends.h knows which schemes exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ringway {

inline constexpr std::size_t kSocketPathBytesMax = 107;  // sun_path of unix(7) without its zero

struct Uri {
  std::string scheme;
  std::string path;  // absolute, at most kSocketPathBytesMax; of "scheme:/path"
  std::string host;  // of "scheme://host:port", without the brackets of an IPv6 address
  uint16_t port = 0;
  std::string source;  // of "scheme://host:port?source=address"; empty: routing decides

  std::string ToString() const;
};

// Errors: InvalidArgument, naming what is wrong and how it should look.
absl::StatusOr<Uri> ParseUri(std::string_view text);

}  // namespace ringway
