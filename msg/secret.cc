// Implements secret.h: allocates and reuses the places of secrets.
#include "msg/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

#include "base/check.h"

namespace ringway {
namespace {

constexpr std::size_t kPageBytes = 4'096;

// Places of kBytesMax each, never returned to the system: as many as the most keys that existed at
// once.
struct Places {
  std::mutex mutex;
  std::vector<std::byte*> free;
};

// Never destroyed: keys of other static objects may be destroyed later.
Places& AllPlaces() {
  static Places* const places = new Places;
  return *places;
}

std::byte* Take() {
  Places& places = AllPlaces();
  const std::lock_guard lock(places.mutex);
  if (places.free.empty()) {
    places.free.reserve(places.free.capacity() + kPageBytes / Secret::kBytesMax);
    void* const page =
        mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::bad_alloc();
    // At the limit of locked memory the page may be swapped; that is no reason to fail.
    (void)mlock(page, kPageBytes);
    (void)madvise(page, kPageBytes, MADV_DONTDUMP);
    for (std::size_t at = 0; at != kPageBytes; at += Secret::kBytesMax) {
      places.free.push_back(static_cast<std::byte*>(page) + at);
    }
  }
  std::byte* const slot = places.free.back();
  places.free.pop_back();
  return slot;
}

void GiveBack(std::byte* slot) noexcept {
  OPENSSL_cleanse(slot, Secret::kBytesMax);
  Places& places = AllPlaces();
  const std::lock_guard lock(places.mutex);
  places.free.push_back(slot);  // has capacity: the slot was taken from here
}

}  // namespace

std::shared_ptr<const Secret> Secret::Make(std::span<const std::byte> bytes) {
  RINGWAY_CHECK(bytes.size() <= kBytesMax, "a secret fits its place");
  std::byte* const slot = Take();
  std::copy(bytes.begin(), bytes.end(), slot);
  return std::shared_ptr<const Secret>(new Secret(slot, bytes.size()));
}

Secret::~Secret() { GiveBack(slot_); }

}  // namespace ringway
