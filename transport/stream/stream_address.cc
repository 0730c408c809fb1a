// Parses and resolves addresses of byte streams.
#include "transport/stream/stream_address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <array>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

absl::Status BadAddress(std::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(text), "\" ", what,
                   ". Remedy: write host:port, 192.0.2.1:9878 or [2001:db8::1]:9878"));
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return BadAddress(text, "names no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty()) return BadAddress(text, "names no host");
  if (!brackets && host.find(':') != std::string_view::npos) {
    return BadAddress(text, "is an IPv6 address without brackets");
  }
  HostPort where{.host = std::string(host)};
  if (brackets) {
    const std::optional<TcpAddress> number = NumericAddress(where.host, 0);
    if (!number || number->storage.ss_family != AF_INET6) {
      return BadAddress(text, "has something else than an IPv6 address in brackets");
    }
  }
  if (host.find_first_of("[]/ \t\r\n") != std::string_view::npos) {
    return BadAddress(text, "has characters that no host has");
  }
  uint32_t number = 0;
  if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos ||
      !absl::SimpleAtoi(absl::string_view(port.data(), port.size()), &number) || number > 65535) {
    return BadAddress(text, "has no port from 0 to 65535");
  }
  where.port = static_cast<uint16_t>(number);
  return where;
}

uint16_t TcpAddress::port() const noexcept {
  return ntohs(storage.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

std::string TcpAddress::Host() const {
  std::array<char, NI_MAXHOST> host;
  if (getnameinfo(raw(), bytes, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return "?";
  }
  return host.data();
}

std::string TcpAddress::Text() const {
  const bool v6 = storage.ss_family == AF_INET6;
  return absl::StrCat(v6 ? "[" : "", Host(), v6 ? "]:" : ":", port());
}

std::optional<TcpAddress> NumericAddress(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  // Scopes of link-local addresses are understood ("fe80::1%eth0"); no name server is asked.
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return {};
  TcpAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.bytes = found->ai_addrlen;
  freeaddrinfo(found);
  return address;
}

absl::StatusOr<std::vector<TcpAddress>> ResolveTcp(const HostPort& where) {
  if (const std::optional<TcpAddress> number = NumericAddress(where.host, where.port)) {
    return std::vector<TcpAddress>{*number};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* first = nullptr;
  const int error =
      getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &first);
  if (error == EAI_NONAME || error == EAI_NODATA) {
    return absl::NotFoundError(absl::StrCat("the name ", where.host,
                                            " is not known. Remedy: check its spelling, or give "
                                            "the venue's number"));
  }
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat(
        "the name ", where.host, " could not be resolved: ", gai_strerror(error),
        ". Remedy: check the name servers in /etc/resolv.conf, or give the venue's number"));
  }
  std::vector<TcpAddress> addresses;
  for (const addrinfo* each = first; each != nullptr && addresses.size() < kResolvedMax;
       each = each->ai_next) {
    TcpAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.bytes = each->ai_addrlen;
  }
  freeaddrinfo(first);
  return addresses;
}

}  // namespace ringway
