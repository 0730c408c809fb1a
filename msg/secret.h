// Secret is the memory of a key's bytes: not written to swap or core dumps, and wiped when it is
// released (docs/adr/0020).
//
// Secrets have pages of their own, locked (mlock) as far as the process's limit allows and left out
// of core dumps (MADV_DONTDUMP). Secrets are shared, not copied: copies of a key share one. Thread
// rule: Make() and the end of the last share by any thread; bytes() by any thread.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace ringway {

class Secret {
 public:
  static constexpr std::size_t kBytesMax = 64;

  // Makes a copy of `bytes`, at most kBytesMax. Throws std::bad_alloc if there is no memory.
  static std::shared_ptr<const Secret> Make(std::span<const std::byte> bytes);

  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  std::span<const std::byte> bytes() const noexcept { return {slot_, size_}; }

 private:
  Secret(std::byte* slot, std::size_t size) : slot_(slot), size_(size) {}

  std::byte* const slot_;
  const std::size_t size_;
};

}  // namespace ringway
