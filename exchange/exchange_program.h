// ExchangeProgram: ringway-exchange as a child process with a configuration in a folder of its own,
// for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/child_process.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "base/within.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ringway::exchange {

class ExchangeProgram {
 public:
  static constexpr int64_t kPatienceNs = 60 * kNsPerS;

  // Starts it, and waits until it is ready. It listens for links at uri() as well.
  void Start(const std::string& config) {
    ASSERT_TRUE(WritePrivateFile(folder_ / "exchange.toml", config).ok());
    auto child = Child::Start({.name = "exchange",
                               .argv = {*FindProgram("ringway-exchange", "exchange"), "--config",
                                        folder_ / "exchange.toml", "--listen", uri_, "--wait",
                                        "park", "--report", folder_ / "report.json"},
                               .log_path = folder_ / "log",
                               .output_path = folder_ / "out"});
    ASSERT_TRUE(child.ok()) << child.status();
    child_ = *std::move(child);
    ASSERT_TRUE(child_->AwaitReady(kPatienceNs).ok()) << Log();
  }
  // Where it listens for members of the protocol, "FIX".
  uint16_t PortFor(const std::string& protocol) {
    const std::string output = ReadWholeFile(folder_ / "out");
    const std::string address = "127.0.0.1:";
    const std::size_t behind = output.find(" for " + protocol);
    const std::size_t at = behind == output.npos ? behind : output.rfind(address, behind);
    if (at == output.npos) {
      ADD_FAILURE() << output;
      return 0;
    }
    return static_cast<uint16_t>(std::stoul(output.substr(at + address.size())));
  }
  // Stops it in order, and returns its report.
  nlohmann::json Stop() {
    EXPECT_EQ(child_->Stop(kPatienceNs), "") << Log();
    return nlohmann::json::parse(ReadWholeFile(folder_ / "report.json"));
  }

  std::string Log() { return ReadWholeFile(folder_ / "log"); }
  // How often the log says it, once it says it at all.
  std::size_t Said(const std::string& text) {
    EXPECT_TRUE(Within(kPatienceNs, [&] { return Log().find(text) != std::string::npos; })) << text;
    const std::string log = Log();
    std::size_t count = 0;
    for (std::size_t at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++count;
    return count;
  }

  const TemporaryFolder& folder() const { return folder_; }
  const std::string& uri() const { return uri_; }
  Child& child() { return *child_; }

 private:
  TemporaryFolder folder_ = *TemporaryFolder::Make();
  const std::string uri_ = "shm:" + folder_ / "exchange.sock";
  std::unique_ptr<Child> child_;
};

}  // namespace ringway::exchange
