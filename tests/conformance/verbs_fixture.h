// The fixture of RDMA tests: a listener on one device, clients from the other.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "tests/conformance/rdma_row.h"
#include "transport/port/verbs.h"

namespace ringway {

inline constexpr uint16_t kVerbsTestPort = 18601;

// Runs it in a shell; returns its output.
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

// Faults for the packets of both devices, until reset or destroyed.
class NetworkFaults {
 public:
  NetworkFaults() = default;
  NetworkFaults(const NetworkFaults&) = delete;
  NetworkFaults& operator=(const NetworkFaults&) = delete;
  ~NetworkFaults() {
    if (hurt_) Heal();
  }

  // `faults` as of tc-netem(8).
  void Netem(const std::string& faults) {
    hurt_ = true;
    RunCommand(
        "for interface in $RINGWAY_RDMA_INTERFACE_A $RINGWAY_RDMA_INTERFACE_B; do"
        " sh \"$RINGWAY_SOFTROCE_DEVICES\" netem $interface " +
        faults + " || exit; done");
  }
  void Heal() {
    RunCommand("sh \"$RINGWAY_SOFTROCE_DEVICES\" heal");
    hurt_ = false;
  }

 private:
  bool hurt_ = false;
};

class VerbsLinkTest : public ::testing::Test {
 protected:
  void Listen(ListenOptions options) {
    options.handshake_timeout_ns = kPortPatienceNs;  // a busy machine is not a bad peer
    listener_.reset();
    absl::StatusOr<std::unique_ptr<VerbsListener>> listener =
        VerbsListener::Listen(*ParseUri(RdmaListenUri(true, kVerbsTestPort)), options);
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }
  static absl::StatusOr<std::unique_ptr<VerbsLink>> Connect(ConnectOptions options = {}) {
    options.timeout_ns = kPortPatienceNs;
    return VerbsConnect(*ParseUri(RdmaConnectUri(true, kVerbsTestPort)), options);
  }
  std::unique_ptr<VerbsLink> Accept() {
    std::unique_ptr<VerbsLink> link;
    EXPECT_TRUE(WaitUntil([&] { return (link = listener_->TryAccept()) != nullptr; }));
    return link;
  }
  // A listener, and a link to it: from_ and to_ are its ends.
  void Join(const LinkOptions& options = {}) {
    ListenOptions listen;
    listen.link = options;
    ASSERT_NO_FATAL_FAILURE(Listen(listen));
    ConnectOptions connect;
    connect.link = options;
    absl::StatusOr<std::unique_ptr<VerbsLink>> from = Connect(connect);
    ASSERT_TRUE(from.ok()) << from.status();
    from_ = *std::move(from);
    to_ = Accept();
    ASSERT_NE(to_, nullptr);
  }
  static bool Send(VerbsLink& link, uint64_t value) {
    Claim claim = link.TryClaim(48);
    if (!claim) return false;
    std::memset(claim.payload().data(), 0, claim.payload().size());
    std::memcpy(claim.payload().data(), &value, sizeof(value));
    return link.Commit(1, Publish::kNow) == SendStatus::kOk;
  }
  // Polls until a record arrives; returns its value.
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
  std::unique_ptr<VerbsLink> from_;
  std::unique_ptr<VerbsLink> to_;
  NetworkFaults network_;
};

// A listener whose report is recorded, and a link to it: from_ and to_ are its ends.
class VerbsReportTest : public VerbsLinkTest {
 protected:
  ListenOptions Reporting() {
    ListenOptions options;
    options.report = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      report_ += std::string(line) + "\n";
    };
    return options;
  }
  bool Reported(const std::string& part) { return report().find(part) != std::string::npos; }
  std::string report() {
    const std::lock_guard lock(mutex_);
    return report_;
  }
  void JoinReporting() {
    ASSERT_NO_FATAL_FAILURE(Listen(Reporting()));
    Reconnect();
  }
  // Retries until it connects.
  void Reconnect() {
    absl::Status last;
    ASSERT_TRUE(WaitUntil([&] {
      ConnectOptions options;
      options.timeout_ns = 5 * kNsPerS;
      absl::StatusOr<std::unique_ptr<VerbsLink>> from =
          VerbsConnect(*ParseUri(RdmaConnectUri(true, kVerbsTestPort)), options);
      last = from.status();
      if (from.ok()) from_ = *std::move(from);
      return last.ok();
    })) << last
        << "; the listener: " << report();
    to_ = Accept();
    ASSERT_NE(to_, nullptr);
    ASSERT_TRUE(Send(*from_, 42));
    ASSERT_EQ(Receive(*to_), 42u);
  }

 private:
  std::mutex mutex_;
  std::string report_;  // guarded by mutex_
};

}  // namespace ringway
