// Tests that the real program reports every obstacle to a start, with its remedy, and ends in
// order.
//
// Each fault of the surroundings is tried with each kind of venue. None may end the process by a
// signal, none may leave it running, and nobody may have been able to connect.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/private_files.h"
#include "gateway/config/config.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = GatewayProgram::kPatienceNs;
// A user without processes: limits by user do not apply to root.
constexpr uid_t kUnusedUser = 61'234;
constexpr int kNotAllowed = 77;

// A gateway that is about to be started.
struct Surroundings {
  const TemporaryFolder folder = *TemporaryFolder::Make("/tmp");
  GatewayProgram gateway{folder.path()};

  Surroundings() {
    config().sessions = {TestSession(1, 1, folder.path())};
    config().journal = TestJournal(folder / "journal");
    EXPECT_TRUE(gateway.WriteFiles().ok());
  }
  GatewayConfig& config() { return gateway.config; }
  std::string journal() { return config().journal.directory; }
  void InChild(std::function<void()> prepare) { gateway.spec.prepare = std::move(prepare); }
  void Listen(const std::vector<std::string>& names) {
    config().listen.clear();
    for (const std::string& name : names) config().listen.push_back("shm:" + folder / name);
  }

  // Runs it with another venue, so that there is a journal.
  void Run(const std::function<void()>& then) {
    const std::vector<GatewayVenueConfig> venues = config().venues;
    config().venues = TestConfig(folder.path()).venues;
    const absl::Status started = gateway.Start();
    EXPECT_TRUE(started.ok()) << started;
    if (started.ok()) then();
    config().venues = venues;
  }
  void RunWholly() {
    Run([this] { EXPECT_EQ(gateway.Stop(), "") << gateway.Log(); });
  }
  // Returns the folder in memory that the killed gateway leaves.
  std::string RunAndKill() {
    Run([this] { gateway.Kill(); });
    std::filesystem::remove(folder / "gateway.sock");  // a killed process leaves it
    return gateway.Images();
  }
};

struct Fault {
  const char* name;
  std::function<void(Surroundings&)> arrange;
  std::vector<std::string> said;  // lines on stderr
};

// A file system in memory of 8 MiB at `path`, for the process and its children.
void MountSmall(const std::string& path) {
  if (unshare(CLONE_NEWNS) != 0 ||
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("small", path.c_str(), "tmpfs", 0, "size=8m,mode=0700") != 0) {
    _exit(kNotAllowed);
  }
}

// Shifts the wall clock that the program sees by this much.
void ShiftWallClock(int64_t days) {
  setenv("LD_PRELOAD", "gateway/host/libshifted_clock.so", 1);
  setenv("RINGWAY_TEST_CLOCK_SHIFT_S", std::to_string(days * 86'400).c_str(), 1);
}

const std::vector<Fault>& Faults() {
  static const std::vector<Fault> faults = {
      {"KeyFilesThatCannotBeRead",
       [](Surroundings& at) {
         at.config().sessions = {TestSession(1, 1, "/none-1"), TestSession(2, 1, "/none-2")};
       },
       {"session 1: ", "none-1/1.key", "session 2: ", "none-2/2.key"}},
      {"AMemoryDirectoryThatIsNotInMemory",
       [](Surroundings& at) { at.config().journal.memory_directory = "/proc"; },
       {"journal: /proc is not a RAM file system"}},
      {"AMemoryDirectoryThatIsMissing",
       [](Surroundings& at) { at.config().journal.memory_directory = "/none/shm"; },
       {"journal: ", "/none/shm"}},
      {"AJournalDirectoryWhoseParentIsMissing",
       [](Surroundings& at) { at.config().journal.directory = at.folder / "none/journal"; },
       {"cannot make the journal's directory", "/none/journal"}},
      {"AJournalDirectoryThatIsAFile",
       [](Surroundings& at) { ASSERT_TRUE(WritePrivateFile(at.journal(), "text").ok()); },
       {"journal: ", "/journal"}},
      {"AJournalThatIsDamaged",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir(at.journal().c_str(), 0700), 0);
         ASSERT_TRUE(WritePrivateFile(at.journal() + "/journal", "this is no journal at all").ok());
       },
       {"is damaged or of another version"}},
      {"ASegmentThatIsDamaged",
       [](Surroundings& at) {
         at.RunWholly();
         const std::string path = at.journal() + "/000000000001.segment";
         const int fd = open(path.c_str(), O_WRONLY);
         ASSERT_GE(fd, 0);
         ASSERT_EQ(pwrite(fd, "damage", 6, 8), 6);
         close(fd);
       },
       {"journal: ", "000000000001.segment"}},
      {"AJournalDirectoryThatOthersMayWrite",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir(at.journal().c_str(), 0700), 0);
         ASSERT_EQ(chmod(at.journal().c_str(), 0777), 0);
       },
       {"has mode 0777", "chmod go-w"}},
      {"ImagesThatAreGone",
       [](Surroundings& at) { std::filesystem::remove_all(at.RunAndKill()); },
       {"ALARM", "RemoveIPC=", "--accept-loss"}},
      {"ImagesThatAreOpenToOthers",
       [](Surroundings& at) { ASSERT_EQ(chmod(at.RunAndKill().c_str(), 0777), 0); },
       {"is not what the gateway made", "/run/ringway"}},
      {"NoRoomInMemory",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir((at.folder / "small").c_str(), 0700), 0);
         at.config().journal.memory_directory = at.folder / "small";
         at.InChild([&at] { MountSmall(at.folder / "small"); });
       },
       {"has room for 8 MiB", "needs 16 MiB", "--shm-size"}},
      {"NoRoomOnTheDisk",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir((at.folder / "small").c_str(), 0700), 0);
         at.config().journal.directory = at.folder / "small/journal";
         at.InChild([&at] { MountSmall(at.folder / "small"); });
       },
       {"/small/journal has room for 7 MiB", "needs 12 MiB"}},
      {"AJournalDirectoryInMemory",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir((at.folder / "small").c_str(), 0700), 0);
         at.config().journal.directory = at.folder / "small/journal";
         at.config().journal.allow_volatile = false;
         at.InChild([&at] { MountSmall(at.folder / "small"); });
       },
       {"/small/journal lies on a file system in memory", "allow_volatile = true"}},
      {"AJournalThatLostItsLastSegments",
       [](Surroundings& at) {
         at.RunWholly();
         for (const auto& file : std::filesystem::directory_iterator(at.journal())) {
           if (file.path().extension() == ".segment") std::filesystem::remove(file.path());
         }
       },
       {"ALARM", " gone", "--accept-loss"}},
      {"AWallClockThatWasAheadOnce",
       [](Surroundings& at) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
         GTEST_SKIP() << "a sanitizer's runtime has to be loaded first";
#endif
         at.InChild([] { ShiftWallClock(100); });
         at.RunWholly();
         at.InChild(nullptr);
       },
       {"the journal is ahead by", "host.clock_ahead_max", "timedatectl", "--accept-clock"}},
      {"AWallClockThatIsYearsAhead",
       [](Surroundings& at) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
         GTEST_SKIP() << "a sanitizer's runtime has to be loaded first";
#endif
         at.RunWholly();
         at.InChild([] { ShiftWallClock(400); });
       },
       {"the clock is ahead by", "timedatectl", "--accept-clock"}},
      {"ASocketWhoseFolderIsMissing",
       [](Surroundings& at) {
         at.Listen({"none-1/gw.sock", "none-2/gw.sock"});
       },
       {"cannot listen on shm:", "/none-1/gw.sock", "/none-2/gw.sock"}},
      {"NoMemoryForItsPools",
       [](Surroundings& at) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
         GTEST_SKIP() << "a sanitizer needs the address space that this test takes away";
#endif
         at.config().pools.orders_max = 8'000'000;
         at.InChild([] {
           const rlimit little{512u << 20, 512u << 20};
           setrlimit(RLIMIT_AS, &little);
         });
       },
       {"the system gives no memory", "LimitAS="}},
      {"NoRoomForItsThreads",
       [](Surroundings& at) {
         // A user other than root, who must have access to the program and the files.
         at.gateway.program = at.folder / "gateway";
         std::filesystem::copy_file("gateway/ringway-gateway", at.gateway.program);
         if (geteuid() == 0) {
           for (const char* name : {".", "1.key"}) {
             ASSERT_EQ(chown((at.folder / name).c_str(), kUnusedUser, kUnusedUser), 0);
           }
         }
         at.InChild([&at] {
           const rlimit one{1, 1};
           if (geteuid() == 0) {
             if (chown(at.gateway.ConfigFile().c_str(), kUnusedUser, kUnusedUser) != 0) _exit(99);
             if (setgid(kUnusedUser) != 0 || setuid(kUnusedUser) != 0) _exit(99);
           }
           setrlimit(RLIMIT_NPROC, &one);
         });
       },
       {"cannot start the thread", "TasksMax="}},
  };
  return faults;
}

class StartTest : public testing::TestWithParam<std::tuple<std::size_t, const char*>> {
 protected:
  StartTest() {
    if (std::string(std::get<1>(GetParam())) == "exchange") return;
    at_.config().venues = {ExchangeLink(1, "shm:" + at_.folder / "exchange.sock")};
  }
  bool Logged(const std::string& said) const {
    return at_.gateway.Log().find(said) != std::string::npos;
  }

  Surroundings at_;
};

TEST_P(StartTest, AFaultIsToldWithItsRemedyAndEndsTheStart) {
  const Fault& fault = Faults()[std::get<0>(GetParam())];
  fault.arrange(at_);
  if (HasFailure() || IsSkipped()) return;
  const std::string config = PrintConfig(at_.config());
  ASSERT_TRUE(WritePrivateFile(at_.gateway.ConfigFile(), config).ok());
  const absl::Status run = at_.gateway.Run({"--config", at_.gateway.ConfigFile()});
  ASSERT_TRUE(run.ok()) << run;
  ASSERT_TRUE(at_.gateway.child().AwaitEnd(kPatienceNs)) << at_.gateway.Log();
  const int end = at_.gateway.child().EndStatus();
  if (end == kNotAllowed) GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(end, 1) << at_.gateway.Log();
  for (const std::string& said : fault.said) {
    EXPECT_TRUE(Logged(said)) << said << "\nis not in\n" << at_.gateway.Log();
  }
  EXPECT_EQ(at_.gateway.Output(), "");
  EXPECT_FALSE(std::filesystem::exists(at_.folder / "gateway.sock"));
}

std::string NameOf(const testing::TestParamInfo<StartTest::ParamType>& info) {
  const bool in_process = std::string(std::get<1>(info.param)) == "exchange";
  return absl::StrCat(Faults()[std::get<0>(info.param)].name,
                      in_process ? "WithAVenueInside" : "WithAVenueOverALink");
}

INSTANTIATE_TEST_SUITE_P(EveryFaultWithEveryVenue, StartTest,
                         testing::Combine(testing::Range(std::size_t{0}, Faults().size()),
                                          testing::Values("exchange", "exchange-link")),
                         NameOf);

class AcceptedStartTest : public StartTest {};

TEST_P(AcceptedStartTest, AnOperatorWhoAcceptsALossStartsAndIsNotAskedAgain) {
  std::filesystem::remove_all(at_.RunAndKill());
  for (const bool accepted : {true, false}) {
    std::vector<std::string> arguments;
    if (accepted) arguments.push_back("--accept-loss");
    const absl::Status started = at_.gateway.Start(arguments);
    ASSERT_TRUE(started.ok()) << started;
    EXPECT_EQ(Logged("ALARM"), accepted) << at_.gateway.Log();
    EXPECT_EQ(at_.gateway.Stop(), "") << at_.gateway.Log();
  }
}

TEST_P(AcceptedStartTest, AnOperatorWhoAcceptsTheClockStartsAndIsTold) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's runtime has to be loaded first";
#endif
  at_.InChild([] { ShiftWallClock(100); });
  at_.RunWholly();
  at_.InChild(nullptr);
  const absl::Status started = at_.gateway.Start({"--accept-clock"});
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_TRUE(Logged("passes a tenth slower")) << at_.gateway.Log();
  EXPECT_EQ(at_.gateway.Stop(), "") << at_.gateway.Log();
}

INSTANTIATE_TEST_SUITE_P(WithEveryVenue, AcceptedStartTest,
                         testing::Combine(testing::Values(std::size_t{0}),
                                          testing::Values("exchange", "exchange-link")));

class SecondGatewayTest : public StartTest {};

TEST_P(SecondGatewayTest, IsRefusedOnAJournalThatAnotherOneWrites) {
  const absl::Status started = at_.gateway.Start();
  ASSERT_TRUE(started.ok()) << started;
  GatewayProgram second(at_.folder.path(), "second");
  second.config = at_.config();
  second.config.listen = {"shm:" + at_.folder / "second.sock"};
  ASSERT_FALSE(second.Start().ok());
  EXPECT_EQ(second.child().EndStatus(), 1);
  EXPECT_NE(second.Log().find("in use by another gateway"), std::string::npos) << second.Log();
  EXPECT_EQ(at_.gateway.Stop(), "") << at_.gateway.Log();
}

INSTANTIATE_TEST_SUITE_P(WithEveryVenue, SecondGatewayTest,
                         testing::Combine(testing::Values(std::size_t{0}),
                                          testing::Values("exchange", "exchange-link")));

}  // namespace
}  // namespace ringway
