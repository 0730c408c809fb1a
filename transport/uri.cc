// Implements uri.h: parses and formats link addresses.
#include "transport/uri.h"

#include <algorithm>
#include <charconv>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

absl::Status Malformed(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::string_view(text.data(), text.size()),
                   "\" is no link address: ", absl::string_view(why.data(), why.size()),
                   "; it should look like shm:/run/ringway/gw.sock or rdma://host:port"));
}

bool IsSchemeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
}

}  // namespace

absl::StatusOr<Uri> ParseUri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Malformed(text, "there is no scheme before a colon");
  Uri uri;
  uri.scheme = text.substr(0, colon);
  if (uri.scheme.empty() || !std::all_of(uri.scheme.begin(), uri.scheme.end(), IsSchemeCharacter)) {
    return Malformed(text, "the scheme is not a lower-case word");
  }
  std::string_view rest = text.substr(colon + 1);
  if (rest.find('\0') != std::string_view::npos) return Malformed(text, "it holds a zero byte");
  if (!rest.starts_with("//")) {
    if (!rest.starts_with('/')) return Malformed(text, "the path is not absolute");
    if (rest.size() == 1) return Malformed(text, "the path is empty");
    if (rest.size() > kSocketPathBytesMax) {
      return Malformed(text,
                       absl::StrCat("the path is longer than ", kSocketPathBytesMax, " bytes"));
    }
    uri.path = rest;
    return uri;
  }
  rest.remove_prefix(2);
  if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
    constexpr std::string_view kSource = "source=";
    std::string_view query = rest.substr(question + 1);
    rest = rest.substr(0, question);
    if (!query.starts_with(kSource) || query.size() == kSource.size() ||
        query.find('&') != std::string_view::npos) {
      return Malformed(text, "behind the question mark only source=ADDRESS is known");
    }
    query.remove_prefix(kSource.size());
    if (query.starts_with('[') && query.ends_with(']')) query = query.substr(1, query.size() - 2);
    uri.source = query;
  }
  const std::size_t port_colon = rest.rfind(':');
  if (port_colon == std::string_view::npos) return Malformed(text, "the port is missing");
  std::string_view host = rest.substr(0, port_colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Malformed(text, "an IPv6 address needs brackets");
  }
  if (host.empty()) return Malformed(text, "the host is missing");
  if (host.find('/') != std::string_view::npos) return Malformed(text, "the host holds a slash");
  uri.host = host;
  const std::string_view port = rest.substr(port_colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), uri.port);
  if (error != std::errc() || end != port.data() + port.size() || uri.port == 0) {
    return Malformed(text, "the port is not a number from 1 to 65535");
  }
  return uri;
}

std::string Uri::ToString() const {
  if (!path.empty()) return absl::StrCat(scheme, ":", path);
  const bool brackets = host.find(':') != std::string::npos;
  return absl::StrCat(scheme, "://", brackets ? "[" : "", host, brackets ? "]" : "", ":", port,
                      source.empty() ? "" : "?source=", source);
}

}  // namespace ringway
