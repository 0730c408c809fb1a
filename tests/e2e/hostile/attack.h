// The interface of an attack that an attacker's process runs against a gateway.
//
// Thread rule: one thread. Lifetime: Begin() and End() alternate; between them Step() is called
// repeatedly. After End() nothing of the attack is left on the attacker's side.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/hostile/control.h"

namespace ringway::hostile {

struct Target {
  std::string folder;
  std::string uri() const { return "shm:" + socket(); }
  std::string socket() const { return folder + "/gateway.sock"; }
  std::string admin() const { return folder + "/admin.sock"; }
};

class Attack {
 public:
  Attack(const Target& target, ControlPage& page) : target_(target), page_(page) {}
  virtual ~Attack() = default;
  Attack(const Attack&) = delete;
  Attack& operator=(const Attack&) = delete;

  virtual void Begin() {}
  // At most some milliseconds of work; counts what it did.
  virtual void Step() = 0;
  virtual void End() {}

 protected:
  void Did(uint64_t count) { page_.done.fetch_add(count, std::memory_order_relaxed); }
  void WasRefused(uint64_t count = 1) { page_.refused.fetch_add(count, std::memory_order_relaxed); }

  const Target target_;
  ControlPage& page_;
};

// The attack of this name (attacker_main.cc lists them); null if there is none.
std::unique_ptr<Attack> MakeOrderAttack(const std::string& name, const Target& target,
                                        ControlPage& page);
std::unique_ptr<Attack> MakeLinkAttack(const std::string& name, const Target& target,
                                       ControlPage& page);
std::unique_ptr<Attack> MakeLogonAttack(const std::string& name, const Target& target,
                                        ControlPage& page);
std::unique_ptr<Attack> MakeAdminAttack(const std::string& name, const Target& target,
                                        ControlPage& page);

}  // namespace ringway::hostile
