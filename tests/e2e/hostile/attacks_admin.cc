// Attacks on the admin socket by a monitor that runs as the gateway's own user.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/admin/admin_client.h"
#include "tests/e2e/hostile/attack.h"
#include "transport/unique_fd.h"

namespace ringway::hostile {
namespace {

class Questions : public Attack {
 public:
  Questions(const Target& target, ControlPage& page, std::string line)
      : Attack(target, page), line_(std::move(line)) {}
  void Step() override {
    Did(1);
    if (!AskGateway(target_.admin(), line_).ok()) WasRefused();
  }

 private:
  const std::string line_;
};

// More connections than the server keeps, which never send a request and are renewed when closed.
class SilentMonitors : public Attack {
 public:
  using Attack::Attack;

  void Step() override {
    std::erase_if(sockets_, [](const UniqueFd& socket) {
      pollfd ready{socket.get(), POLLIN, 0};
      return poll(&ready, 1, 0) == 1;  // a refusal, or the end
    });
    while (sockets_.size() < kMonitors) {
      UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      const std::string path = target_.admin();
      std::memcpy(address.sun_path, path.data(),
                  std::min(path.size(), sizeof(address.sun_path) - 1));
      Did(1);
      if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
          0) {
        WasRefused();
        break;
      }
      sockets_.push_back(std::move(socket));
    }
    usleep(500);
  }
  void End() override { sockets_.clear(); }

 private:
  static constexpr size_t kMonitors = 12;
  std::vector<UniqueFd> sockets_;
};

}  // namespace

std::unique_ptr<Attack> MakeAdminAttack(const std::string& name, const Target& target,
                                        ControlPage& page) {
  if (name == "status") return std::make_unique<Questions>(target, page, "status");
  if (name == "open-orders") return std::make_unique<Questions>(target, page, "orders 2");
  if (name == "silent-monitors") return std::make_unique<SilentMonitors>(target, page);
  return nullptr;
}

}  // namespace ringway::hostile
