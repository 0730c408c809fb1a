// Acceleration is proven: by a stack that is preloaded, socket by socket, and again in mid-flow.
//
// usage: acceleration_test FAKE_ONLOAD FAKE_VMA
// The suites Preloaded and Onload run in children of this program, under the stand-ins.
#include "transport/stream/acceleration.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/alloc_count.h"
#include "transport/stream/stream_dialer.h"
#include "transport/stream/stream_listener.h"
#include "transport/stream/testing/stream_pairs.h"
#include "transport/stream/testing/test_certificates.h"

extern char** environ;

namespace ringway {
namespace {

#define EXPECT_SAYS(text, words) \
  EXPECT_NE(std::string(text).find(words), std::string::npos) << (text)

std::string libraries[2];  // the stand-ins for Onload and VMA

bool IsVma() {
  return std::string_view(getenv("LD_PRELOAD")).find("vma") != std::string_view::npos;
}
AccelerationChoice Own() {
  return IsVma() ? AccelerationChoice::kVma : AccelerationChoice::kOnload;
}
AccelerationChoice Other() {
  return IsVma() ? AccelerationChoice::kOnload : AccelerationChoice::kVma;
}

// What the stand-in does from now on.
void SetStack(char state) {
  FILE* file = fopen(getenv("RINGWAY_FAKE_STACK"), "w");
  ASSERT_NE(file, nullptr);
  fputc(state, file);
  fclose(file);
}

uint64_t WarmSends() {
  const auto count =
      reinterpret_cast<uint64_t (*)()>(dlsym(RTLD_DEFAULT, "ringway_fake_warm_sends"));
  return count == nullptr ? 0 : count();
}

class Connections : public ::testing::Test {
 protected:
  Connections() {
    auto listener = StreamListener::Listen({.address = "127.0.0.1:0", .tls = {}});
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }
  // Null: it failed, and error_ says why.
  void Dial(AccelerationChoice choice, bool required) {
    StreamOptions options;
    options.addresses = {listener_->address().Text()};
    options.acceleration = choice;
    options.require_acceleration = required;
    auto dialer = StreamDialer::Create(options, 1);
    ASSERT_TRUE(dialer.ok()) << dialer.status();
    near_ = nullptr;
    if (DialOnce(**dialer, near_) == StreamDialState::kConnected) far_ = AcceptOne(*listener_);
    error_ = (*dialer)->last_error();
  }
  void ExpectFlows() {
    const std::array<std::byte, 5> sent{std::byte{1}, std::byte{2}, std::byte{3}};
    ASSERT_EQ(near_->Write(sent).bytes, sent.size());
    std::array<std::byte, 6> got{};
    std::size_t count = 0;
    EXPECT_TRUE(Within([&] {
      count += far_->Read(std::span(got).subspan(count)).bytes;
      return count >= sent.size();
    }));
    EXPECT_EQ(count, sent.size());
    EXPECT_TRUE(std::equal(sent.begin(), sent.end(), got.begin()));
  }

  std::unique_ptr<StreamListener> listener_;
  std::unique_ptr<ByteStream> near_;
  std::unique_ptr<ByteStream> far_;
  std::string error_;
};

using NoStack = Connections;
using Preloaded = Connections;
using Onload = Connections;

// --- Without a stack ---

TEST_F(NoStack, ASocketOfTheKernelIsNotAccelerated) {
  Dial(AccelerationChoice::kAny, false);
  ASSERT_NE(near_, nullptr) << error_;
  EXPECT_EQ(near_->acceleration().cause, AccelerationCause::kNotPreloaded);
  EXPECT_EQ(near_->acceleration().stack, StackKind::kKernel);
  EXPECT_EQ(near_->acceleration().interface.view(), "lo");
  EXPECT_SAYS(Describe(near_->acceleration()), "carried by the kernel on lo");
  EXPECT_SAYS(Describe(near_->acceleration()), "deploy/onload/ringway-onload.sh");
  EXPECT_EQ(near_->ProveAcceleration().cause, AccelerationCause::kNotPreloaded);
}

TEST_F(NoStack, WhoAsksForNoneIsToldNothing) {
  Dial(AccelerationChoice::kOff, false);
  ASSERT_NE(near_, nullptr) << error_;
  EXPECT_EQ(near_->ProveAcceleration().cause, AccelerationCause::kNotAsked);
  EXPECT_EQ(Describe(near_->acceleration()), "acceleration is not asked for on lo");
}

// --- Under either stand-in ---

TEST_F(Preloaded, AnAcceleratedSocketIsProven) {
  SetStack('a');
  for (const AccelerationChoice choice : {Own(), AccelerationChoice::kAny}) {
    Dial(choice, true);
    ASSERT_NE(near_, nullptr) << error_;
    EXPECT_TRUE(near_->acceleration().accelerated());
    EXPECT_EQ(near_->acceleration().stack, IsVma() ? StackKind::kVma : StackKind::kOnload);
    EXPECT_SAYS(Describe(near_->acceleration()),
                IsVma() ? "accelerated by vma on lo"
                        : "accelerated by onload 9.0.0-stand-in on lo, stack venue");
    ExpectFlows();
  }
}

TEST_F(Preloaded, RequiredAndNotGivenTheConnectionFailsWithCauseAndRemedy) {
  SetStack('k');
  Dial(Own(), true);
  EXPECT_EQ(near_, nullptr);
  EXPECT_SAYS(error_, "must be accelerated");
  EXPECT_SAYS(error_, "over lo");
  EXPECT_SAYS(error_, "Remedy");
  Dial(Own(), false);
  ASSERT_NE(near_, nullptr) << error_;
  EXPECT_EQ(near_->acceleration().cause, AccelerationCause::kLoopback);
}

TEST_F(Preloaded, AnotherStackThanTheOneAskedForIsNamed) {
  SetStack('a');
  Dial(Other(), true);
  EXPECT_EQ(near_, nullptr);
  EXPECT_SAYS(error_, "another stack is preloaded");
}

TEST_F(Preloaded, LossInMidFlowIsSeenAtTheNextProofAndSoIsItsReturn) {
  SetStack('a');
  Dial(AccelerationChoice::kAny, true);
  ASSERT_NE(near_, nullptr) << error_;
  ExpectFlows();
  SetStack('k');
  EXPECT_TRUE(near_->acceleration().accelerated()) << "the last answer stays until it is asked";
  EXPECT_FALSE(near_->ProveAcceleration().accelerated());
  EXPECT_EQ(near_->acceleration().cause, AccelerationCause::kLoopback);
  ExpectFlows();
  SetStack('a');
  EXPECT_TRUE(near_->ProveAcceleration().accelerated());
  ExpectFlows();
}

// The kernel sends what has a flag that it does not know: an order would leave twice.
TEST_F(Preloaded, AWarmSendNeverReachesThePeer) {
  SetStack('a');
  Dial(AccelerationChoice::kAny, true);
  ASSERT_NE(near_, nullptr) << error_;
  const std::array<std::byte, 200> bytes{};
  EXPECT_TRUE(near_->WarmSend(bytes));
  EXPECT_EQ(WarmSends(), 1u);
  ExpectFlows();
  // Lost since the last proof.
  SetStack('k');
  EXPECT_FALSE(near_->WarmSend(bytes));
  ExpectFlows();
  EXPECT_FALSE(near_->ProveAcceleration().warm_sends);
  EXPECT_FALSE(near_->WarmSend(bytes));
  ExpectFlows();
  EXPECT_EQ(WarmSends(), 1u);
  // Nobody asked for acceleration.
  SetStack('a');
  Dial(AccelerationChoice::kOff, false);
  ASSERT_NE(near_, nullptr) << error_;
  EXPECT_FALSE(near_->WarmSend(bytes));
  ExpectFlows();
}

TEST_F(Preloaded, AskingAllocatesNothingHere) {
  SetStack('a');
  Dial(AccelerationChoice::kAny, true);
  ASSERT_NE(near_, nullptr) << error_;
  const std::array<std::byte, 200> bytes{};
  const uint64_t before = AllocationCount();
  bool all = true;
  for (int i = 0; i != 100; ++i) {
    all = all && near_->ProveAcceleration().accelerated() && near_->WarmSend(bytes);
  }
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_TRUE(all);
}

TEST_F(Preloaded, TheCausesOfASocketThatTheStackLeftToTheKernel) {
  SetStack('k');
  Dial(AccelerationChoice::kAny, false);
  ASSERT_NE(near_, nullptr) << error_;
  const auto cause_on = [&](std::string_view interface, std::string_view driver) {
    Acceleration acceleration;
    acceleration.interface = FixedText<16>(interface);
    acceleration.driver = FixedText<24>(driver);
    AccelerationStacks::Find().Ask(near_->fd(), Own(), acceleration);
    EXPECT_SAYS(Describe(acceleration), "Remedy");
    return acceleration.cause;
  };
  EXPECT_EQ(cause_on("eth7", "e1000e"), AccelerationCause::kOtherInterface);
  EXPECT_EQ(cause_on("eth7", IsVma() ? "mlx5_core" : "sfc"), AccelerationCause::kFellBack);
  EXPECT_EQ(cause_on("bond0", ""), AccelerationCause::kFellBack);
  EXPECT_EQ(cause_on("lo", ""), AccelerationCause::kLoopback);
  setenv(IsVma() ? "VMA_OFFLOADED_SOCKETS" : "EF_DONT_ACCELERATE", IsVma() ? "0" : "1", 1);
  EXPECT_EQ(cause_on("eth7", ""), AccelerationCause::kSwitchedOff);
  unsetenv(IsVma() ? "VMA_OFFLOADED_SOCKETS" : "EF_DONT_ACCELERATE");
}

// Onload knows the socket, answers 1, and carries nothing of it.
TEST_F(Onload, ASocketThatWasHandedToTheKernelIsNotAccelerated) {
  SetStack('h');
  Dial(AccelerationChoice::kOnload, true);
  EXPECT_EQ(near_, nullptr);
  EXPECT_SAYS(error_, "handed this socket to the kernel");
  SetStack('a');
  Dial(AccelerationChoice::kOnload, true);
  ASSERT_NE(near_, nullptr) << error_;
  SetStack('h');
  EXPECT_EQ(near_->ProveAcceleration().cause, AccelerationCause::kHandedOver);
}

// --- The children ---

// Runs the suites that `filter` names under a stand-in.
void RunUnder(const std::string& library, const std::string& filter) {
  const TestFolder folder;
  char self[PATH_MAX] = {};
  ASSERT_GT(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
  std::vector<std::string> environment{"LD_PRELOAD=" + library,
                                       "RINGWAY_FAKE_STACK=" + folder.File("state")};
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry(*each);
    // What tells GoogleTest and the sanitizers of this one is not for the child.
    if (entry.rfind("LD_PRELOAD=", 0) != 0 && entry.rfind("GTEST_", 0) != 0 &&
        entry.rfind("TEST_", 0) != 0 && entry.rfind("XML_", 0) != 0 &&
        entry.rfind("ASAN_OPTIONS=", 0) != 0) {
      environment.emplace_back(entry);
    }
  }
  environment.emplace_back("ASAN_OPTIONS=verify_asan_link_order=0");
  std::vector<std::string> arguments{self, "--gtest_filter=" + filter};
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  };
  pid_t child = -1;
  ASSERT_EQ(posix_spawn(&child, self, nullptr, nullptr, pointers(arguments).data(),
                        pointers(environment).data()),
            0);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "see the output above";
}

TEST(UnderOnload, EverySuitePasses) { RunUnder(libraries[0], "Preloaded.*:Onload.*"); }
TEST(UnderVma, EverySuitePasses) { RunUnder(libraries[1], "Preloaded.*"); }

}  // namespace
}  // namespace ringway

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (getenv("RINGWAY_FAKE_STACK") != nullptr) return RUN_ALL_TESTS();
  if (argc != 3) {
    fprintf(stderr, "usage: %s FAKE_ONLOAD FAKE_VMA\n", argv[0]);
    return 2;
  }
  for (int i = 0; i != 2; ++i) {
    char path[PATH_MAX];
    if (realpath(argv[i + 1], path) == nullptr) return 2;
    ringway::libraries[i] = path;
  }
  ::testing::GTEST_FLAG(filter) += "-Preloaded.*:Onload.*";
  return RUN_ALL_TESTS();
}
