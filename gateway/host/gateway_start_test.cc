// Tests that the real program reports every obstacle to a start, with its remedy, and ends in
// order.
//
// Each fault of the surroundings is tried with each kind of venue. None may end the process by a
// signal, none may leave it running, and nobody may have been able to connect.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

constexpr const char* kProgram = "gateway/ringway-gateway";
constexpr int64_t kPatienceNs = 60 * kNsPerS;
// A user without processes: limits by user do not apply to root.
constexpr uid_t kUnusedUser = 61'234;
constexpr int kNotAllowed = 77;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A gateway that is about to be started, and the obstacle to its start.
struct Surroundings {
  std::string folder;
  std::string program;
  std::string journal = "/journal";  // under `folder`
  std::string journal_keys;          // more keys of [journal]
  bool allow_volatile = true;
  std::string pools = "orders_max = 1000\npositions_max = 100\nexecutions_remembered = 1000\n";
  std::vector<std::string> key_files = {"/1.key"};
  std::vector<std::string> listen = {"/gw.sock"};
  std::vector<std::string> arguments;
  std::function<void()> in_child = [] {};  // before the program is executed

  std::string Path(const std::string& name) const { return folder + name; }
  void Write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const int fd = open(Path(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, mode);
    ASSERT_GE(fd, 0) << Path(name);
    ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ASSERT_EQ(fchmod(fd, mode), 0);
    close(fd);
  }
};

struct Fault {
  const char* name;
  std::function<void(Surroundings&)> arrange;
  std::vector<std::string> said;  // lines on stderr
};

void RunWholly(const Surroundings& at);
// Returns the folder in memory that the killed gateway leaves.
std::string RunAndKill(const Surroundings& at);

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
         at.key_files = {"/none-1.key", "/none-2.key"};
       },
       {"session 1: ", "none-1.key", "session 2: ", "none-2.key"}},
      {"AMemoryDirectoryThatIsNotInMemory",
       [](Surroundings& at) { at.journal_keys = "memory_directory = \"/proc\"\n"; },
       {"journal: /proc is not a RAM file system"}},
      {"AMemoryDirectoryThatIsMissing",
       [](Surroundings& at) { at.journal_keys = "memory_directory = \"/none/shm\"\n"; },
       {"journal: ", "/none/shm"}},
      {"AJournalDirectoryWhoseParentIsMissing",
       [](Surroundings& at) { at.journal = "/none/journal"; },
       {"cannot make the journal's directory", "/none/journal"}},
      {"AJournalDirectoryThatIsAFile",
       [](Surroundings& at) { at.Write(at.journal, "text"); },
       {"journal: ", "/journal"}},
      {"AJournalThatIsDamaged",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir(at.Path(at.journal).c_str(), 0700), 0);
         at.Write(at.journal + "/journal", "this is no journal at all");
       },
       {"is damaged or of another version"}},
      {"ASegmentThatIsDamaged",
       [](Surroundings& at) {
         RunWholly(at);
         const std::string path = at.Path(at.journal) + "/000000000001.segment";
         const int fd = open(path.c_str(), O_WRONLY);
         ASSERT_GE(fd, 0);
         ASSERT_EQ(pwrite(fd, "damage", 6, 8), 6);
         close(fd);
       },
       {"journal: ", "000000000001.segment"}},
      {"AJournalDirectoryThatOthersMayWrite",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir(at.Path(at.journal).c_str(), 0700), 0);
         ASSERT_EQ(chmod(at.Path(at.journal).c_str(), 0777), 0);
       },
       {"has mode 0777", "chmod go-w"}},
      {"ImagesThatAreGone",
       [](Surroundings& at) { std::filesystem::remove_all(RunAndKill(at)); },
       {"ALARM", "RemoveIPC=", "--accept-loss"}},
      {"ImagesThatAreOpenToOthers",
       [](Surroundings& at) { ASSERT_EQ(chmod(RunAndKill(at).c_str(), 0777), 0); },
       {"is not what the gateway made", "/run/ringway"}},
      {"NoRoomInMemory",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir(at.Path("/small").c_str(), 0700), 0);
         at.journal_keys = "memory_directory = \"" + at.Path("/small") + "\"\n";
         at.in_child = [&at] { MountSmall(at.Path("/small")); };
       },
       {"has room for 8 MiB", "needs 16 MiB", "--shm-size"}},
      {"NoRoomOnTheDisk",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir(at.Path("/small").c_str(), 0700), 0);
         at.journal = "/small/journal";
         at.in_child = [&at] { MountSmall(at.Path("/small")); };
       },
       {"/small/journal has room for 7 MiB", "needs 12 MiB"}},
      {"AJournalDirectoryInMemory",
       [](Surroundings& at) {
         ASSERT_EQ(mkdir(at.Path("/small").c_str(), 0700), 0);
         at.journal = "/small/journal";
         at.allow_volatile = false;
         at.in_child = [&at] { MountSmall(at.Path("/small")); };
       },
       {"/small/journal lies on a file system in memory", "allow_volatile = true"}},
      {"AJournalThatLostItsLastSegments",
       [](Surroundings& at) {
         RunWholly(at);
         for (const auto& file : std::filesystem::directory_iterator(at.Path(at.journal))) {
           if (file.path().extension() == ".segment") std::filesystem::remove(file.path());
         }
       },
       {"ALARM", " gone", "--accept-loss"}},
      {"AWallClockThatWasAheadOnce",
       [](Surroundings& at) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
         GTEST_SKIP() << "a sanitizer's runtime has to be loaded first";
#endif
         at.in_child = [] { ShiftWallClock(100); };
         RunWholly(at);
         at.in_child = [] {};
       },
       {"the journal is ahead by", "host.clock_ahead_max", "timedatectl", "--accept-clock"}},
      {"AWallClockThatIsYearsAhead",
       [](Surroundings& at) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
         GTEST_SKIP() << "a sanitizer's runtime has to be loaded first";
#endif
         RunWholly(at);
         at.in_child = [] { ShiftWallClock(400); };
       },
       {"the clock is ahead by", "timedatectl", "--accept-clock"}},
      {"ASocketWhoseFolderIsMissing",
       [](Surroundings& at) {
         at.listen = {"/none-1/gw.sock", "/none-2/gw.sock"};
       },
       {"cannot listen on shm:", "/none-1/gw.sock", "/none-2/gw.sock"}},
      {"NoMemoryForItsPools",
       [](Surroundings& at) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
         GTEST_SKIP() << "a sanitizer needs the address space that this test takes away";
#endif
         at.pools = "orders_max = 8000000\npositions_max = 100\nexecutions_remembered = 1000\n";
         at.in_child = [] {
           const rlimit little{512u << 20, 512u << 20};
           setrlimit(RLIMIT_AS, &little);
         };
       },
       {"the system gives no memory", "LimitAS="}},
      {"NoRoomForItsThreads",
       [](Surroundings& at) {
         // A user other than root, who must have access to the program and the files.
         std::filesystem::copy_file(kProgram, at.Path("/gateway"));
         at.program = at.Path("/gateway");
         if (geteuid() == 0) {
           for (const char* name : {"", "/1.key", "/2.key"}) {
             ASSERT_EQ(chown(at.Path(name).c_str(), kUnusedUser, kUnusedUser), 0);
           }
         }
         at.in_child = [] {
           const rlimit one{1, 1};
           if (geteuid() == 0 && (setgid(kUnusedUser) != 0 || setuid(kUnusedUser) != 0)) _exit(99);
           setrlimit(RLIMIT_NPROC, &one);
         };
       },
       {"cannot start the thread", "TasksMax="}},
  };
  return faults;
}

std::string ConfigText(const Surroundings& at, const std::string& venue) {
  std::string text;
  for (const std::string& path : at.listen) {
    absl::StrAppend(&text, text.empty() ? "listen = [" : ", ", "\"shm:", at.folder, path, "\"");
  }
  absl::StrAppend(&text, "]\n[admin]\nsocket = \"", at.Path("/admin.sock"),
                  "\"\n[host]\nwait = \"park\"\nlock_memory = false\n[journal]\nallow_volatile = ",
                  at.allow_volatile ? "true" : "false", "\ndirectory = \"", at.Path(at.journal),
                  "\"\nsegment_bytes = \"4MiB\"\n", at.journal_keys, "[pools]\n", at.pools,
                  "[routing]\ndefault_venue = 1\n[[instrument]]\nid = 1\nsymbol = \"TEST\"\n"
                  "reference_price = 100\n[[account]]\nid = 1\n");
  for (std::size_t i = 0; i < at.key_files.size(); ++i) {
    absl::StrAppend(&text, "[[session]]\nid = ", i + 1, "\naccounts = [1]\nkey_file = \"",
                    at.Path(at.key_files[i]), "\"\n");
  }
  return absl::StrCat(text, "[[venue]]\nid = 1\n", venue);
}

std::string VenueText(const std::string& kind, const Surroundings& at) {
  if (kind == "exchange") return "connector = \"exchange\"\n";
  return absl::StrCat("connector = \"exchange-link\"\nuri = \"shm:", at.Path("/exchange.sock"),
                      "\"\n");
}

class RunningProgram {
 public:
  explicit RunningProgram(const Surroundings& at) : folder_(at.folder) {
    pid_ = fork();
    if (pid_ != 0) return;
    const std::string out = folder_ + "/out";
    const std::string err = folder_ + "/err";
    if (std::freopen(out.c_str(), "w", stdout) == nullptr) _exit(98);
    if (std::freopen(err.c_str(), "w", stderr) == nullptr) _exit(98);
    std::string config = "--config=" + folder_ + "/gateway.toml";
    std::string program = at.program;
    std::vector<std::string> arguments = at.arguments;
    std::vector<char*> argv = {program.data(), config.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    at.in_child();
    execv(argv.front(), argv.data());
    _exit(97);
  }
  ~RunningProgram() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  // Returns its exit status, or the negative signal that ended it; INT32_MIN when it keeps running.
  int End() {
    int status = 0;
    for (const int64_t until_ns = MonotonicNowNs() + kPatienceNs; MonotonicNowNs() < until_ns;) {
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
      }
      usleep(1'000);
    }
    return INT32_MIN;
  }
  bool BecomesReady() {
    for (const int64_t until_ns = MonotonicNowNs() + kPatienceNs; MonotonicNowNs() < until_ns;) {
      if (ReadAll(folder_ + "/out").find("ready") != std::string::npos) return true;
      usleep(1'000);
    }
    return false;
  }
  void Signal(int number) const { kill(pid_, number); }
  std::string Errors() const { return ReadAll(folder_ + "/err"); }

 private:
  const std::string folder_;
  pid_t pid_ = -1;
};

// Runs a gateway that starts and stops in order, so that there is a journal.
void RunWholly(const Surroundings& at) {
  at.Write("/gateway.toml", ConfigText(at, "connector = \"exchange\"\n"));
  RunningProgram program(at);
  ASSERT_TRUE(program.BecomesReady()) << program.Errors();
  program.Signal(SIGTERM);
  ASSERT_EQ(program.End(), 0) << program.Errors();
}

// The images that a killed gateway left, as named by the journal's folder; empty: none.
std::string ImagesOf(const Surroundings& at) {
  const std::string note = ReadAll(at.Path(at.journal) + "/running");
  const std::size_t begin = note.find("images ");
  if (begin == std::string::npos) return {};
  return note.substr(begin + 7, note.find('\n', begin) - begin - 7);
}

void RemoveImagesOf(const Surroundings& at) {
  std::error_code ignored;
  if (const std::string images = ImagesOf(at); !images.empty()) {
    std::filesystem::remove_all(images, ignored);
  }
}

std::string RunAndKill(const Surroundings& at) {
  at.Write("/gateway.toml", ConfigText(at, "connector = \"exchange\"\n"));
  RunningProgram program(at);
  EXPECT_TRUE(program.BecomesReady()) << program.Errors();
  program.Signal(SIGKILL);
  EXPECT_EQ(program.End(), -SIGKILL);
  std::filesystem::remove(at.Path("/gw.sock"));  // a killed process leaves it
  return ImagesOf(at);
}

class StartTest : public testing::TestWithParam<std::tuple<std::size_t, const char*>> {
 protected:
  void SetUp() override {
    std::array<char, 32> folder{"/tmp/ringway-start-XXXXXX"};
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    at_.folder = folder.data();
    at_.program = kProgram;
    at_.Write("/1.key", std::string(64, 'a') + "\n");
    at_.Write("/2.key", std::string(64, 'b') + "\n");
  }
  void TearDown() override {
    RemoveImagesOf(at_);
    std::filesystem::remove_all(at_.folder);
  }
  void WriteConfig() {
    at_.Write("/gateway.toml", ConfigText(at_, VenueText(std::get<1>(GetParam()), at_)), 0644);
  }

  Surroundings at_;
};

TEST_P(StartTest, AFaultIsToldWithItsRemedyAndEndsTheStart) {
  const Fault& fault = Faults()[std::get<0>(GetParam())];
  fault.arrange(at_);
  if (HasFatalFailure() || IsSkipped()) return;
  WriteConfig();
  std::filesystem::remove(at_.Path("/out"));
  RunningProgram program(at_);
  const int end = program.End();
  if (end == kNotAllowed) GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(end, 1) << program.Errors();
  const std::string errors = program.Errors();
  for (const std::string& said : fault.said) {
    EXPECT_NE(errors.find(said), std::string::npos) << said << "\nis not in\n" << errors;
  }
  EXPECT_EQ(ReadAll(at_.Path("/out")), "");
  EXPECT_FALSE(std::filesystem::exists(at_.Path("/gw.sock")));
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
  std::filesystem::remove_all(RunAndKill(at_));
  WriteConfig();
  for (const bool accepted : {true, false}) {
    at_.arguments.clear();
    if (accepted) at_.arguments.push_back("--accept-loss");
    std::filesystem::remove(at_.Path("/out"));
    RunningProgram program(at_);
    ASSERT_TRUE(program.BecomesReady()) << program.Errors();
    EXPECT_EQ(program.Errors().find("ALARM") != std::string::npos, accepted) << program.Errors();
    program.Signal(SIGTERM);
    EXPECT_EQ(program.End(), 0) << program.Errors();
  }
}

TEST_P(AcceptedStartTest, AnOperatorWhoAcceptsTheClockStartsAndIsTold) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's runtime has to be loaded first";
#endif
  at_.in_child = [] { ShiftWallClock(100); };
  RunWholly(at_);
  at_.in_child = [] {};
  at_.arguments = {"--accept-clock"};
  WriteConfig();
  std::filesystem::remove(at_.Path("/out"));
  RunningProgram program(at_);
  ASSERT_TRUE(program.BecomesReady()) << program.Errors();
  EXPECT_NE(program.Errors().find("passes a tenth slower"), std::string::npos) << program.Errors();
  program.Signal(SIGTERM);
  EXPECT_EQ(program.End(), 0) << program.Errors();
}

INSTANTIATE_TEST_SUITE_P(WithEveryVenue, AcceptedStartTest,
                         testing::Combine(testing::Values(std::size_t{0}),
                                          testing::Values("exchange", "exchange-link")));

class SecondGatewayTest : public StartTest {};

TEST_P(SecondGatewayTest, IsRefusedOnAJournalThatAnotherOneWrites) {
  WriteConfig();
  RunningProgram first(at_);
  ASSERT_TRUE(first.BecomesReady()) << first.Errors();
  at_.listen = {"/second.sock"};
  Surroundings second_at = at_;
  second_at.folder = at_.Path("/second");
  ASSERT_EQ(mkdir(second_at.folder.c_str(), 0700), 0);
  second_at.Write("/gateway.toml", ConfigText(at_, VenueText(std::get<1>(GetParam()), at_)));
  RunningProgram second(second_at);
  EXPECT_EQ(second.End(), 1);
  EXPECT_NE(second.Errors().find("in use by another gateway"), std::string::npos)
      << second.Errors();
  first.Signal(SIGTERM);
  EXPECT_EQ(first.End(), 0) << first.Errors();
}

INSTANTIATE_TEST_SUITE_P(WithEveryVenue, SecondGatewayTest,
                         testing::Combine(testing::Values(std::size_t{0}),
                                          testing::Values("exchange", "exchange-link")));

}  // namespace
}  // namespace ringway
