// Tests that a kept configuration is accepted only if its content matches its name.
#include "gateway/config/kept_config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

class KeptConfigTest : public ::testing::Test {
 protected:
  KeptConfigTest() {
    std::string pattern = ::testing::TempDir() + "kept-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    config_.listen = {"shm:/tmp/gw.sock"};
    config_.admin.socket = "";
    GatewayVenueConfig venue;
    venue.engine.id = 1;
    config_.venues.push_back(venue);
  }
  ~KeptConfigTest() override { std::filesystem::remove_all(directory_); }

  std::string OnlyFile() const {
    return std::filesystem::directory_iterator(directory_)->path().string();
  }

  std::string directory_;
  GatewayConfig config_;
};

TEST_F(KeptConfigTest, AChangedOneIsNamedAndNotUsed) {
  const absl::StatusOr<uint64_t> hash = KeepConfig(directory_, config_);
  ASSERT_TRUE(hash.ok()) << hash.status();
  ASSERT_FALSE(absl::IsDataLoss(KeptEngineConfig(directory_, *hash).status()));
  const std::string path = OnlyFile();
  std::string text;
  std::getline(std::ifstream(path), text, '\0');
  // A configuration that loads as well, with another limit.
  std::ofstream(path) << "# edited\n" << text;
  const absl::Status status = KeptEngineConfig(directory_, *hash).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), path)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "put it back from a copy")) << status;
}

}  // namespace
}  // namespace ringway
