// The connector against FIX venues that no one here wrote: QuickFIX's examples `executor` and
// `ordermatch`, over TCP on a loopback of its own.
//
// They are in Debian's libquickfix-doc, compressed. Where they are not installed, or this process
// may not have a network of its own (they listen on every address), the tests are skipped.
// RINGWAY_QUICKFIX_EXAMPLES names another folder that has them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/connector/fix/fix_order.h"
#include "gateway/connector/fix/fix_venue.h"
#include "gateway/connector/testing/recording_gateway.h"
#include "transport/options.h"

namespace ringway {
namespace {

constexpr int64_t kUnit = 1'000'000'000;

std::string Examples() {
  const char* own = std::getenv("RINGWAY_QUICKFIX_EXAMPLES");
  return own != nullptr ? own : "/usr/share/doc/libquickfix-doc/examples";
}

// A network with nothing but a loopback. Once, before the process has threads.
bool HasOwnNetwork() {
  static const bool own = [] {
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    const bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0) close(fd);
    return up;
  }();
  return own;
}

int64_t Now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * kNsPerS + now.tv_nsec;
}

class QuickFixTest : public testing::Test {
 protected:
  ~QuickFixTest() override {
    Kill();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  // False: it cannot be had here.
  bool Unpack(const std::string& name) {
    for (const char* place : {"/executor/C++/.libs/", "/ordermatch/.libs/"}) {
      const std::string packed = Examples() + place + name + ".gz";
      if (!std::filesystem::exists(packed)) continue;
      folder_ = testing::TempDir() + "/quickfix-XXXXXX";
      if (mkdtemp(folder_.data()) == nullptr) return false;
      program_ = folder_ + "/" + name;
      const std::string unpack = "gzip -dc '" + packed + "' > '" + program_ + "'";
      if (std::system(unpack.c_str()) != 0) return false;
      std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
      std::ofstream(folder_ + "/cfg")
          << "[DEFAULT]\nConnectionType=acceptor\nSocketAcceptPort=5001\nSocketReuseAddress=Y\n"
             "StartTime=00:00:00\nEndTime=00:00:00\nUseDataDictionary=N\nFileStorePath="
          << folder_ << "/store\nFileLogPath=" << folder_
          << "/log\n[SESSION]\nBeginString=FIX.4.2\nSenderCompID=VENUE\nTargetCompID=GATE\n";
      return true;
    }
    return false;
  }
  void StartPeer() {
    ASSERT_EQ(pipe2(input_, O_CLOEXEC), 0);
    peer_ = fork();
    if (peer_ == 0) {
      const int out = open((folder_ + "/out").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      dup2(input_[0], 0);
      dup2(out, 1);
      dup2(out, 2);
      execl(program_.c_str(), program_.c_str(), (folder_ + "/cfg").c_str(), nullptr);
      _exit(127);
    }
    ASSERT_GT(peer_, 0);
  }
  void Kill() {
    if (peer_ <= 0) return;
    kill(peer_, SIGKILL);
    waitpid(peer_, nullptr, 0);
    close(input_[0]);
    close(input_[1]);
    peer_ = 0;
  }
  void Connect(const std::string& dialect) {
    instruments_.resize(1);
    instruments_[0].id = 7;
    instruments_[0].symbol = "RING";
    FixVenue venue;
    venue.fix.dialect_file = "deploy/dialects/" + dialect + ".toml";
    venue.fix.sender_comp_id = "GATE";
    venue.fix.target_comp_id = "VENUE";
    venue.stream.addresses = {"127.0.0.1:5001"};
    venue.stream.acceleration = AccelerationChoice::kOff;
    const LinkOptions link;
    auto made = venue.MakeConnector(
        {.venue = {.id = 1, .instruments = instruments_, .orders_max = 1024},
         .link = link,
         .now_ns = Now(),
         .report = [this](std::string_view line) { lines_ += std::string(line) + "\n"; }});
    ASSERT_TRUE(made.ok()) << made.status();
    connector_ = *std::move(made);
  }
  // What it waits for comes, unless something is broken.
  template <class F>
  void Wait(const char* what, F&& done) {
    const int64_t end = Now() + 60 * kNsPerS;
    while (!done()) {
      ASSERT_LT(Now(), end) << what << "\n" << lines_ << connector_->reason();
      gateway_.DoWork(*connector_, Now());
      usleep(200);
    }
  }
  void Order(uint64_t slot, Side side, uint64_t qty, int64_t price) {
    NewOrder order;
    order.cl_ord_id = ++counter_ << FixOrders::kSlotBits | slot;
    order.price = price;
    order.qty = qty;
    order.instrument = 7;
    order.account = 1;
    order.side = side;
    order.ord_type = OrdType::kLimit;
    id_ = order.cl_ord_id;
    gateway_.Ask(order);
  }
  void Cancel(uint64_t id) {
    gateway_.Ask(
        ringway::Cancel{.cl_ord_id = ++counter_ << FixOrders::kSlotBits | FixOrders::SlotOf(id),
                        .orig_cl_ord_id = id});
  }
  uint64_t Filled(Side side) const {
    uint64_t filled = 0;
    for (const ExecutionReport& report : gateway_.reports)
      if (report.side == side) filled += report.last_qty;
    return filled;
  }

  std::string folder_;
  std::string program_;
  pid_t peer_ = 0;
  int input_[2] = {-1, -1};
  std::vector<InstrumentConfig> instruments_;
  std::unique_ptr<Connector> connector_;
  RecordingGateway gateway_;
  std::string lines_;
  uint64_t counter_ = 100;
  uint64_t id_ = 0;
};

#define SKIP_WITHOUT(name)                                                     \
  if (!HasOwnNetwork()) GTEST_SKIP() << "this process may not have a network"; \
  if (!Unpack(name)) GTEST_SKIP() << "libquickfix-doc is not installed"

TEST_F(QuickFixTest, ExecutorFillsEachOrderOnce) {
  SKIP_WITHOUT("executor");
  StartPeer();
  Connect("quickfix-executor");
  Wait("logon", [&] { return gateway_.up(); });
  for (uint64_t slot = 0; slot != 50; ++slot) Order(slot, Side::kBuy, 100, 10 * kUnit);
  Wait("fills", [&] { return gateway_.reports.size() == 50; });
  EXPECT_EQ(Filled(Side::kBuy), 5'000u);
  for (const ExecutionReport& report : gateway_.reports) {
    EXPECT_EQ(report.exec_type, ExecType::kFill);
    EXPECT_EQ(report.last_price, 10 * kUnit);
  }
  // It ends and starts again: the session goes on with its numbers.
  Kill();
  Wait("down", [&] { return !gateway_.up(); });
  StartPeer();
  Wait("logon", [&] { return gateway_.up(); });
  Order(60, Side::kBuy, 7, 10 * kUnit);
  Wait("fill", [&] { return gateway_.reports.size() == 51; });
  EXPECT_EQ(Filled(Side::kBuy), 5'007u);
  // A new process numbers its messages far above those of this one.
  connector_.reset();
  Connect("quickfix-executor");
  gateway_.Restart(*connector_);
  gateway_.states.clear();
  Wait("logon", [&] { return gateway_.up(); });
  Order(61, Side::kBuy, 3, 10 * kUnit);
  Wait("fill", [&] { return gateway_.reports.size() == 52; });
  EXPECT_EQ(Filled(Side::kBuy), 5'010u);
}

TEST_F(QuickFixTest, OrdermatchMatchesAndCancels) {
  SKIP_WITHOUT("ordermatch");
  StartPeer();
  Connect("quickfix-ordermatch");
  Wait("logon", [&] { return gateway_.up(); });
  Order(1, Side::kBuy, 100, 25 * kUnit + kUnit / 2);
  const uint64_t buy = id_;
  Wait("the first order", [&] { return gateway_.reports.size() == 1; });
  EXPECT_EQ(gateway_.reports[0].exec_type, ExecType::kNew);
  Order(2, Side::kSell, 40, 25 * kUnit);
  Wait("the match", [&] { return Filled(Side::kSell) == 40 && Filled(Side::kBuy) == 40; });
  Cancel(buy);
  Wait("the cancel", [&] { return gateway_.reports.back().exec_type == ExecType::kCanceled; });
  EXPECT_EQ(gateway_.reports.back().cl_ord_id, buy);
  EXPECT_EQ(gateway_.reports.back().leaves_qty, 0u);
  EXPECT_EQ(Filled(Side::kBuy), Filled(Side::kSell));
}

}  // namespace
}  // namespace ringway
