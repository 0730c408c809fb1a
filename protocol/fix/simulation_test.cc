// Two sessions, initiator and acceptor, over a stream that splits, stops and breaks at any byte,
// in processes that are killed at any event and go on with what they had recorded.
//
// Each application message that was sent must be taken exactly once or be named void by a gap-fill,
// as the rules in session.h promise. Deterministic: a failure prints the seed that repeats it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "protocol/fix/session.h"

namespace ringway::fix {
namespace {

constexpr int64_t kStart = 1'700'000'000 * kNsPerS;
constexpr uint32_t kTagClOrdId = 11;

// What a process leaves behind.
struct Disk {
  Numbers numbers;
  struct Kept {
    std::string body;
    uint64_t id = 0;
    int64_t time_ns = 0;
  };
  std::map<uint64_t, Kept> sent;       // by number; odd identifiers are orders, never sent again
  std::map<uint64_t, uint64_t> taken;  // number -> identifier
  std::set<uint64_t> void_numbers;     // named by gap-fills
};

// One process after another, with one disk.
class Process final : public SessionHandler {
 public:
  Process(Role role, Random& random) : random_(random) {
    config_.role = role;
    config_.sender_comp_id = role == Role::kInitiator ? "I" : "A";
    config_.target_comp_id = role == Role::kInitiator ? "A" : "I";
    config_.message_bytes_max = 1'024;
    config_.output_bytes = 16 * 1'024;
    config_.heartbeat_s = 5;
    config_.gap_timeout_ns = 6 * kNsPerS;
    config_.logon_timeout_ns = 3 * kNsPerS;
    config_.next_expected = random.Chance(0.5);
    Begin();
  }

  // A new process: the session continues with what is recorded.
  void Begin() {
    Numbers numbers = disk.numbers;
    if (!disk.taken.empty())
      numbers.next_in = std::max(numbers.next_in, disk.taken.rbegin()->first + 1);
    session = std::make_unique<Session>(config_, tags_, *this);
    session->Restore(numbers);
    input.clear();
    dead_ = false;
    const bool quiet = quiet_;
    events_left_ = quiet || random_.Chance(0.1) ? UINT64_MAX : random_.Below(300);
  }
  // From now on it is not killed.
  void Quiet() {
    quiet_ = true;
    events_left_ = UINT64_MAX;
  }
  bool dead() const { return dead_; }

  void Send(int64_t now_ns, uint64_t id) {
    const Sent sent = session->Send(now_ns, "D", [&](Writer& writer) {
      writer.Unsigned(Tag(kTagClOrdId), id);
      writer.Text(Tag(58), std::string(1 + id % 200, 'x'));
    });
    if (sent.status != SendStatus::kOk || Killed()) return;
    disk.sent[sent.sequence] = {std::string(sent.body), id, now_ns};
    (void)Killed();
  }

  Disk disk;
  std::unique_ptr<Session> session;
  std::string input;

 private:
  // An event at which the process may end: afterwards nothing is recorded and nothing leaves.
  bool Killed() {
    if (events_left_ == 0) dead_ = true;
    if (events_left_ != UINT64_MAX && !dead_) --events_left_;
    return dead_;
  }

  void OnNumbers(const Numbers& numbers) noexcept override {
    if (Killed()) return;
    disk.numbers = numbers;
    (void)Killed();
  }
  bool OnMessage(const Message& message) noexcept override {
    if (!quiet_ && random_.Chance(0.1)) return false;
    if (Killed()) return true;
    uint64_t id = 0;
    EXPECT_EQ(ParseUnsigned(FindField(message.frame, kTagClOrdId), id), ValueError::kNone);
    EXPECT_TRUE(disk.taken.emplace(message.sequence, id).second) << "taken twice: " << id;
    EXPECT_EQ(disk.void_numbers.count(message.sequence), 0u) << "taken and void: " << id;
    (void)Killed();
    return true;
  }
  void OnGap(uint64_t first, uint64_t next) noexcept override {
    if (Killed()) return;
    for (uint64_t number = first; number != next; ++number) {
      EXPECT_EQ(disk.taken.count(number), 0u) << "void and taken: number " << number;
      disk.void_numbers.insert(number);
    }
  }
  Recalled OnRecall(uint64_t sequence, uint64_t last) noexcept override {
    if (!quiet_ && random_.Chance(0.1)) return {.kind = Recalled::Kind::kLater};
    const auto found = disk.sent.find(sequence);
    if (found == disk.sent.end() || found->second.id % 2 == 1)
      return {.kind = Recalled::Kind::kGapFill,
              .through = random_.Chance(0.5) ? sequence : std::min(last, NextKept(sequence) - 1)};
    return {.kind = Recalled::Kind::kResend,
            .through = sequence,
            .msg_type = "D",
            .body = found->second.body,
            .sending_time_ns = found->second.time_ns};
  }
  uint64_t NextKept(uint64_t sequence) const {
    for (auto at = disk.sent.upper_bound(sequence); at != disk.sent.end(); ++at) {
      if (at->second.id % 2 == 0) return at->first;
    }
    return UINT64_MAX;
  }

  Random& random_;
  SessionConfig config_;
  WantedTags tags_;
  uint64_t events_left_ = UINT64_MAX;
  bool dead_ = false;
  bool quiet_ = false;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed)
      : random_(seed), initiator_(Role::kInitiator, random_), acceptor_(Role::kAcceptor, random_) {}

  void Run() {
    constexpr int kTurns = 3'000;
    for (int turn = 0; turn != kTurns; ++turn) Turn(true);
    // Then nothing fails any more, and everything arrives.
    for (Process* process : {&initiator_, &acceptor_}) {
      if (process->dead()) Restart(*process);
      process->Quiet();
    }
    for (int turn = 0; turn != 4'000 && !Settled(); ++turn) Turn(false);
    EXPECT_TRUE(Settled()) << initiator_.session->reason() << " / " << acceptor_.session->reason();
    Judge(initiator_, acceptor_);
    Judge(acceptor_, initiator_);
  }
  uint64_t taken() const { return initiator_.disk.taken.size() + acceptor_.disk.taken.size(); }
  uint64_t void_numbers() const {
    return initiator_.disk.void_numbers.size() + acceptor_.disk.void_numbers.size();
  }
  uint64_t kills() const { return kills_; }

 private:
  void Turn(bool faults) {
    now_ns_ += static_cast<int64_t>(random_.Below(kNsPerS / 4));
    if (faults && random_.Chance(0.004)) Break();
    if (initiator_.dead()) Restart(initiator_);
    if (acceptor_.dead()) Restart(acceptor_);
    if (initiator_.session->state() == SessionState::kDisconnected &&
        acceptor_.session->state() == SessionState::kDisconnected) {
      EXPECT_TRUE(acceptor_.session->Connect(now_ns_));
      EXPECT_TRUE(initiator_.session->Connect(now_ns_));
    }
    for (Process* process : {&initiator_, &acceptor_}) {
      if (faults && random_.Chance(0.3)) process->Send(now_ns_, next_id_++);
      process->session->Tick(now_ns_);
    }
    Move(initiator_, to_acceptor_);
    Move(acceptor_, to_initiator_);
    Deliver(to_acceptor_, acceptor_);
    Deliver(to_initiator_, initiator_);
    for (Process* process : {&initiator_, &acceptor_}) {
      if (process->session->state() == SessionState::kClosing) Break();
    }
  }
  // Bytes of a process leave as far as the stream takes them; of a dead one none do.
  void Move(Process& from, std::string& pipe) {
    if (from.dead()) return;
    EXPECT_EQ(from.disk.numbers.next_out, from.session->numbers().next_out)
        << "bytes leave before their number is told";
    const std::string_view output = from.session->output();
    const size_t bytes = random_.Chance(0.5) ? output.size() : random_.Below(output.size() + 1);
    pipe += output.substr(0, bytes);
    from.session->Consumed(bytes);
  }
  void Deliver(std::string& pipe, Process& to) {
    if (to.dead()) return;
    const size_t bytes = random_.Chance(0.5) ? pipe.size() : random_.Below(pipe.size() + 1);
    to.input += pipe.substr(0, bytes);
    pipe.erase(0, bytes);
    to.input.erase(0, to.session->Receive(now_ns_, to.input));
  }
  // The stream ends; what is on it is lost.
  void Break() {
    to_acceptor_.clear();
    to_initiator_.clear();
    for (Process* process : {&initiator_, &acceptor_}) {
      process->session->Disconnected();
      process->input.clear();
    }
  }
  void Restart(Process& process) {
    ++kills_;
    Break();
    process.Begin();
  }
  bool Settled() const {
    for (const Process* process : {&initiator_, &acceptor_}) {
      const Session& session = *process->session;
      if (session.state() != SessionState::kActive || session.recovering() || session.resending() ||
          !session.output().empty())
        return false;
    }
    return to_acceptor_.empty() && to_initiator_.empty() &&
           initiator_.session->numbers().next_out == acceptor_.session->numbers().next_in &&
           acceptor_.session->numbers().next_out == initiator_.session->numbers().next_in;
  }
  void Judge(const Process& from, const Process& to) {
    for (const auto& [number, kept] : from.disk.sent) {
      const auto taken = to.disk.taken.find(number);
      const bool is_void = to.disk.void_numbers.count(number) != 0;
      if (taken != to.disk.taken.end()) {
        EXPECT_EQ(taken->second, kept.id) << "number " << number;
        EXPECT_FALSE(is_void) << "number " << number;
      } else {
        EXPECT_TRUE(is_void) << "lost: " << kept.id << ", number " << number;
        EXPECT_EQ(kept.id % 2, 1u) << "what may be sent again is void: " << kept.id;
      }
    }
    std::set<uint64_t> ids;
    for (const auto& [number, id] : to.disk.taken)
      EXPECT_TRUE(ids.insert(id).second) << "taken twice: " << id;
  }

  Random random_;
  Process initiator_;
  Process acceptor_;
  std::string to_acceptor_;
  std::string to_initiator_;
  int64_t now_ns_ = kStart;
  uint64_t next_id_ = 1;
  uint64_t kills_ = 0;
};

TEST(Simulation, EachMessageIsTakenOnceOrNamedVoid) {
  const char* const only = std::getenv("RINGWAY_FIX_SEED");
  const uint64_t first = only == nullptr ? 1 : std::strtoull(only, nullptr, 10);
  const uint64_t seeds = only == nullptr ? 60 : 1;
  uint64_t taken = 0;
  uint64_t void_numbers = 0;
  uint64_t kills = 0;
  for (uint64_t seed = first; seed != first + seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("RINGWAY_FIX_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.Run();
    taken += simulation.taken();
    void_numbers += simulation.void_numbers();
    kills += simulation.kills();
  }
  if (only != nullptr) return;
  // It did what it is for.
  EXPECT_GT(taken, seeds * 200);
  EXPECT_GT(void_numbers, seeds * 10);
  EXPECT_GT(kills, seeds * 5);
}

}  // namespace
}  // namespace ringway::fix
