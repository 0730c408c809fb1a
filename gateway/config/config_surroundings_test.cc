// Tests that what --check-config passes, a start accepts, and that what it refuses is named with
// cause and remedy.
#include "gateway/config/config_surroundings.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/config/config_document.h"
#include "base/config/config_reader.h"
#include "exchange/matching.h"
#include "gateway/config/check_config.h"
#include "gateway/config/config.h"
#include "gateway/config/config_fields.h"
#include "gateway/connector/in_process/in_process_venue.h"
#include "gateway/connector/link/link_venue.h"
#include "gateway/engine/engine.h"
#include "gateway/session/session_options.h"
#include "gtest/gtest.h"
#include "msg/auth.h"
#include "transport/wait.h"

namespace ringway {
namespace {

class ConfigSurroundingsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<char, 32> folder{"/tmp/ringway-cfg-XXXXXX"};
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder.data();
    Write("one.key", std::string(64, 'a') + "\n");
    Write("two.key", std::string(64, 'b') + "\n");
    loaded_ = LoadConfig(Toml());
    ASSERT_TRUE(loaded_.ok()) << Format("gw.toml", loaded_.errors.front());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const {
    const int fd = open((folder_ + "/" + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(fd);
  }
  std::string Toml() const {
    return "listen = [\"shm:" + folder_ + "/gw.sock\"]\n[admin]\nsocket = \"" + folder_ +
           "/admin.sock\"\n" + R"([pools]
orders_max = 64
positions_max = 64
executions_remembered = 64
[sessions]
report_slots = 512
[routing]
default_venue = 1
[[route]]
instrument = 1
venue = 1
[[instrument]]
id = 1
symbol = "AAPL"
[[account]]
id = 1
[[session]]
id = 1
accounts = [1]
key_file = ")" +
           folder_ + R"(/one.key"
[[session]]
id = 2
accounts = [1]
key_file = ")" +
           folder_ + R"(/two.key"
[[venue]]
id = 1
connector = "exchange"
[venue.exchange]
orders_max = 64
levels_per_side_max = 16
positions_max = 16
closed_ids_max = 16
member_queue_reports = 64
)";
  }
  GatewayConfig& config() { return loaded_.config; }
  std::string Faults() const {
    std::string text;
    for (const std::string& fault : FindSurroundingFaults(loaded_.config)) text += fault + "\n";
    return text;
  }

  std::string folder_;
  LoadedConfig loaded_;
};

// A visitor of Fields() that moves the one integer `target` to an end of its range.
class BoundSetter {
 public:
  BoundSetter(std::size_t target, bool high) : target_(target), high_(high) {}

  void Chapter(std::string_view) {}
  template <std::integral T>
  void Integer(std::string_view key, T& out, ConfigForm, ConfigRange range, std::string_view,
               ConfigNeed = ConfigNeed::kOptional) {
    if (at_++ != target_) return;
    key_ = key;
    out = static_cast<T>(high_ ? Within<T>(range).max : Within<T>(range).min);
  }
  template <class... A>
  void Choice(std::string_view, A&&...) {}
  template <class... A>
  void Text(std::string_view, A&&...) {}
  template <class... A>
  void Flag(std::string_view, A&&...) {}
  template <std::integral T>
  void Integers(std::string_view, std::vector<T>&, ConfigRange, std::string_view) {}
  template <class... A>
  void Texts(std::string_view, A&&...) {}
  template <class S>
  void Section(std::string_view, S& out, std::string_view) {
    Fields(*this, out);
  }
  template <class... S>
  void Kind(std::string_view, std::variant<S...>& out, std::string_view) {
    std::visit([this](auto& chosen) { Fields(*this, chosen); }, out);
  }
  template <class S>
  void Sections(std::string_view, std::vector<S>& out, std::string_view) {
    for (S& item : out) Fields(*this, item);
  }

  std::size_t seen() const { return at_; }
  const std::string& key() const { return key_; }

 private:
  const std::size_t target_;
  const bool high_;
  std::size_t at_ = 0;
  std::string key_;
};

// Everything that a start makes of the numbers; a missing bounds check ends it by CHECK.
void MakeAll(const GatewayConfig& config) {
  const Engine engine(MakeEngineConfig(config));
  for (const GatewayVenueConfig& venue : config.venues) {
    const auto made = exchange::Exchange::Create(
        std::get<InProcessVenue>(venue.kind).OptionsFor(ContextOf(config, venue)));
    EXPECT_TRUE(made.ok()) << made.status();
  }
  std::vector<SessionConfig> sessions;
  for (const GatewaySessionConfig& session : config.sessions) {
    sessions.push_back({.id = session.engine.id,
                        .key = *SessionKey::FromFile(session.key_file),
                        .report_slots = config.sessions_common.report_slots});
  }
  const absl::Status layer = Validate(config.sessions_common.layer, sessions);
  EXPECT_TRUE(layer.ok()) << layer;
  const Waiter waiter(config.wait);
}

TEST_F(ConfigSurroundingsTest, EveryNumberAtItsBoundsIsRefusedWithAReasonOrMakesAGateway) {
  constexpr uint64_t kMemoryOfATest = uint64_t{64} << 20;
  BoundSetter counter(SIZE_MAX, false);
  Fields(counter, config());
  ASSERT_GT(counter.seen(), 70u);
  int made = 0;
  for (std::size_t target = 0; target < counter.seen(); ++target) {
    for (const bool high : {false, true}) {
      GatewayConfig changed = config();
      BoundSetter setter(target, high);
      Fields(setter, changed);
      SCOPED_TRACE(setter.key() + (high ? " at its highest" : " at its lowest"));
      const LoadedConfig loaded = LoadConfig(PrintConfig(changed));
      if (!loaded.ok()) {
        EXPECT_FALSE(Format("gw.toml", loaded.errors.front()).empty());
        continue;
      }
      // What is too much for this test is too much for FindSurroundingFaults() on some machine.
      if (MemoryNeeded(loaded.config) > kMemoryOfATest) continue;
      MakeAll(loaded.config);
      ++made;
    }
  }
  EXPECT_GT(made, 80);
}

TEST_F(ConfigSurroundingsTest, WhatIsInOrderHasNoFault) { EXPECT_EQ(Faults(), ""); }

TEST_F(ConfigSurroundingsTest, TwoSessionsNeverShareAKeyHoweverItsFileIsCalled) {
  config().sessions[1].key_file = folder_ + "/./one.key";
  EXPECT_NE(Faults().find("session 2: key file " + folder_ +
                          "/./one.key holds the same key as that of session 1"),
            std::string::npos)
      << Faults();
  std::filesystem::create_symlink("one.key", folder_ + "/link.key");
  config().sessions[1].key_file = folder_ + "/link.key";
  EXPECT_NE(Faults().find("the same key"), std::string::npos);
  Write("copy.key", std::string(64, 'A') + "\n");  // the same bytes in other digits
  config().sessions[1].key_file = folder_ + "/copy.key";
  EXPECT_NE(Faults().find("the same key"), std::string::npos);
}

TEST_F(ConfigSurroundingsTest, AVenueNeverHasTheKeyOfASession) {
  config().venues[0].kind = LinkVenue{.uri = "shm:/nowhere/x", .key_file = folder_ + "/two.key"};
  EXPECT_NE(Faults().find("venue 1: key file " + folder_ +
                          "/two.key holds the same key as that of session 2"),
            std::string::npos)
      << Faults();
}

TEST_F(ConfigSurroundingsTest, KeyFilesThatAStartCouldNotReadAreNamed) {
  config().venues[0].kind =
      LinkVenue{.uri = "shm:/nowhere/x", .key_file = folder_ + "/no-venue.key"};
  EXPECT_NE(Faults().find("venue 1: key file"), std::string::npos) << Faults();
  config().sessions[0].key_file = folder_ + "/none.key";
  ASSERT_EQ(chmod((folder_ + "/two.key").c_str(), 0644), 0);
  EXPECT_NE(Faults().find("session 1: key file"), std::string::npos) << Faults();
  EXPECT_NE(Faults().find("session 2: key file"), std::string::npos) << Faults();
}

TEST_F(ConfigSurroundingsTest, FoldersThatAreNotThereAreNamed) {
  config().admin.socket = "/nowhere/admin.sock";
  config().report_file = folder_ + "/one.key/report.json";
  config().journal.directory = folder_ + "/a/b/journal";
  config().journal.memory_directory = folder_ + "/memory";
  const std::string faults = Faults();
  EXPECT_NE(faults.find("admin.socket: the folder /nowhere: No such file"), std::string::npos)
      << faults;
  EXPECT_NE(faults.find("report_file: "), std::string::npos) << faults;
  EXPECT_NE(faults.find("journal: cannot make the journal's directory"), std::string::npos)
      << faults;
  EXPECT_NE(faults.find("journal: memory_directory: "), std::string::npos) << faults;
}

TEST_F(ConfigSurroundingsTest, OneSocketServesOnePurpose) {
  config().admin.socket = folder_ + "/./gw.sock";
  EXPECT_NE(Faults().find("admin.socket: " + folder_ + "/./gw.sock is taken"), std::string::npos)
      << Faults();
}

TEST_F(ConfigSurroundingsTest, PoolsThatTheMachineHasNoMemoryForAreRefused) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer maps more than the limit that this test sets";
#endif
  config().sessions_common.report_slots = 1 << 24;
  config().pools.orders_max = kOrdersMax;
  auto& options = std::get<InProcessVenue>(config().venues[0].kind).exchange;
  options.orders_max = 1 << 26;
  options.closed_ids_max = 1 << 26;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  const rlimit low{rlim_t{8} << 30, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &low), 0);
  const std::string faults = Faults();
  setrlimit(RLIMIT_AS, &before);
  EXPECT_NE(faults.find("pools: the system gives no memory"), std::string::npos) << faults;
}

TEST_F(ConfigSurroundingsTest, CheckConfigSaysAllOfIt) {
  Write("gw.toml", Toml());
  EXPECT_EQ(CheckConfigFile(folder_ + "/gw.toml"), 0);
  ASSERT_EQ(unlink((folder_ + "/two.key").c_str()), 0);
  EXPECT_EQ(CheckConfigFile(folder_ + "/gw.toml"), 1);
  EXPECT_EQ(CheckConfigFile(folder_ + "/none.toml"), 1);
  EXPECT_EQ(CheckConfigFile(folder_), 1) << "a folder";
}

}  // namespace
}  // namespace ringway
