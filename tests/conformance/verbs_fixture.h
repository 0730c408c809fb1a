// What tests of RDMA links alone have in common: a listener on one device, clients from the other.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "tests/conformance/verbs_harness.h"
#include "transport/port/verbs.h"

namespace ringway {

inline constexpr uint16_t kVerbsTestPort = 18601;

// Runs it in a shell; answers what it prints.
inline std::string RunCommand(const std::string& command) {
  std::string output;
  FILE* const pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr) << command;
  std::array<char, 4096> buffer;
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), got);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

class VerbsLinkTest : public ::testing::Test {
 protected:
  void Listen(const ListenOptions& options) {
    listener_.reset();
    absl::StatusOr<std::unique_ptr<VerbsListener>> listener =
        VerbsListener::Listen(*ParseUri(RdmaListenUri(true, kVerbsTestPort)), options);
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }
  static absl::StatusOr<std::unique_ptr<VerbsLink>> Connect(ConnectOptions options = {}) {
    options.timeout_ns = kVerbsPatienceNs;
    return VerbsConnect(*ParseUri(RdmaConnectUri(true, kVerbsTestPort)), options);
  }
  std::unique_ptr<VerbsLink> Accept() {
    std::unique_ptr<VerbsLink> link;
    EXPECT_TRUE(WaitUntil([&] { return (link = listener_->TryAccept()) != nullptr; }));
    return link;
  }
  static bool Send(VerbsLink& link, uint64_t value) {
    Claim claim = link.TryClaim(48);
    if (!claim) return false;
    std::memset(claim.payload().data(), 0, claim.payload().size());
    std::memcpy(claim.payload().data(), &value, sizeof(value));
    return link.Commit(1, Publish::kNow) == SendStatus::kOk;
  }
  // Polls until a record comes; answers its value.
  static uint64_t Receive(VerbsLink& link) {
    uint64_t value = 0;
    EXPECT_TRUE(WaitUntil([&] {
      return link.Poll(
                 [&](const Record& record) {
                   std::memcpy(&value, record.payload.data(), sizeof(value));
                 },
                 1) != 0;
    }));
    return value;
  }

  std::unique_ptr<VerbsListener> listener_;
};
}  // namespace ringway
