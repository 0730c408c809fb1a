// A fault run: starts the two ends, hurts them, waits for them, and has their records judged.
//
// The ends are forked: real processes, which die with the test. The gateway's end is at device B,
// strategies at device A. The files are in memory and removed with the run, as are network faults,
// even if a test fails. Signals go to own children only. Thread rule: one thread, and no RDMA in
// the test's own process: it forks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "tests/softroce/faults/checker.h"
#include "tests/softroce/faults/ends.h"
#include "tests/softroce/faults/record.h"

namespace ringway::faults {

inline constexpr int64_t kPatienceNs = 120 * kNsPerS;

// Runs devices.sh (tests/softroce). False: it failed.
bool Devices(const std::string& arguments);
// Reverts all changes to the network. False: it failed.
bool HealNetwork();

class FaultRun {
 public:
  // `patient`: as of FaultLinkOptions().
  explicit FaultRun(std::vector<uint32_t> sessions = {1}, bool patient = false);

  void StartGateway();
  void StartStrategy();  // of session 1

  Child& gateway() const noexcept { return *gateway_; }
  Child& strategy() const noexcept { return *strategy_; }
  void KillGateway() { gateway_->Kill(); }
  void KillStrategy() { strategy_->Kill(); }

  // The path of a file of this run.
  std::string File(const std::string& name) const { return folder_ / name; }
  // The URI of the gateway's end, from device A.
  std::string ConnectUri() const;

  // Waits until the strategy has received this many more reports. False: none arrive any more.
  bool AwaitMore(uint64_t reports);
  // Waits until the strategy has logged on this often. False: it has not.
  bool AwaitLogons(uint64_t count);
  // Waits until this end has lost its peer.
  struct Down {
    int64_t after_ns = -1;  // since_ns; 0: it was so already; -1: it never reported it
    int64_t turn_ns = 0;    // its longest turn since it last heard from its peer
  };
  Down AwaitDown(RecordReader& end, int64_t since_ns);
  uint64_t reports_received();
  // The number of records of this kind so far.
  static uint64_t Count(RecordReader& end, RecordKind kind);

  RecordReader& strategy_records() noexcept { return strategy_records_; }
  RecordReader& gateway_records(uint32_t session) noexcept { return gateway_records_.at(session); }

  // Lets the strategy finish, stops the gateway, prints both verdicts under `name`. REQUIRES: both
  // run, and no fault is active. True: at least messages_min went each way, and both directions are
  // clean.
  bool Finish(const std::string& name, uint64_t messages_min);

 private:
  const std::vector<uint32_t> sessions_;
  const bool patient_;
  const TemporaryFolder folder_ = *TemporaryFolder::Make("/dev/shm");
  std::unique_ptr<Child> gateway_;
  std::unique_ptr<Child> strategy_;
  RecordReader strategy_records_;
  std::map<uint32_t, RecordReader> gateway_records_;
  uint64_t reports_counted_ = 0;
  size_t records_counted_ = 0;
};

}  // namespace ringway::faults
