// The shared page through which a test and its attacker communicate: a file that both map.
//
// Thread rule: the test writes `order`, the attacker everything else; either reads at any time.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace ringway::hostile {

enum class Order : uint32_t {
  kIdle,  // sleep, with everything released
  kBusy,  // a busy loop, with everything released
  kAttack,
  kEnd,
};

struct ControlPage {
  std::atomic<Order> order;
  std::atomic<Order> obeyed;         // the order in force, set once its preparations are done
  std::atomic<uint64_t> done;        // units of the attack: orders, links, logons, queries
  std::atomic<uint64_t> refused;     // of these, refused by the gateway in any way
  std::atomic<uint64_t> held_bytes;  // made by the gateway and kept by the attacker
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

class Control {
 public:
  // Creates the file, all zeros, if it is missing. Errors: the system's.
  static absl::StatusOr<Control> Map(const std::string& path);
  Control(Control&& other) noexcept;
  Control& operator=(Control&&) = delete;
  ~Control();

  ControlPage* operator->() const noexcept { return page_; }

 private:
  explicit Control(ControlPage* page) : page_(page) {}
  ControlPage* page_;
};

}  // namespace ringway::hostile
