// Implements rogue.h: how each lie is told.
#include "tests/softroce/faults/rogue.h"

#include <infiniband/verbs.h>
#include <stdio.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/testing/test_config.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "tests/softroce/faults/ends.h"
#include "tests/softroce/faults/record.h"
#include "transport/connect_error.h"
#include "transport/frame.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_queue.h"
#include "transport/state_line.h"
#include "transport/uri.h"

namespace ringway::faults {
namespace {

constexpr int64_t kPatienceNs = 20 * kNsPerS;
constexpr useconds_t kIdleUs = 200;
constexpr int kOrders = 50;
constexpr int kLiesMax = 10;
constexpr int kFailed = 1;

class Rogue {
 public:
  Rogue(const std::string& uri, const std::string& record_file)
      : uri_(*ParseUri(uri)), reader_(record_file), records_(record_file) {
    for (const Record& record : reader_.Read()) {
      if (record.kind == RecordKind::kReceived) ++received_;
    }
  }

  bool LogOn() {
    SessionOptions options;
    options.uri = uri_.ToString();
    options.session = kRogueSession;
    options.key = TestKey(kRogueSession);
    options.connect_timeout_ns = kPatienceNs;
    options.link = FaultLinkOptions();
    options.resume = {kIncarnation, 0, received_ + 1, 0};
    auto session = BasicSession<VerbsLink>::Connect(
        options, [this](uint32_t epoch, int64_t timeout_ns) { return Dial(epoch, timeout_ns); });
    if (!session.ok()) {
      fprintf(stderr, "rogue: %s\n", std::string(session.status().message()).c_str());
      return false;
    }
    session_ = *std::move(session);
    return true;
  }

  int Tell(Lie lie) {
    switch (lie) {
      case Lie::kGarbage:
        return Garbage();
      case Lie::kRewoundCredit:
        return RewoundCredit();
      case Lie::kChangedFrames:
        return ChangedFrames();
      case Lie::kOldEpoch:
        return OldEpoch();
      case Lie::kWrongKey:
        return WrongKey();
    }
    return kFailed;
  }

 private:
  absl::StatusOr<std::unique_ptr<VerbsLink>> Dial(uint32_t epoch, int64_t timeout_ns) {
    const SessionKey key = TestKey(kRogueSession);
    ConnectOptions connect{.link = FaultLinkOptions(),
                           .peer_key = kRogueSession,
                           .epoch = epoch,
                           .timeout_ns = timeout_ns,
                           .secret = key.bytes()};
    auto link = VerbsConnect(uri_, connect);
    if (const std::optional<uint32_t> admitted = AdmittedEpochOf(link.status())) {
      connect.epoch = *admitted + 1;
      link = VerbsConnect(uri_, connect);
    }
    return link;
  }

  VerbsPort& port() { return session_->link().port(); }

  // One turn, as of an honest strategy.
  void Turn() {
    const uint32_t epoch = session_->link().epoch();
    session_->Poll(Handlers{[&](const OrderAck& ack) {
                     records_.Write(RecordKind::kReceived, epoch, ack.cl_ord_id, ack.order_id);
                     ++received_;
                   }},
                   64);
    session_->Maintain(session_->NowNs());
    usleep(kIdleUs);
  }
  template <class Done>
  bool TurnUntil(int64_t patience_ns, Done done) {
    const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
    // Called once a turn; it may send.
    for (bool is_done = done();; is_done = done()) {
      if (is_done || MonotonicNowNs() > deadline_ns) return is_done;
      Turn();
    }
  }
  bool over() const { return session_->state() != SessionState::kLive; }
  int AwaitEnd() {
    return TurnUntil(kPatienceNs, [this] { return over(); }) ? kRogueEnded : kRogueTolerated;
  }

  // Sends an ordinary order. False: the session is over.
  bool Order() {
    const uint64_t number = session_->next_seq_out();
    records_.Write(RecordKind::kSent, session_->link().epoch(), number, RequestContent(number));
    NewOrder order{};
    order.cl_ord_id = number;
    order.price = static_cast<int64_t>(RequestContent(number));
    order.qty = 1;
    return TurnUntil(kPatienceNs,
                     [&] { return over() || session_->Send(order) == SendStatus::kOk; }) &&
           !over();
  }

  // Sends some orders and waits until each is answered. False: the session is over.
  bool Trade() {
    for (int order = 0; order != kOrders; ++order) {
      if (!Order()) return false;
    }
    const uint64_t goal = session_->next_seq_out() - 1;
    return TurnUntil(kPatienceNs, [&] { return over() || received_ >= goal; }) && !over();
  }

  // Writes from memory that the device may read, behind the link's back, which counts only its own
  // writes.
  bool WriteRaw(const std::byte* from, uint64_t remote, uint32_t bytes) {
    VerbsQueue& queue = port().queue();
    if (queue.severed()) return false;
    ibv_sge piece{reinterpret_cast<uintptr_t>(from), bytes, queue.lkey()};
    ibv_send_wr request{};
    request.sg_list = &piece;
    request.num_sge = 1;
    request.opcode = IBV_WR_RDMA_WRITE;
    request.wr.rdma.remote_addr = remote;
    request.wr.rdma.rkey = queue.peer_rkey();
    ibv_send_wr* refused = nullptr;
    return ibv_post_send(queue.pair(), &request, &refused) == 0;
  }
  // Writes a part of the mirror to its place in the peer's ring.
  bool Write(uint64_t offset, uint32_t bytes) {
    return WriteRaw(port().mirror() + offset, kVerbsRingOffset + offset, bytes);
  }

  int Garbage() {
    Random random(kRogueSession);
    const uint32_t ring_bytes = port().ring_bytes();
    for (uint32_t at = 0; at != ring_bytes; at += 8) {
      const uint64_t word = random.Next();
      std::memcpy(port().mirror() + at, &word, sizeof(word));
    }
    if (!Write(0, ring_bytes)) return kFailed;
    usleep(100'000);
    // Covers whichever frame the peer expects next, and wherever.
    const uint64_t sent = session_->link().counters().frames_sent;
    for (uint32_t at = 0; at != ring_bytes; at += kGranuleBytes) {
      const uint64_t word = PackHead({static_cast<uint32_t>(sent + 1), 60'000, 5, 0});
      std::memcpy(port().mirror() + at, &word, sizeof(word));
    }
    if (!Write(0, ring_bytes)) return kFailed;
    return AwaitEnd();
  }

  int RewoundCredit() {
    if (!Trade()) return kFailed;
    VerbsLink& link = session_->link();
    StateLine line{};
    line.epoch = link.epoch();
    line.next_seq = 1;
    line.crc = StateLineCrc(CrcSeedOf({link.peer_key(), link.epoch(), link.nonces()}), line);
    std::byte* const room = port().queue().state_copy(0);
    std::memcpy(room, &line, sizeof(line));
    // Between two lies the peer can learn what was consumed, if it looks in time.
    for (int lie = 0; lie != kLiesMax; ++lie) {
      if (TurnUntil(3 * kHeartbeatNs, [this] { return over(); })) break;
      if (!WriteRaw(room, 0, sizeof(line))) return kFailed;
    }
    return AwaitEnd();
  }

  int ChangedFrames() {
    for (int order = 0; order != kOrders; ++order) {
      const uint64_t content = RequestContent(session_->next_seq_out());
      if (!Order()) return kRogueEnded;
      // The place of its price in the mirror.
      for (uint32_t at = 0; at != port().ring_bytes(); at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, port().mirror() + at, sizeof(word));
        if (word != content) continue;
        word ^= 1;
        std::memcpy(port().mirror() + at, &word, sizeof(word));
        const uint32_t frame = at / kGranuleBytes * kGranuleBytes;
        if (!Write(frame, kGranuleBytes)) return kRogueEnded;
      }
    }
    return AwaitEnd();
  }

  int OldEpoch() {
    if (!Trade()) return kFailed;
    const uint32_t old_epoch = session_->link().epoch();
    const std::vector<std::byte> old(port().mirror(), port().mirror() + port().ring_bytes());
    session_.reset();
    if (!LogOn() || session_->link().epoch() <= old_epoch) return kFailed;
    // Both links count frames from 1 and started alike, so the old frames lie where new ones are
    // expected, with the expected numbers.
    std::memcpy(port().mirror(), old.data(), old.size());
    if (!Write(0, static_cast<uint32_t>(old.size()))) return kFailed;
    const int end = AwaitEnd();
    const SessionKey key = TestKey(kRogueSession);
    const auto again = VerbsConnect(uri_, {.link = FaultLinkOptions(),
                                           .peer_key = kRogueSession,
                                           .epoch = old_epoch,
                                           .timeout_ns = kPatienceNs,
                                           .secret = key.bytes()});
    return AdmittedEpochOf(again.status()).has_value() ? end : kFailed;
  }

  int WrongKey() {
    port().queue().SetPeer(port().queue().peer_rkey() ^ 0x100);
    (void)Order();
    return AwaitEnd();
  }

  const Uri uri_;
  RecordReader reader_;
  RecordWriter records_;
  std::unique_ptr<BasicSession<VerbsLink>> session_;
  uint64_t received_ = 0;
};

}  // namespace

int RunRogue(Lie lie, const std::string& uri, const std::string& record_file) {
  Rogue rogue(uri, record_file);
  return rogue.LogOn() ? rogue.Tell(lie) : kFailed;
}

}  // namespace ringway::faults
