// An attacker's process, from the test's side.
//
// Thread rule: one thread. Lifetime: the process ends with the object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/child_process.h"
#include "tests/e2e/hostile/control.h"
#include "tests/e2e/hostile/honest.h"
#include "tests/e2e/hostile/site.h"

namespace ringway::hostile {

class Attacker {
 public:
  // One of attacks_*.cc, idle. Errors: the system's.
  static absl::StatusOr<std::unique_ptr<Attacker>> Start(const Site& site,
                                                         const std::string& attack);
  ~Attacker();
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;

  // Returns when it has obeyed; false if it has not within a generous time. Meanwhile the honest
  // session is polled, so that its gateway does not take it for dead.
  bool Do(Order order, Honest& honest);

  uint64_t done() const { return control_->done; }
  uint64_t refused() const { return control_->refused; }
  uint64_t held_bytes() const { return control_->held_bytes; }
  const std::string& attack() const { return attack_; }
  // Why it ended, if it has.
  std::string Complaint();

 private:
  Attacker(std::string attack, Control control, std::unique_ptr<Child> child)
      : attack_(std::move(attack)), control_(std::move(control)), child_(std::move(child)) {}

  std::string attack_;
  Control control_;
  std::unique_ptr<Child> child_;
};

}  // namespace ringway::hostile
