// Attacks by logons: from a session with its key, and from guessers.
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "schema/messages.h"
#include "tests/e2e/hostile/attack.h"
#include "tests/e2e/hostile/raw_session.h"
#include "tests/e2e/hostile/site.h"

namespace ringway::hostile {
namespace {

// Fills its ring with requests, and logs on again before anybody has read them.
class Supersedes : public Attack {
 public:
  using Attack::Attack;

  void Step() override {
    absl::StatusOr<std::unique_ptr<RawSession>> session =
        RawSession::LogOn({.uri = target_.uri(),
                           .session = kAttackerFirst,
                           .ring_bytes = 256u << 10,
                           .timeout_ns = kNsPerS},
                          epoch_);
    if (!session.ok()) {
      WasRefused();
      usleep(200);
      return;
    }
    Did(1);
    uint64_t id = (*session)->logon().next_seq_in << 24;
    while ((*session)->Send(Cancel{.cl_ord_id = ++id, .orig_cl_ord_id = 1}, Publish::kGather) ==
           SendStatus::kOk) {
    }
    (void)(*session)->link().Flush();
    last_ = *std::move(session);  // the previous one is dropped once this one has replaced it
  }
  void End() override { last_.reset(); }

 private:
  std::unique_ptr<RawSession> last_;
  uint32_t epoch_ = 0;
};

class Reconnects : public Attack {
 public:
  using Attack::Attack;

  void Step() override {
    absl::StatusOr<std::unique_ptr<Session>> session =
        Session::Connect({.uri = target_.uri(),
                          .session = kAttackerFirst,
                          .key = TestKey(kAttackerFirst),
                          .connect_timeout_ns = kNsPerS});
    Did(1);
    if (!session.ok()) {
      WasRefused();
      usleep(200);
    }
  }
};

// Logons whose proof is wrong.
class BadKeys : public Attack {
 public:
  using Attack::Attack;

  void Step() override {
    uint32_t epoch = 0;
    absl::StatusOr<std::unique_ptr<RawSession>> session =
        RawSession::LogOn({.uri = target_.uri(),
                           .session = kHonest,
                           .key = TestKey(kAttackerFirst),
                           .ring_bytes = 4u << 10,
                           .timeout_ns = kNsPerS},
                          epoch);
    Did(1);
    if (!session.ok()) WasRefused();
  }
};

}  // namespace

std::unique_ptr<Attack> MakeLogonAttack(const std::string& name, const Target& target,
                                        ControlPage& page) {
  if (name == "supersedes") return std::make_unique<Supersedes>(target, page);
  if (name == "reconnects") return std::make_unique<Reconnects>(target, page);
  if (name == "bad-keys") return std::make_unique<BadKeys>(target, page);
  return nullptr;
}

}  // namespace ringway::hostile
