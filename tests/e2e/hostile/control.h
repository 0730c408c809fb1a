// What a test and its attacker tell each other: a page in a file that both map.
//
// Thread rule: `order` is the test's to write, all else the attacker's; either reads at any time.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace ringway::hostile {

enum class Order : uint32_t {
  kIdle,  // sleep, with everything given back
  kBusy,  // a loop that needs its core and nothing else, with everything given back
  kAttack,
  kEnd,
};

struct ControlPage {
  std::atomic<Order> order;
  std::atomic<Order> obeyed;      // the order that holds, once its preparations are done
  std::atomic<uint64_t> done;     // things the attack is made of: orders, links, logons, questions
  std::atomic<uint64_t> refused;  // of them, by the gateway, in whatever way
  std::atomic<uint64_t> held_bytes;  // of the gateway's making that the attacker keeps
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

class Control {
 public:
  // Makes the file where it is missing; it begins as zeros. Errors: the system's.
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
