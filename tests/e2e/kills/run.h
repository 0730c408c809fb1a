// A kill run: runs a gateway, two exchanges and strategies, kills and restarts them, and judges the
// outcome.
//
// The gateway is the shipped program, with a journal on the disk; the others are strategy_main.cc
// and exchange_main.cc. They trade over shared memory, strategies over RDMA where two devices are
// named (market.h). A killed process is restarted; at the end all of them stop in order, and the
// checker judges what they recorded.
//
// Thread rule: one thread, without other children. Lifetime: processes and files end with the run.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "base/random.h"
#include "tests/e2e/kills/market.h"
#include "tests/e2e/kills/outcome.h"
#include "tests/e2e/kills/record.h"
#include "tests/e2e/kills/tracer.h"

namespace ringway::kills {

// Process numbers for the tracer: an exchange's is kExchanges + its venue's number, a strategy's
// kStrategies + its session's.
inline constexpr int kExchanges = -1;
inline constexpr int kGateway = kExchanges + 1 + static_cast<int>(kVenues);
inline constexpr int kStrategies = kGateway;
std::string NameOf(int process);

struct RunOptions {
  uint64_t seed = 1;
  uint32_t strategies = 3;  // the last asks for durable acknowledgements; 2..15
  uint64_t orders = 1;      // to be accepted, by all together; more with Want()
  // A strategy's pause between two orders; 0: none, and the journal's segments are large.
  uint32_t pause_us = 0;
};

class KillRun {
 public:
  // Errors: ptrace is not permitted; a program is not built; the system's.
  static absl::StatusOr<std::unique_ptr<KillRun>> Start(const RunOptions& options);
  ~KillRun();

  // Kills it as soon as it reaches the trap, and restarts it. Errors: DeadlineExceeded if it does
  // not get there; Aborted if another process ends by itself, with its log.
  absl::Status KillAt(int process, const Trap& trap);
  // Kills it at once, wherever it is.
  absl::Status KillNow(int process);
  // Kills it at `first`, or at once, and then its successor at the trap, which is set from the
  // first instruction on.
  absl::Status KillWhenStarted(int process, const Trap& trap, const std::optional<Trap>& first);

  // As KillAt(), but kills `other` once the trap is set, several times if need be: the consequences
  // lead to the trap.
  absl::Status KillAtLossOf(int process, const Trap& trap, int other);

  // Holds the strategy or the gateway at the trap: until the other ends of its links have given it
  // up, or for a moment, in which it receives nothing.
  absl::Status HoldAt(int process, const Trap& trap, bool until_given_up);
  // Waits until the gateway and all strategies have given up their links. Errors: as above.
  absl::Status AwaitParted();

  // Waits until all processes are up and every strategy has received something new. Errors: as
  // above.
  absl::Status AwaitTraffic();

  // From now on strategies send until this many orders are accepted.
  void Want(uint64_t orders);
  uint64_t accepted() const;
  // Runs until this many orders are accepted. Errors: as above.
  absl::Status AwaitAccepted(uint64_t orders);

  // What a strategy's next process uses of its record: keep, numbers or lose; random by default.
  void NextMemory(const std::string& memory) { next_memory_ = memory; }

  // Lets everything come to rest, stops all processes and judges. The run is then finished.
  absl::StatusOr<Outcome> Finish();

  const std::string& folder() const { return folder_; }  // of the configuration
  std::string journal() const { return disk_ / "journal"; }
  const std::string& program() const { return gateway_program_; }

 private:
  static constexpr int64_t kPatienceNs = 120 * kNsPerS;  // for anything that must happen
  static constexpr int64_t kHitNs = 10 * kNsPerS;        // for a trap to be reached

  explicit KillRun(const RunOptions& options);

  int strategy(uint32_t session) const { return kStrategies + static_cast<int>(session); }
  bool is_strategy(int process) const { return process > kStrategies; }
  absl::Status StartProcess(int process, const std::optional<Trap>& trap = std::nullopt);
  // Waits for its end, at the probe or, without one, anywhere.
  absl::Status AwaitKill(int process, const std::optional<Trap>& trap);
  // Passes ends to `on_end`; without one no process may end.
  using OnEnd = std::function<absl::Status(const End&)>;
  absl::Status Await(int64_t patience_ns, const std::string& what,
                     const std::function<bool()>& done, const OnEnd& on_end = nullptr);
  // A condition: all processes are up and every strategy has received something new since this
  // call.
  std::function<bool()> TrafficFlows();
  // As the strategies see it, and as the gateway does.
  bool StrategiesOff() const;
  bool GatewayOff(uint32_t session) const;
  absl::Status Unexpected(const End& end) const;
  absl::Status ComeToRest();
  absl::Status EndAll();
  void Died(int process);
  void FollowVenues();
  std::string Tail(int process) const;
  Record& record(uint32_t session) { return *strategy_records_[session - 1]; }

  // What a venue's exchange has recorded.
  struct VenueView {
    uint64_t read = 0;          // events
    bool up = false;            // the running exchange told the running gateway so
    std::set<uint32_t> halted;  // instruments, 0 for the venue, as told to the gateway
  };

  RunOptions options_;
  // The journal is on a disk, if this machine has one, where its syncs take time.
  const TemporaryFolder memory_;
  const TemporaryFolder disk_;
  const std::string folder_;
  std::string gateway_program_;
  std::string config_;  // the gateway's file
  Random random_;
  Tracer tracer_;
  std::vector<std::unique_ptr<Record>> exchange_records_;
  std::vector<std::unique_ptr<Record>> strategy_records_;
  std::array<VenueView, kVenues> venues_{};
  std::string next_memory_;
  uint64_t starts_ = 0;
  Outcome outcome_;
};

}  // namespace ringway::kills
