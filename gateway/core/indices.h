// Indices of what is configured: a type for each kind.
//
// An id is the number that a session, account, venue or instrument has in the configuration, in
// messages and in commands. An index is its place in the engine's tables, in the order of the
// configuration. Both are small numbers: one in place of the other would find something, but not
// the right thing. So neither an id nor an index of another kind converts to an index. It is made
// explicitly, where an id is looked up or a table is walked, and converts to its number.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace ringway {

// `Stored` is how wide it lies in memory: narrower in records of which there are many.
template <class Kind, class Stored = uint32_t>
class Index {
 public:
  Index() = default;
  explicit constexpr Index(uint32_t value) noexcept : value_(static_cast<Stored>(value)) {}
  // The same index where it is stored narrowly.
  template <class Narrow>
  requires(sizeof(Narrow) < sizeof(Stored))
      // NOLINTNEXTLINE(google-explicit-constructor)
      constexpr Index(Index<Kind, Narrow> narrow) noexcept
      : value_(static_cast<Stored>(narrow)) {}
  template <class Other, class OtherStored>
  requires(!std::same_as<Kind, Other>) explicit Index(Index<Other, OtherStored> other) = delete;

  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr operator uint32_t() const noexcept { return value_; }
  constexpr Index& operator++() noexcept {
    ++value_;
    return *this;
  }

 private:
  Stored value_;
};

// Indices of one kind compare as numbers, those of two kinds not at all.
template <class Kind, class Stored, class Other, class OtherStored>
requires(!std::same_as<Kind, Other>) bool operator==(Index<Kind, Stored> a,
                                                     Index<Other, OtherStored> b) = delete;

using SessionIndex = Index<struct SessionKind>;
using AccountIndex = Index<struct AccountKind>;
using VenueIndex = Index<struct VenueKind>;
using InstrumentIndex = Index<struct InstrumentKind>;
// As an order's record has them.
using SessionIndex16 = Index<SessionKind, uint16_t>;
using VenueIndex8 = Index<VenueKind, uint8_t>;

static_assert(!std::is_convertible_v<uint32_t, SessionIndex>);
static_assert(!std::is_convertible_v<uint16_t, VenueIndex>);
static_assert(!std::is_convertible_v<VenueIndex, SessionIndex> &&
              !std::is_constructible_v<SessionIndex, VenueIndex>);
static_assert(!std::is_convertible_v<InstrumentIndex, AccountIndex> &&
              !std::equality_comparable_with<InstrumentIndex, AccountIndex>);
static_assert(std::is_convertible_v<SessionIndex16, SessionIndex> &&
              !std::is_convertible_v<SessionIndex, SessionIndex16>);
static_assert(sizeof(SessionIndex) == 4 && sizeof(SessionIndex16) == 2 && sizeof(VenueIndex8) == 1);
static_assert(std::is_trivial_v<SessionIndex>);

}  // namespace ringway
