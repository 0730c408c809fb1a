// One link of any backend in backends.h, chosen by a URI when it is made: a switch per call,
// nothing virtual.
//
//   AnyListener listener = *AnyListener::Listen("shm:/run/ringway/gw.sock", {});
//   AnyLink link = *AnyLink::Connect("shm:/run/ringway/gw.sock", {});
//
// Thread rule: as of the link inside, one thread each. Lifetime: owns the link; movable. A
// moved-from one may only be destroyed or assigned to.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/backends.h"
#include "transport/link.h"
#include "transport/link_memory.h"
#include "transport/options.h"
#include "transport/uri.h"

namespace ringway {

// Calls f with the object that the variant of unique_ptrs holds. The last alternative needs no
// comparison.
template <std::size_t I = 0, class V, class F>
[[gnu::always_inline]] inline decltype(auto) VisitPointee(V& variant, F&& f) {
  if constexpr (I + 1 == std::variant_size_v<V>) {
    return f(**std::get_if<I>(&variant));
  } else {
    if (variant.index() == I) return f(**std::get_if<I>(&variant));
    return VisitPointee<I + 1>(variant, std::forward<F>(f));
  }
}

template <class List>
class BasicAnyLink;

template <class... B>
class BasicAnyLink<BackendList<B...>> {
 public:
  template <class L>
  requires(std::same_as<L, typename B::Link> ||
           ...) explicit BasicAnyLink(std::unique_ptr<L> link) noexcept
      : link_(std::move(link)) {}

  // An engine makes and destroys one for every peer that comes: Prepare() for as many at a time.
  static void Prepare(std::size_t count) { KeptMemory<BasicAnyLink>::Prepare(count); }
  static void* operator new(std::size_t bytes) { return KeptMemory<BasicAnyLink>::Take(bytes); }
  static void* operator new(std::size_t, void* at) noexcept { return at; }
  static void operator delete(void* memory) noexcept { KeptMemory<BasicAnyLink>::Keep(memory); }

  // Errors: InvalidArgument for a scheme that this build does not have; the backend's own.
  static absl::StatusOr<BasicAnyLink> Connect(std::string_view uri, const ConnectOptions& options);

  Claim TryClaim(uint32_t payload_bytes) noexcept {
    return Visit([&](auto& link) { return link.TryClaim(payload_bytes); });
  }
  SendStatus Commit(uint8_t type, Publish publish) noexcept {
    return Visit([&](auto& link) { return link.Commit(type, publish); });
  }
  void Abort() noexcept {
    Visit([](auto& link) { link.Abort(); });
  }
  SendStatus Flush() noexcept {
    return Visit([](auto& link) { return link.Flush(); });
  }
  template <RecordSink S>
  uint32_t Poll(S&& sink, uint32_t budget) noexcept {
    return Visit([&](auto& link) { return link.Poll(sink, budget); });
  }
  ArrivalSign Arrival() const noexcept {
    return Visit([](const auto& link) { return link.Arrival(); });
  }
  Record Peek() const noexcept {
    return Visit([](const auto& link) { return link.Peek(); });
  }
  LinkState Maintain(int64_t now_ns) noexcept {
    return Visit([&](auto& link) { return link.Maintain(now_ns); });
  }
  void Close(uint8_t code = 0) noexcept {
    Visit([code](auto& link) { link.Close(code); });
  }
  LinkState state() const noexcept {
    return Visit([](const auto& link) { return link.state(); });
  }
  CloseReason close_reason() const noexcept {
    return Visit([](const auto& link) { return link.close_reason(); });
  }
  uint8_t peer_close_code() const noexcept {
    return Visit([](const auto& link) { return link.peer_close_code(); });
  }
  uint32_t epoch() const noexcept {
    return Visit([](const auto& link) { return link.epoch(); });
  }
  const Caps& caps() const noexcept {
    return Visit([](const auto& link) -> const Caps& { return link.caps(); });
  }
  const LinkCounters& counters() const noexcept {
    return Visit([](const auto& link) -> const LinkCounters& { return link.counters(); });
  }

  // As RingLink's.
  const LinkIdentity& identity() const noexcept {
    return Visit([](const auto& link) -> const LinkIdentity& { return link.identity(); });
  }
  uint64_t peer_key() const noexcept {
    return Visit([](const auto& link) { return link.peer_key(); });
  }
  const LinkNonces& nonces() const noexcept {
    return Visit([](const auto& link) -> const LinkNonces& { return link.nonces(); });
  }
  bool Sever() noexcept {
    return Visit([](auto& link) { return link.Sever(); });
  }
  bool ArmWake() noexcept {
    return Visit([](auto& link) { return link.ArmWake(); });
  }
  void DisarmWake() noexcept {
    Visit([](auto& link) { link.DisarmWake(); });
  }
  int wake_fd() const noexcept {
    return Visit([](const auto& link) { return link.wake_fd(); });
  }

 private:
  template <class F>
  [[gnu::always_inline]] decltype(auto) Visit(F&& f) {
    return VisitPointee(link_, std::forward<F>(f));
  }
  template <class F>
  [[gnu::always_inline]] decltype(auto) Visit(F&& f) const {
    return VisitPointee(link_, [&f](const auto& link) -> decltype(auto) { return f(link); });
  }

  std::variant<std::unique_ptr<typename B::Link>...> link_;
};

template <class List>
class BasicAnyListener;

template <class... B>
class BasicAnyListener<BackendList<B...>> {
 public:
  using AnyLink = BasicAnyLink<BackendList<B...>>;

  template <class L>
  requires(std::same_as<L, typename B::Listener> ||
           ...) explicit BasicAnyListener(std::unique_ptr<L> listener) noexcept
      : listener_(std::move(listener)) {}

  // Errors: InvalidArgument for a scheme that this build does not have; the backend's own.
  static absl::StatusOr<BasicAnyListener> Listen(std::string_view uri,
                                                 const ListenOptions& options);

  // The next finished link, if there is one; one load when there is none.
  std::optional<AnyLink> TryAccept() noexcept {
    return VisitPointee(listener_, [](auto& listener) -> std::optional<AnyLink> {
      auto link = listener.TryAccept();
      if (link == nullptr) return std::nullopt;
      return AnyLink(std::move(link));
    });
  }
  // As ShmListener::Admit().
  bool Admit(uint64_t peer_key, uint32_t epoch) {
    return VisitPointee(listener_, [&](auto& listener) { return listener.Admit(peer_key, epoch); });
  }
  uint64_t refused_count() const noexcept {
    return VisitPointee(listener_, [](const auto& listener) { return listener.refused_count(); });
  }
  int wake_fd() const noexcept {
    return VisitPointee(listener_, [](const auto& listener) { return listener.wake_fd(); });
  }

 private:
  std::variant<std::unique_ptr<typename B::Listener>...> listener_;
};

using AnyLink = BasicAnyLink<Backends>;
using AnyListener = BasicAnyListener<Backends>;

static_assert(Link<AnyLink>);

}  // namespace ringway
