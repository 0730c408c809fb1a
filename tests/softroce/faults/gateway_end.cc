// The gateway's end: answers every order once, whatever happens to links and to itself.
#include <stdio.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/core/step.h"
#include "gateway/session/session_layer.h"
#include "gateway/testing/test_config.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/softroce/faults/end_signals.h"
#include "tests/softroce/faults/ends.h"
#include "tests/softroce/faults/record.h"
#include "transport/any_link.h"

namespace ringway::faults {
namespace {

// Reports that are rebuilt after a restart; more than a strategy ever leaves unacknowledged.
constexpr uint64_t kReportsKept = 4096;
constexpr useconds_t kIdleUs = 200;
constexpr int kListenTriesMax = 100;
constexpr useconds_t kListenRetryUs = 50'000;

// The state of one session.
struct Account {
  uint32_t session = 0;
  SessionKey key;
  std::unique_ptr<RecordWriter> records = nullptr;
  uint64_t received = 0;      // by this process and its predecessors
  uint64_t reports_sent = 0;  // recorded
  uint32_t epoch = 0;
};

class GatewayEnd {
 public:
  explicit GatewayEnd(const GatewayPlan& plan) {
    std::vector<SessionConfig> configs;
    for (size_t i = 0; i != plan.sessions.size(); ++i) {
      Account account{.session = plan.sessions[i], .key = TestKey(plan.sessions[i])};
      RecordReader earlier(plan.record_files[i]);
      for (const Record& record : earlier.Read()) {
        if (record.kind == RecordKind::kReceived) ++account.received;
        if (record.kind == RecordKind::kSent) account.reports_sent = record.number;
      }
      account.records = std::make_unique<RecordWriter>(plan.record_files[i]);
      configs.push_back({.id = account.session,
                         .key = account.key,
                         .incarnation = account.received == 0 ? 0 : kIncarnation,
                         .next_seq_in = account.received + 1,
                         .next_seq_out = FirstKept(account)});
      accounts_.push_back(std::move(account));
    }
    layer_ = *SessionLayer<AnyLink>::Create({}, configs, [this](SessionId id, uint32_t epoch) {
      Find(id)->epoch = epoch;
      return listener_->Admit(id, epoch);
    });
    for (Account& account : accounts_) {
      for (uint64_t number = FirstKept(account); number <= account.received; ++number) {
        Report(account, number);
      }
    }
  }

  bool Listen(const GatewayPlan& plan) {
    ListenOptions options;
    options.link = FaultLinkOptions(plan.patient);
    options.secret_of = [this](uint64_t session) -> std::span<const std::byte> {
      for (const Account& account : accounts_) {
        if (account.session == session) return account.key.bytes();
      }
      return {};
    };
    // A killed predecessor's port may take a moment to be freed, and a device's to come up.
    for (int attempt = 1; listener_ == std::nullopt; ++attempt) {
      absl::StatusOr<AnyListener> listener = AnyListener::Listen(plan.uri, options);
      if (listener.ok()) {
        listener_.emplace(*std::move(listener));
      } else if (attempt == kListenTriesMax) {
        fprintf(stderr, "gateway: %s\n", std::string(listener.status().message()).c_str());
        return false;
      } else {
        usleep(kListenRetryUs);
      }
    }
    return true;
  }

  void Run() {
    SteadyUnixClock clock;
    while (stop_wanted == 0) {
      turns_.Next(MonotonicNowNs());
      const int64_t now_ns = clock.NowNs();
      while (std::optional<AnyLink> link = listener_->TryAccept()) {
        layer_->Accept(std::make_unique<AnyLink>(*std::move(link)), now_ns);
      }
      const uint32_t budget = turns_.consumes() ? 256 : 0;
      const uint32_t count = layer_->Poll(
          now_ns, [this](const Input& input) { Take(input); }, budget);
      if (count == 0) usleep(kIdleUs);
    }
  }

 private:
  static uint64_t FirstKept(const Account& account) noexcept {
    return account.received > kReportsKept ? account.received - kReportsKept + 1 : 1;
  }

  Account* Find(SessionId session) noexcept {
    for (Account& account : accounts_) {
      if (account.session == session) return &account;
    }
    return nullptr;
  }

  void Take(const Input& input) {
    Account& account = *Find(input.id);
    if (input.origin == Origin::kSessionUp) {
      turns_.Heard();
      account.records->Write(RecordKind::kUp, account.epoch, account.received + 1, 0);
    } else if (input.origin == Origin::kSessionDown) {
      Logout logout;
      (void)Decode(input.payload, logout);
      account.records->Write(RecordKind::kDown, account.epoch, static_cast<uint64_t>(logout.reason),
                             static_cast<uint64_t>(turns_.longest_ns()));
    } else if (input.origin == Origin::kSession) {
      NewOrder order;
      const bool is_order =
          input.type == FrameType::kNewOrder && Decode(input.payload, order) == DecodeStatus::kOk;
      // Anything but an order is recorded too: as number 0, which nobody sent.
      account.records->Write(RecordKind::kReceived, account.epoch, is_order ? order.cl_ord_id : 0,
                             is_order ? static_cast<uint64_t>(order.price) : 0);
      turns_.Heard();
      Report(account, ++account.received);
    }
  }

  // Makes the one report of the n-th request: records it, then sends it or keeps it until the
  // session returns.
  void Report(Account& account, uint64_t number) {
    const uint64_t content = ReportContent(number);
    if (number > account.reports_sent) {
      account.records->Write(RecordKind::kSent, account.epoch, number, content);
      account.reports_sent = number;
    }
    Effects effects;
    effects.Add(Target::kSession, account.session, number,
                OrderAck{.cl_ord_id = number, .order_id = content});
    layer_->Send(*effects.begin());
  }

  std::vector<Account> accounts_;
  std::unique_ptr<SessionLayer<AnyLink>> layer_;
  std::optional<AnyListener> listener_;
  Turns turns_;
};

}  // namespace

LinkOptions FaultLinkOptions(bool patient) {
  LinkOptions options;
  options.ring_bytes = 16u << 10;
  options.payload_bytes_max = 512;
  options.heartbeat_interval_ns = kHeartbeatNs;
  options.suspect_after_missed = kHeartbeatsMissed - 1;
  options.dead_after_ns = kHeartbeatsMissed * kHeartbeatNs - kJudgedEarlyNs;
  if (patient) {
    options.dead_after_ns = 20 * kNsPerS;
    options.rdma.ack_timeout = 17;  // 3.8 s with its retries
  }
  return options;
}

int RunGatewayEnd(const GatewayPlan& plan) {
  CatchEndSignals();
  GatewayEnd end(plan);
  if (!end.Listen(plan)) return 1;
  end.Run();
  return 0;
}

}  // namespace ringway::faults
