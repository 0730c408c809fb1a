// An exchange for kill runs, which may be killed at any instruction: it records what it takes and
// says.
//
//   exchange FOLDER VENUE SEED
//
// The matching exchange and its server as ringway-exchange has them; between server and link stands
// a recorder (record.h). What it takes is recorded before the exchange sees it, what it says before
// the gateway can. Its book dies with the process: the next one is another incarnation. At random
// it halts an instrument, or all trading, for a moment. SIGTERM: an orderly end, which records what
// it holds.
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/random.h"
#include "exchange/exchange_server.h"
#include "exchange/matching.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/e2e/kills/market.h"
#include "tests/e2e/kills/record.h"
#include "transport/any_link.h"
#include "transport/wait.h"

namespace ringway::kills {
namespace {

using sim::EventKind;

constexpr uint64_t kRequestsBetweenHalts = 500;  // on average
constexpr int64_t kHaltMinNs = 1 * kNsPerMs;
constexpr int64_t kHaltMaxNs = 40 * kNsPerMs;
constexpr uint64_t kRoomForHalts = 64;  // room for reports that the exchange itself may still need
constexpr uint32_t kMemberIndex = 0;    // the gateway, the only member

std::atomic<int> stop_wanted{0};

exchange::ExchangeOptions MakeOptions(uint32_t venue, uint64_t incarnation) {
  exchange::ExchangeOptions options;
  options.venue = static_cast<uint16_t>(venue);
  options.ids_after = incarnation;
  for (uint32_t i = 0; i != kInstruments; ++i) {
    options.instruments.push_back({.id = kFirstInstrument + i,
                                   .tick = kTickPrice,
                                   .opening_price = kMiddleTicks * kTickPrice});
  }
  options.orders_max = 1u << 14;
  options.positions_max = 256;
  options.members_max = 2;
  return options;
}

// The exchange's end of a link.
class RecordedLink {
 public:
  // `said_up` is set once the gateway is told that the venue is up.
  RecordedLink(AnyLink link, uint32_t venue, Record& record, bool& said_up)
      : link_(std::move(link)), venue_(venue), record_(record), said_up_(said_up) {}

  Claim TryClaim(uint32_t bytes) noexcept { return claim_ = link_.TryClaim(bytes); }
  SendStatus Commit(uint8_t type, Publish publish) noexcept {
    Said(static_cast<FrameType>(type));
    return link_.Commit(type, publish);
  }
  template <class S>
  uint32_t Poll(S&& sink, uint32_t budget) noexcept {
    return link_.Poll(
        [&](const ringway::Record& record) {
          Took(record);
          sink(record);
        },
        budget);
  }
  SendStatus Flush() noexcept { return link_.Flush(); }
  LinkState Maintain(int64_t now_ns) noexcept { return link_.Maintain(now_ns); }
  void Close() noexcept { link_.Close(); }
  uint32_t epoch() const noexcept { return link_.epoch(); }
  LinkNonces nonces() const noexcept { return link_.nonces(); }
  uint64_t peer_key() const noexcept { return link_.peer_key(); }
  bool ArmWake() noexcept { return link_.ArmWake(); }
  void DisarmWake() noexcept { link_.DisarmWake(); }

 private:
  void Took(const ringway::Record& record) {
    const auto type = static_cast<FrameType>(record.type);
    if (type == FrameType::kLogon || type == FrameType::kHeartbeat) return;
    record_.Add(EventKind::kVenueTook, venue_, next_took_++, type, record.payload);
  }
  void Said(FrameType type) {
    if (type == FrameType::kHeartbeat || type == FrameType::kLogonReject) return;
    if (type != FrameType::kLogonAck) {
      VenueStatus status;
      said_up_ |= type == FrameType::kVenueStatus &&
                  Decode(claim_.payload(), status) == DecodeStatus::kOk &&
                  status.state == VenueState::kUp && status.instrument == 0;
      return record_.Add(EventKind::kVenueSaid, venue_, next_said_++, type, claim_.payload());
    }
    LogonAck ack;
    RINGWAY_CHECK(Decode(claim_.payload(), ack) == DecodeStatus::kOk,
                  "the exchange encodes what it sends");
    next_said_ = ack.next_seq_out;
    next_took_ = ack.next_seq_in;
    record_.Add(EventKind::kVenueLogon, venue_, next_said_, next_took_);
  }

  AnyLink link_;
  uint32_t venue_;
  Record& record_;
  bool& said_up_;
  Claim claim_;
  uint64_t next_took_ = 0;
  uint64_t next_said_ = 0;
};

// What is halted, for how long, and whether the gateway was told. The exchange's library has no
// halts: requests in flight at a halt are still matched.
class Halts {
 public:
  Halts(uint32_t venue, exchange::Exchange& exchange, uint64_t seed)
      : venue_(venue), exchange_(exchange), random_(seed) {}

  // `requests`: taken so far. `calm`: ends all halts at once and starts no more.
  void Turn(int64_t now_ns, uint64_t requests, bool calm) {
    if (exchange_.member_count() == 0) return;
    for (uint32_t place = 0; place != halts_.size(); ++place) {
      Halt& halt = halts_[place];
      if (halt.until_ns == 0) continue;
      if (calm || now_ns >= halt.until_ns) {
        if (Tell(now_ns, place, VenueState::kUp)) halt = {};
      } else if (halt.tell_again) {
        halt.tell_again = !Tell(now_ns, place, VenueState::kHalted);
      }
    }
    if (calm || requests < next_) return;
    next_ = requests + 1 + random_.Below(2 * kRequestsBetweenHalts);
    const uint32_t place =
        random_.Chance(0.25) ? 0 : 1 + static_cast<uint32_t>(random_.Below(kInstruments));
    Halt& halt = halts_[place];
    if (halt.until_ns == 0 && Tell(now_ns, place, VenueState::kHalted)) {
      halt.until_ns = now_ns + random_.Between(kHaltMinNs, kHaltMaxNs);
    }
  }

  // A gateway that logged on again assumes that a venue that is up is open.
  void TellAgain() noexcept {
    for (Halt& halt : halts_) halt.tell_again = true;
  }

 private:
  struct Halt {
    int64_t until_ns = 0;  // 0: none
    bool tell_again = false;
  };

  bool Tell(int64_t now_ns, uint32_t place, VenueState state) {
    if (exchange_.spare(kMemberIndex) < kRoomForHalts) return false;
    VenueStatus status;
    status.transact_time = static_cast<uint64_t>(now_ns);
    status.venue = static_cast<uint16_t>(venue_);
    status.state = state;
    status.instrument = place == 0 ? 0 : kFirstInstrument + place - 1;
    exchange_.reports(kMemberIndex).Keep(status);
    return true;
  }

  const uint32_t venue_;
  exchange::Exchange& exchange_;
  Random random_;
  uint64_t next_ = 1;                         // the count of requests at which the next halt starts
  std::array<Halt, 1 + kInstruments> halts_;  // of the venue, then of instruments
};

class Venue {
 public:
  Venue(uint32_t number, exchange::Exchange& exchange, AnyListener listener, uint64_t incarnation,
        Record& record, Waiter& waiter, uint64_t seed)
      : number_(number),
        listener_(std::move(listener)),
        record_(record),
        waiter_(waiter),
        halts_(number, exchange, seed),
        server_(exchange, {.incarnation = incarnation},
                [this](uint64_t key, uint32_t epoch) { return listener_.Admit(key, epoch); }) {}

  bool Turn() {
    const int64_t now_ns = clock_.NowNs();
    bool accepted = false;
    while (std::optional<AnyLink> link = listener_.TryAccept()) {
      accepted = true;
      // A descriptor that wakes nobody makes sleeps as long as the waiter's longest.
      (void)waiter_.Watch(link->wake_fd());
      server_.Accept(now_ns,
                     std::make_unique<RecordedLink>(*std::move(link), number_, record_, said_up_));
    }
    if (std::exchange(said_up_, false)) halts_.TellAgain();
    halts_.Turn(now_ns, server_.counters().requests, record_.head().calm != 0);
    return server_.DoWork(now_ns) || accepted;
  }
  bool Arm() noexcept { return server_.Arm(); }
  void Disarm() noexcept { server_.Disarm(); }
  void Close() noexcept { server_.Close(); }
  int wake_fd() const noexcept { return listener_.wake_fd(); }

 private:
  const uint32_t number_;
  SteadyUnixClock clock_;
  AnyListener listener_;
  Record& record_;
  Waiter& waiter_;
  Halts halts_;
  bool said_up_ = false;
  exchange::ExchangeServer<RecordedLink> server_;
};

void RecordHoldings(uint32_t venue, const exchange::Exchange& exchange, Record& record) {
  const exchange::Book& book = exchange.book();
  for (uint32_t slot = 0; slot != book.capacity(); ++slot) {
    const exchange::Order& open = book.order(slot);
    if (!open.active) continue;
    OpenOrder order;
    order.cl_ord_id = open.cl_ord_id;
    order.instrument = exchange.options().instruments[open.instrument].id;
    order.account = open.account;
    order.side = open.side;
    order.price = open.price;
    order.leaves_qty = open.leaves;
    order.cum_qty = open.cum;
    record.Add(EventKind::kVenueOrder, venue, 0, order);
  }
  for (const exchange::Position& position : exchange.ledger().positions()) {
    const sim::Holding holding{.account = position.account,
                               .instrument = position.instrument,
                               .quantity = static_cast<int64_t>(position.bought - position.sold)};
    record.Add(EventKind::kVenuePosition, venue, 0, FrameType{},
               std::as_bytes(std::span(&holding, 1)));
  }
}

absl::Status Run(const std::string& folder, uint32_t number, uint64_t seed) {
  Record record(ExchangeRecord(folder, number), kEventsMax);
  const auto incarnation = static_cast<uint64_t>(UnixNowNs());
  absl::StatusOr<std::unique_ptr<exchange::Exchange>> made =
      exchange::Exchange::Create(MakeOptions(number, incarnation));
  if (!made.ok()) return made.status();
  exchange::Exchange& exchange = **made;
  absl::StatusOr<AnyListener> listener = AnyListener::Listen(ExchangeUri(folder, number), {});
  if (!listener.ok()) return listener.status();
  Waiter waiter{WaitOptions{}};
  record.Add(EventKind::kVenueStart, number, 0, incarnation);
  Venue venue(number, exchange, *std::move(listener), incarnation, record, waiter, seed);
  if (absl::Status watched = waiter.Watch(venue.wake_fd()); !watched.ok()) return watched;
  while (stop_wanted == 0) waiter.Idle(venue.Turn(), venue);
  venue.Close();
  RecordHoldings(number, exchange, record);
  return absl::OkStatus();
}

}  // namespace
}  // namespace ringway::kills

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: exchange FOLDER VENUE SEED\n");
    return 2;
  }
  struct sigaction action = {};
  action.sa_handler = [](int) { ringway::kills::stop_wanted = 1; };
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  const absl::Status status = ringway::kills::Run(argv[1], static_cast<uint32_t>(atoi(argv[2])),
                                                  strtoull(argv[3], nullptr, 10));
  if (status.ok()) return 0;
  fprintf(stderr, "exchange: %s\n", status.ToString().c_str());
  return 1;
}
