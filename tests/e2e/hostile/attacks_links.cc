// Attacks by a local user who may connect and has no key.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "tests/e2e/hostile/attack.h"
#include "tests/e2e/hostile/raw_link.h"
#include "transport/frame.h"
#include "transport/port/shm_socket.h"

namespace ringway::hostile {
namespace {

constexpr uint32_t kRingBytes = kRingBytesMin;
constexpr int64_t kReplyPatienceNs = 200 * kNsPerMs;
// More than any listener's queue of handshakes, or of links before logon.
constexpr size_t kCrowd = 160;

// Sends hellos as fast as it can.
class Hellos : public Attack {
 public:
  Hellos(const Target& target, ControlPage& page, uint32_t ring_bytes)
      : Attack(target, page), ring_bytes_(ring_bytes) {
    if (absl::StatusOr<ShmRegion> region = MakeRegion(ring_bytes); region.ok()) {
      region_ = *std::move(region);
    }
  }

 protected:
  // A link that the gateway has accepted; empty if it refused or does not answer.
  std::optional<std::pair<UniqueFd, UniqueFd>> Link() {
    UniqueFd socket = TryConnect(target_.socket());
    if (!socket) {
      WasRefused();
      usleep(200);
      return std::nullopt;
    }
    Did(1);
    const LinkHello hello = HelloFor(region_, ring_bytes_, 1, 0);
    if (!SendMessage(socket.get(), std::as_bytes(std::span(&hello, 1)), region_.fd()).ok()) {
      WasRefused();
      return std::nullopt;
    }
    std::optional<Answer> answer = AwaitReply(socket.get(), kReplyPatienceNs);
    if (!answer || answer->reply.status != LinkStatus::kOk) {
      WasRefused();
      return std::nullopt;
    }
    return std::pair(std::move(socket), std::move(answer->fd));
  }

  const uint32_t ring_bytes_;
  ShmRegion region_;
};

// Completes handshakes and leaves.
class Storm : public Hellos {
 public:
  using Hellos::Hellos;
  void Step() override {
    for (int i = 0; i != 8; ++i) (void)Link();
  }
};

// Completes handshakes, leaves, and keeps what the gateway gave it.
class Hoard : public Hellos {
 public:
  using Hellos::Hellos;

  void Step() override {
    for (int i = 0; i != 8 && kept_.size() != kKeptMax; ++i) {
      if (auto link = Link()) Keep(std::move(link->second));
    }
    if (kept_.size() == kKeptMax) usleep(1'000);
  }
  void End() override {
    kept_.clear();
    page_.held_bytes = 0;
  }

 private:
  static constexpr size_t kKeptMax = 1'500;

  void Keep(UniqueFd fd) {
    struct stat info {};
    if (fstat(fd.get(), &info) == 0 && info.st_uid == geteuid()) {
      page_.held_bytes += static_cast<uint64_t>(info.st_blocks) * 512;
    }
    kept_.push_back(std::move(fd));
  }

  std::vector<UniqueFd> kept_;
};

// Links that never log on, each renewed when the gateway closes it.
class SilentLinks : public Hellos {
 public:
  using Hellos::Hellos;

  void Step() override {
    std::erase_if(links_, [](const auto& link) { return PeerHungUp(link.first.get()); });
    for (int i = 0; i != 8 && links_.size() < kCrowd; ++i) {
      if (auto link = Link()) links_.push_back(*std::move(link));
    }
    if (links_.size() >= kCrowd) usleep(1'000);
  }
  void End() override { links_.clear(); }

 private:
  std::vector<std::pair<UniqueFd, UniqueFd>> links_;
};

// Connections that never say hello, renewed.
class SilentConnections : public Attack {
 public:
  using Attack::Attack;

  void Step() override {
    std::erase_if(sockets_, [](const UniqueFd& socket) { return PeerHungUp(socket.get()); });
    while (sockets_.size() < kCrowd) {
      UniqueFd socket = TryConnect(target_.socket());
      if (!socket) {
        WasRefused();
        break;
      }
      Did(1);
      sockets_.push_back(std::move(socket));
    }
    usleep(500);
  }
  void End() override { sockets_.clear(); }

 private:
  std::vector<UniqueFd> sockets_;
};

// Malformed hellos: wrong sizes, wrong magic, no descriptor or one of the wrong kind.
class BadHellos : public Hellos {
 public:
  using Hellos::Hellos;

  void Step() override {
    for (int i = 0; i != 8; ++i) {
      UniqueFd socket = TryConnect(target_.socket());
      if (!socket) {
        WasRefused();
        usleep(200);
        continue;
      }
      Did(1);
      LinkHello hello = HelloFor(region_, ring_bytes_, 1, 0);
      std::size_t bytes = sizeof(hello);
      int fd = region_.fd();
      switch (turn_++ % 6) {
        case 0:
          hello.magic ^= 1;
          break;
        case 1:
          bytes = 40;
          break;
        case 2:
          fd = -1;
          break;
        case 3:
          fd = socket.get();
          break;
        case 4:
          hello.port_word += 4096;
          break;
        case 5:
          hello.ring_bytes_log2 = 27;
          break;
      }
      (void)SendMessage(socket.get(), std::as_bytes(std::span(&hello, 1)).first(bytes), fd);
      (void)AwaitReply(socket.get(), kReplyPatienceNs);
    }
  }

 private:
  uint32_t turn_ = 0;
};

}  // namespace

std::unique_ptr<Attack> MakeLinkAttack(const std::string& name, const Target& target,
                                       ControlPage& page) {
  if (name == "storm") return std::make_unique<Storm>(target, page, kRingBytes);
  if (name == "storm-large") return std::make_unique<Storm>(target, page, 256u << 10);
  if (name == "hoard") return std::make_unique<Hoard>(target, page, 256u << 10);
  if (name == "silent-links") return std::make_unique<SilentLinks>(target, page, kRingBytes);
  if (name == "silent-connections") return std::make_unique<SilentConnections>(target, page);
  if (name == "bad-hellos") return std::make_unique<BadHellos>(target, page, kRingBytes);
  return nullptr;
}

}  // namespace ringway::hostile
