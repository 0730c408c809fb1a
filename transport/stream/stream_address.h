// Addresses of byte streams: "host:port" and "[v6]:port", and what a name resolves to.
//
// Thread rule: set-up code; ResolveTcp() of a name waits for the name server, as long as
// /etc/resolv.conf lets it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ringway {

struct HostPort {
  std::string host;  // a name, or a number without brackets
  uint16_t port = 0;
};

// Errors: InvalidArgument with the remedy.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

struct TcpAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  const sockaddr* raw() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  uint16_t port() const noexcept;
  std::string Host() const;  // the number alone
  std::string Text() const;  // "192.0.2.1:9878", "[2001:db8::1]:9878"
};

// Of a number; nullopt: `host` is a name.
std::optional<TcpAddress> NumericAddress(const std::string& host, uint16_t port);

// Whatever turns a name into addresses, the preferred one first.
using Resolve = std::function<absl::StatusOr<std::vector<TcpAddress>>(const HostPort&)>;

// By the system (getaddrinfo), at most kResolvedMax. Errors: NotFound, Unavailable with the remedy.
absl::StatusOr<std::vector<TcpAddress>> ResolveTcp(const HostPort& where);
inline constexpr std::size_t kResolvedMax = 8;

}  // namespace ringway
