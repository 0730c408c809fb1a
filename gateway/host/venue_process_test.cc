// Tests two gateways with one member number at one exchange, with the real programs.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "gateway/admin/admin_client.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ringway {
namespace {

constexpr const char* kGateway = "gateway/ringway-gateway";
constexpr const char* kExchange = "exchange/ringway-exchange";
constexpr int64_t kPatienceNs = 60 * kNsPerS;

template <class F>
bool Within(F&& holds) {
  const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
  while (!holds()) {
    if (MonotonicNowNs() > deadline_ns) return false;
    usleep(2'000);
  }
  return true;
}

class VenueProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<char, 32> folder{"/tmp/ringway-vp-XXXXXX"};
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder.data();
    WriteFile("one.key", std::string(64, 'a') + "\n");
    exchange_ = Start(kExchange, "exchange",
                      {absl::StrCat("--listen=shm:", folder_, "/ex.sock"), "--instruments=1@100"});
    ASSERT_TRUE(Within([this] { return Has("exchange.out", "ready"); }));
  }
  void TearDown() override {
    for (const pid_t pid : pids_) kill(pid, SIGKILL);
    for (const pid_t pid : pids_) waitpid(pid, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }

  void WriteFile(const std::string& name, const std::string& text) {
    const int fd = open((folder_ + "/" + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(fd);
  }
  bool Has(const std::string& file, std::string_view text) const {
    std::ifstream in(folder_ + "/" + file);
    std::stringstream all;
    all << in.rdbuf();
    return all.str().find(text) != std::string::npos;
  }
  pid_t Start(const char* program, const std::string& name,
              const std::vector<std::string>& arguments) {
    const pid_t pid = fork();
    if (pid == 0) {
      const std::string out = folder_ + "/" + name + ".out";
      const std::string err = folder_ + "/" + name + ".err";
      if (std::freopen(out.c_str(), "w", stdout) == nullptr) _exit(126);
      if (std::freopen(err.c_str(), "w", stderr) == nullptr) _exit(126);
      std::vector<char*> argv = {const_cast<char*>(program)};
      for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
      argv.push_back(nullptr);
      execv(program, argv.data());
      _exit(127);
    }
    pids_.push_back(pid);
    return pid;
  }
  // A gateway called `name`, all with the same member number.
  pid_t StartGateway(const std::string& name) {
    WriteFile(name + ".toml", absl::StrCat(R"(
listen = ["shm:)",
                                           folder_, "/", name, R"(.sock"]
[admin]
socket = ")",
                                           folder_, "/", name, R"(.admin"
[host]
wait = "park"
lock_memory = false
[pools]
orders_max = 1000
positions_max = 100
executions_remembered = 1000
[routing]
default_venue = 1
[[instrument]]
id = 1
symbol = "TEST"
reference_price = 100
[[account]]
id = 1
[[session]]
id = 7
key_file = ")",
                                           folder_, R"(/one.key"
accounts = [1]
[[venue]]
id = 1
connector = "exchange-link"
uri = "shm:)",
                                           folder_, R"(/ex.sock"
)"));
    const pid_t pid =
        Start(kGateway, name, {"--config", absl::StrCat(folder_, "/", name, ".toml")});
    EXPECT_TRUE(Within([&] { return Has(name + ".out", "\n"); }));
    return pid;
  }
  nlohmann::json VenueOf(const std::string& gateway) {
    const absl::StatusOr<std::string> answer =
        AskGateway(absl::StrCat(folder_, "/", gateway, ".admin"), "status");
    if (!answer.ok()) return {{"state", "none"}, {"reason", ""}};
    return nlohmann::json::parse(*answer)["venues"][0];
  }
  bool IsUp(const std::string& gateway) { return VenueOf(gateway)["state"] == "up"; }

  std::string folder_;
  pid_t exchange_ = 0;
  std::vector<pid_t> pids_;
};

TEST_F(VenueProcessTest, ASecondGatewayIsRefusedAndSaysWhyUntilTheFirstIsGone) {
  const pid_t first = StartGateway("first");
  ASSERT_TRUE(Within([this] { return IsUp("first"); }));
  StartGateway("second");
  ASSERT_TRUE(Within([this] {
    return VenueOf("second")["reason"].get<std::string>().find("member_id") != std::string::npos;
  })) << VenueOf("second");
  EXPECT_TRUE(Within([this] { return Has("second.err", "venue 1: the exchange refuses"); }));
  EXPECT_TRUE(Within([this] { return Has("exchange.err", "another gateway is refused"); }));
  EXPECT_TRUE(IsUp("first"));
  EXPECT_EQ(VenueOf("first")["reason"], "");
  EXPECT_FALSE(Has("first.err", "the link to the exchange ended"));
  kill(first, SIGKILL);
  EXPECT_TRUE(Within([this] { return IsUp("second"); }));
  EXPECT_EQ(VenueOf("second")["reason"], "");
}

TEST_F(VenueProcessTest, AGatewayThatIsKilledIsBackSoon) {
  for (int start = 0; start != 3; ++start) {
    const pid_t pid = StartGateway("only");
    EXPECT_TRUE(Within([this] { return IsUp("only"); })) << "start " << start;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    std::erase(pids_, pid);
    std::filesystem::remove(folder_ + "/only.out");
  }
}

}  // namespace
}  // namespace ringway
