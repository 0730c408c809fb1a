// Implements any_link.h: maps a URI's scheme to a backend.
#include "transport/any_link.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

template <class... B>
absl::Status UnknownScheme(const Uri& uri, BackendList<B...>) {
  std::string known;
  ((absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(B::kScheme))), ...);
  return absl::InvalidArgumentError(
      absl::StrCat("this build has no \"", uri.scheme, "\" links; it has: ", known));
}

// Calls f<B>() for the backend of this scheme and wraps the result.
template <class Result, class F, class... B>
absl::StatusOr<Result> WithBackend(std::string_view text, F&& f, BackendList<B...> backends) {
  absl::StatusOr<Uri> uri = ParseUri(text);
  if (!uri.ok()) return uri.status();
  absl::StatusOr<Result> result = UnknownScheme(*uri, backends);
  const auto attempt = [&]<class Backend>() {
    if (uri->scheme != Backend::kScheme) return false;
    auto made = f.template operator()<Backend>(*uri);
    if (made.ok()) {
      result.emplace(*std::move(made));
    } else {
      result = made.status();
    }
    return true;
  };
  (attempt.template operator()<B>() || ...);
  return result;
}

}  // namespace

template <class... B>
absl::StatusOr<BasicAnyLink<BackendList<B...>>> BasicAnyLink<BackendList<B...>>::Connect(
    std::string_view uri, const ConnectOptions& options) {
  return WithBackend<BasicAnyLink>(
      uri, [&]<class Backend>(const Uri& parsed) { return Backend::Connect(parsed, options); },
      BackendList<B...>{});
}

template <class... B>
absl::StatusOr<BasicAnyListener<BackendList<B...>>> BasicAnyListener<BackendList<B...>>::Listen(
    std::string_view uri, const ListenOptions& options) {
  return WithBackend<BasicAnyListener>(
      uri, [&]<class Backend>(const Uri& parsed) { return Backend::Listen(parsed, options); },
      BackendList<B...>{});
}

template class BasicAnyLink<Backends>;
template class BasicAnyListener<Backends>;

}  // namespace ringway
