// Message handlers: objects with an overload of On() for each message type they handle.
//
// A handler is any object with overloads On(const OrderAck&), On(const ExecutionReport&), ... for
// the messages it cares about; others are ignored. Handlers{...} makes a handler of lambdas:
//
//   session->Poll(Handlers{[&](const ExecutionReport& report) { ... },
//                          [&](const OrderReject& reject) { ... }}, 64);
//
// A handler must not throw: Poll() is noexcept.
#pragma once

#include <utility>

#include "schema/codec.h"

namespace ringway {

template <class... F>
struct Handlers : F... {
  using F::operator()...;

  template <class M>
  requires requires(Handlers& self, const M& message) { self(message); }
  void On(const M& message) { (*this)(message); }
  template <class M>
  requires requires(const Handlers& self, const M& message) { self(message); }
  void On(const M& message) const { (*this)(message); }
};
template <class... F>
Handlers(F...) -> Handlers<F...>;

// Calls handler.On(message) if there is such an overload.
template <class H, Message M>
void Deliver(H& handler, const M& message) noexcept {
  if constexpr (requires { handler.On(message); }) handler.On(message);
}

}  // namespace ringway
