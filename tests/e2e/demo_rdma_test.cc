// Tests that the demo balances its books over RDMA, with strategies and gateway on two devices.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/child_process.h"
#include "base/private_files.h"
#include "nlohmann/json.hpp"

namespace ringway::flow {
namespace {

using nlohmann::json;

TEST(DemoRdmaTest, TwoStrategiesBalance) {
  // In memory: sockets and logs need no file system of the host.
  ASSERT_EQ(setenv("TMPDIR", "/dev/shm", 1), 0);
  const std::string log = "/dev/shm/demo_rdma_test.log";
  const std::string figures_file = "/dev/shm/demo_rdma_test.json";
  const auto demo = Child::Start({.name = "demo",
                                  .argv = {*FindProgram("demo", "tools/demo"), "--transport",
                                           "rdma", "--orders", "200", "--json", figures_file},
                                  .log_path = log});
  ASSERT_TRUE(demo.ok()) << demo.status();
  while ((*demo)->Running()) usleep(50'000);
  ASSERT_EQ((*demo)->End(), "") << ReadWholeFile(log);
  const json figures = json::parse(ReadWholeFile(figures_file));
  EXPECT_EQ(figures.at("conservation"), true) << figures.at("differences");
  EXPECT_EQ(figures.at("good"), true);
  EXPECT_EQ(figures.at("transport"), "rdma");
  EXPECT_EQ(figures.at("orders_sent"), 200);
  unlink(log.c_str());
  unlink(figures_file.c_str());
}

}  // namespace
}  // namespace ringway::flow
