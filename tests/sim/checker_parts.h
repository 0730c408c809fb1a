// The parts of the checker, and what they keep in mind.
//
// Each sees every event once, in order, and at last End(). See checker.h.
// Thread rule: one thread. Lifetime: events and findings outlive the parts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tests/sim/checker.h"
#include "tests/sim/events.h"

namespace ringway::sim {

inline constexpr uint32_t kNone = UINT32_MAX;

// What of its past a gateway did not find in its journal, by what it said when it began. Shared by
// the other parts, and up to date before they see kGatewayRecovered.
class Forgotten {
 public:
  explicit Forgotten(std::span<const Event> events) : events_(events), lost_(events.size()) {}

  // At kGatewayRecovered. False: nothing is lost that the gateway had not lost before.
  bool Recover(uint32_t index);
  // Whether the gateway, which this event is about, knows nothing of it any more.
  bool Has(uint32_t index) const { return lost_[index]; }

  // The order at a venue that the gateway knows nothing of, under any of its names; null: it does,
  // or there is no such order. Valid until the next Recover().
  const NewOrder* FindOrder(uint32_t venue, uint64_t request_id) const;
  // Whether it is a request that a venue was asked and the gateway does not know of.
  bool HasRequest(uint32_t venue, uint64_t request_id) const {
    return requests_.contains({venue, request_id});
  }

 private:
  struct Numbers {
    uint64_t next_report = 1;   // of sessions; of venues the last one, plus 1
    uint64_t next_request = 1;  // of sessions; of venues their connectors' own words, plus 1
  };
  bool IsLost(const Event& event, std::array<uint64_t, kPartiesMax>& own_words) const;

  std::span<const Event> events_;
  std::vector<bool> lost_;  // by event
  std::array<Numbers, kPartiesMax> sessions_;
  std::array<Numbers, kPartiesMax> venues_;
  uint64_t last_request_ = 0;
  uint64_t last_command_ = UINT64_MAX;  // of operators
  // By venue and name: the request of an order that is lost.
  std::map<std::pair<uint32_t, uint64_t>, NewOrder> orders_;
  std::set<std::pair<uint32_t, uint64_t>> requests_;
};

class Deliveries {
 public:
  Deliveries(std::span<const Event> events, const Forgotten& forgotten, Findings& findings)
      : events_(events), forgotten_(forgotten), findings_(findings) {}
  void On(uint32_t index);
  void End();

 private:
  struct Session {
    std::vector<uint32_t> sent;    // by number - 1: the event; kNone: none, or given up
    std::vector<uint32_t> sender;  // likewise: the process
    std::vector<uint32_t> said;    // reports, by number - 1
    uint64_t next_took = 1;
    uint64_t next_received = 0;  // 0: no process
    uint32_t process = 0;
    bool alive = false;
    bool durable = false;  // its process asked for that
    // A process that has not logged on since the gateway began anew hears the old one's reports.
    bool on_old_link = false;
    std::vector<uint32_t> old_said;
    uint64_t durable_next = 1;      // reports below were durable when a strategy was told
    uint64_t told_next = 1;         // reports below this process was told
    std::vector<bool> may_be_gone;  // by number - 1: taken by a gateway whose power was lost
    std::pair<uint64_t, uint64_t> safe{1, 1};  // as kGatewaySafe
    std::pair<uint64_t, uint64_t> recovered{1, 1};
  };
  struct Venue {
    absl::flat_hash_map<uint64_t, uint32_t> asked;  // by the request's id: place in asked_order
    std::vector<uint32_t> asked_order;
    std::vector<bool> is_foreign;     // by place: taken, forgotten, and counted as such
    std::vector<uint32_t> own_words;  // of the connector: places that they answer, or kNone
    std::pair<uint64_t, uint64_t> recovered{0, 0};
    std::vector<bool> was_taken;     // by place
    std::vector<bool> was_answered;  // by place: in the venue's stead
    std::vector<uint32_t> took;      // places, by number - 1
    std::vector<uint32_t> said;      // by number - 1
    uint64_t next_heard = 1;
    // What the member's gateway before took part in: requests and reports.
    uint64_t others_took = 0;
    uint64_t others_said = 0;
    bool held = false;             // another gateway is the member
    bool begins_anew = false;      // it is not any more
    uint64_t disowned = 0;         // its orders that are yet to be ended
    uint32_t in_doubt_before = 0;  // a place: requests before it were asked of a process that died
  };

  void OnLogon(const Event& event);
  void OnSent(uint32_t index);
  void OnTook(const Event& event);
  void OnReceived(const Event& event);
  void OnAsked(uint32_t index);
  void OnVenueLogon(const Event& event);
  void CheckReport(Venue& venue, const Event& event);
  static void OnVenueStart(Venue& venue);
  void OnVenueTook(const Event& event);
  void OnVenueSaid(uint32_t index);
  void OnHeard(const Event& event);
  bool OnStandIn(Venue& venue, uint64_t id, const Event& event);
  void OnRestored(uint32_t index);
  void OnForeign(const Event& event);
  void OnRecovered();
  void Recover(Session& session, uint32_t id);
  void Recover(Venue& venue, uint32_t id);
  uint32_t NewOrderOf(const Venue& venue, uint32_t place) const;
  void CheckSentWhenDurable(const Venue& venue);

  std::span<const Event> events_;
  const Forgotten& forgotten_;
  Findings& findings_;
  bool power_lost_ = false;  // since the last start
  bool gave_up_ = false;     // the last process promised no durability any more
  bool ever_gave_up_ = false;
  std::set<uint64_t> sent_when_durable_;  // accounts whose orders leave only then
  std::array<Session, kPartiesMax> sessions_;
  std::array<Venue, kPartiesMax> venues_;
};

// Where an order stands, as the checker sees it.
enum class Life : uint8_t { kSent, kInDoubt, kOpen, kFilled, kCanceled, kExpired, kRejected };
constexpr bool Ended(Life life) noexcept { return life >= Life::kFilled; }

struct TrackedOrder {
  uint64_t order_id = 0;
  uint32_t session = 0;
  uint32_t account = 0;
  uint32_t instrument = 0;
  uint16_t venue = 0;
  Side side = Side::kUnset;
  Life life = Life::kSent;
  bool asked = false;  // its venue was
  bool lied_about = false;
  bool disowned = false;     // its venue said that it does not know it
  bool orphaned = false;     // its venue died, and with it the book that may have held it
  uint32_t request = kNone;  // the event of the NewOrder
  uint64_t leaves = 0;
  uint64_t cum = 0;
};

class Orders;

// What operators have said, and whether the gateway acts on it.
class Operators {
 public:
  Operators(std::span<const Event> events, Findings& findings)
      : events_(events), findings_(&findings) {}
  // After `orders` saw the event. `is_new`: it has accepted a new order.
  void On(uint32_t index, const Orders& orders, bool is_new);
  // Takes another one's knowledge.
  void Become(Operators&& other) noexcept {
    other.findings_ = findings_;
    *this = std::move(other);
  }
  // What operators have added to the position of an account in an instrument.
  int64_t adjusted(uint32_t account, uint32_t instrument) const {
    const auto found = said_.adjusted.find({account, instrument});
    return found == said_.adjusted.end() ? 0 : found->second;
  }

 private:
  using Scope = std::pair<KillScope, uint32_t>;
  struct Said {
    std::set<Scope> killed;
    std::vector<std::pair<Scope, uint32_t>> cancels;  // and the event
    std::map<Scope, int64_t> quantity_max;
    std::set<std::pair<uint32_t, uint32_t>> restricted;  // accounts in instruments
    std::map<std::pair<uint32_t, uint32_t>, int64_t> adjusted;
  };
  static bool Covers(const Scope& scope, const TrackedOrder& order);
  void Say(uint32_t index, const Orders& orders);
  void OnAccepted(const Event& event, const TrackedOrder& order);
  void OnLeaves(const Event& event, const Orders& orders);
  void OnOpen(const Event& event, const Orders& orders);

  std::span<const Event> events_;
  Findings* findings_;
  Said said_;
  Said before_;  // the latest command
};

class Orders {
 public:
  Orders(std::span<const Event> events, const Forgotten& forgotten, const Operators& operators,
         Findings& findings)
      : events_(events), forgotten_(&forgotten), operators_(&operators), findings_(&findings) {}
  void On(uint32_t index);
  void End();
  // Takes another one's knowledge.
  void Become(Orders&& other) noexcept {
    other.operators_ = operators_;
    other.findings_ = findings_;
    *this = std::move(other);
  }

  const std::vector<TrackedOrder>& orders() const noexcept { return orders_; }
  const TrackedOrder* Find(uint64_t order_id) const;
  // By any request that the venue was asked under.
  const TrackedOrder* FindByVenueName(uint32_t venue, uint64_t request_id) const;
  // By account and instrument: bought minus sold, as told to strategies.
  const std::map<std::pair<uint32_t, uint32_t>, int64_t>& positions() const noexcept {
    return positions_;
  }
  // Likewise what forgotten orders traded, as the gateway heard it since: told to nobody.
  const std::map<std::pair<uint32_t, uint32_t>, int64_t>& booked() const noexcept {
    return booked_;
  }
  const Counts& counts() const noexcept { return counts_; }
  // Of the unknown reports those about forgotten changes of orders that it knows: it may know them.
  uint64_t reports_of_forgotten() const noexcept { return reports_of_forgotten_; }

 private:
  struct Request {
    uint32_t event = kNone;  // the first with this clOrdId that is not answered, or the last
    uint32_t asked = 0;      // how often the gateway took it
    uint32_t acked = 0;
    uint32_t ended = 0;  // refusals and final answers
    uint32_t order = kNone;
  };
  struct Heard {
    uint64_t exec_id;
    uint32_t order;
    ExecType type;
    uint64_t leaves;
    OrdStatus status;
    bool restates;  // the order, by a replace that the gateway has forgotten
  };
  struct Venue {
    std::vector<Heard> heard;  // passed on or to be judged, from next on
    size_t next = 0;
    absl::flat_hash_map<uint64_t, uint32_t> names;  // of requests: the order
    std::set<uint64_t> unlearned;  // of them: what the gateway heard of when the order had ended
    absl::flat_hash_map<uint64_t, bool> executions;
  };

  static uint64_t KeyOf(uint32_t session, uint64_t cl_ord_id) noexcept {
    return uint64_t{session} << 56 ^ cl_ord_id;
  }
  void OnTook(uint32_t index);
  void OnSaid(const Event& event);
  void OnAck(const Event& event, const OrderAck& ack);
  void OnPosition(const Event& event, const PositionReport& report);
  void OnReport(const Event& event, const ExecutionReport& report);
  void OnTrade(TrackedOrder& order, const ExecutionReport& report);
  void OnReplaced(const Event& event, TrackedOrder& order, const ExecutionReport& report);
  void CheckScope(const Event& event, const TrackedOrder& order, uint64_t cl_ord_id);
  bool Origin(const Event& event, TrackedOrder& order, const ExecutionReport& report);
  bool IsNamed(const Event& event) const;
  void OnAsked(const Event& event);
  void OnHeard(const Event& event);
  void CountUnknown(uint32_t venue, uint64_t request_id);
  void OnForgotten(uint32_t venue, const ExecutionReport& report);
  void OnVenueStart(uint32_t venue);
  void Judge(const Heard& heard);
  void EndRequest(const Event& event, uint64_t cl_ord_id);
  void Answered(uint32_t request);

  std::span<const Event> events_;
  const Forgotten* forgotten_;
  const Operators* operators_;
  Findings* findings_;
  std::vector<TrackedOrder> orders_;
  absl::flat_hash_map<uint64_t, uint32_t> by_id_;
  std::vector<Request> requests_;
  absl::flat_hash_map<uint64_t, uint32_t> by_cl_ord_id_;
  // By request: events with a clOrdId of which an earlier one was not answered yet.
  std::map<uint32_t, std::vector<uint32_t>> waiting_;
  std::array<Venue, kPartiesMax> venues_;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> positions_;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> booked_;
  Counts counts_;
  uint64_t reports_of_forgotten_ = 0;
};

class Holdings {
 public:
  Holdings(std::span<const Event> events, const Orders& orders, const Operators& operators,
           const Forgotten& forgotten, Findings& findings)
      : events_(events),
        orders_(orders),
        operators_(operators),
        forgotten_(forgotten),
        findings_(findings) {}
  void On(uint32_t index);
  void End();

 private:
  // What a strategy believes of an order.
  struct Belief {
    bool open = false;
    uint64_t leaves = 0;
    uint64_t cum = 0;
  };
  struct Strategy {
    std::map<uint64_t, Belief> orders;        // by orderId
    std::map<uint64_t, uint64_t> quantities;  // sent, by clOrdId
    std::map<std::pair<uint32_t, uint32_t>, int64_t> positions;
    uint64_t counted = 0;               // reports up to this number are in `positions`
    bool complete = true;               // and none is missing, nor told again under another number
    std::map<uint64_t, uint32_t> told;  // reports by number, since its last start without memory
    bool stale = false;                 // it has not logged on since the gateway began anew
    uint64_t next_report = 1;           // as the gateway knew when it began
  };
  struct Probe {
    std::vector<uint32_t> gateway_orders;
    std::vector<uint32_t> venue_orders;
    std::vector<Holding> gateway_positions;
    std::map<std::pair<uint32_t, uint32_t>, int64_t> venue_positions;
    Counts counts;
    bool any = false;
  };

  void OnReceived(uint32_t index);
  void Learn(const Event& event, Strategy& strategy, bool trades);
  void Forget(Strategy& strategy, uint64_t next_report);
  void OnLogon(const Event& event);
  void Compare();
  void CompareOrders();
  void CompareWithVenues();
  void ComparePositions();

  std::span<const Event> events_;
  const Orders& orders_;
  const Operators& operators_;
  const Forgotten& forgotten_;
  Findings& findings_;
  std::array<Strategy, kPartiesMax> strategies_;
  std::array<uint32_t, kPartiesMax> days_{};  // by venue: when its latest day began
  Probe probe_;
  uint32_t probes_ = 0;
};

// Runs only over records that begin with kBounds: time passes elsewhere as the machine pleases.
class Liveness {
 public:
  Liveness(std::span<const Event> events, const Orders& orders, const Forgotten& forgotten,
           Findings& findings)
      : events_(events), orders_(orders), forgotten_(forgotten), findings_(findings) {}
  void On(uint32_t index);
  void End();

 private:
  static constexpr int64_t kNever = INT64_MAX;

  // Since when a link lives and both its ends work.
  struct Way {
    int64_t since_ns = kNever;
    int64_t disturbed_until_ns = 0;
    bool broken = false;  // until it is dialled anew

    void Begin(int64_t now_ns) noexcept {
      since_ns = broken ? kNever : std::max(now_ns, disturbed_until_ns);
    }
    void Disturb(const Event& event) noexcept {
      const auto until_ns = static_cast<int64_t>(event.other);
      broken |= until_ns == 0;
      disturbed_until_ns = std::max(disturbed_until_ns, until_ns);
      if (since_ns != kNever) Begin(since_ns);
    }
  };
  struct Report {
    uint64_t seq;
    int64_t said_ns;
    int64_t durable_ns;  // kNever: not yet
  };
  struct SentCancel {
    int64_t sent_ns;
    int64_t took_ns = kNever;  // the gateway
    uint64_t order_id = 0;     // 0: not known yet
  };
  struct Session {
    Way way;
    bool holds = false;              // it asks for durability
    int64_t held_since_ns = kNever;  // this gateway promised it that, at its first logon
    bool sends_when_durable = false;
    bool resumed = false;        // its process may lack what an earlier one was told
    std::deque<Report> reports;  // that its process was not told, in order
    size_t durable = 0;          // of these
    uint64_t said = 0;
    uint64_t next_received = 1;
    absl::flat_hash_map<uint64_t, SentCancel> cancels;  // by clOrdId
  };
  struct Waiting {  // an order that was accepted and has not left
    uint64_t seq;   // of its acknowledgement
    uint32_t session;
    int64_t since_ns;  // it may leave; kNever: not yet
  };
  struct Venue {
    Way way;
    bool dialled = false;
    bool up = false;
    bool held = false;           // another gateway is the member, as kMemberHeld says
    int64_t free_ns = kNever;    // since when it is not, until this one logs on
    bool anew = false;           // it may wait for another member to return
    bool lost_requests = false;  // the gateway has, since the venue was up last
    uint32_t tells = 0;          // logons since then, each of which tells their identifiers
    uint64_t said = 0;
    int64_t down_ns = kNever;  // since when it can come up
    absl::flat_hash_map<uint64_t, Waiting> orders;
    absl::flat_hash_map<uint64_t, int64_t>
        overdue;  // orders for a day that is over, and since when
  };

  void OnTradingDay(uint32_t index);
  void EndOverdue(uint32_t id, uint64_t order_id, int64_t now_ns);
  void SetBounds(const Event& event);
  void Add(Violation violation, int64_t now_ns, const std::string& what);
  void OnDisturbed(const Event& event, Session& session);
  void OnDisturbed(const Event& event, Venue& venue);
  void OnLogon(const Event& event);
  void EndGateway();
  void OnRecovered(uint32_t index);
  void OnVenueStatus(const Event& event);
  int64_t VenuesSince() const;
  void OnSaid(const Event& event);
  void OnDurable(const Event& event);
  void OnReceived(const Event& event);
  static void DropReports(Session& session, uint64_t next);
  void OnGap(const Event& event);
  void Leave(const Event& event, uint32_t id, uint64_t order_id);
  void AnswerCancel(const Event& event, uint64_t cl_ord_id);
  void OnTookCancel(const Event& event);
  void OnVenueTookCancel(const Event& event);
  void JudgeCancel(const Session& session, uint64_t cl_ord_id, const SentCancel& cancel,
                   int64_t now_ns);
  void OnVenueSaid(const Event& event);
  void JudgeDurable(const Session& session, uint32_t id, const Report& report, int64_t now_ns);
  void SettleReports(const Session& session, uint32_t id, int64_t now_ns);
  void Settle(const Session& session, uint32_t id, int64_t now_ns);
  void Settle(const Venue& venue, uint32_t id, int64_t now_ns);
  void SettleAll(int64_t now_ns);

  std::span<const Event> events_;
  const Orders& orders_;
  const Forgotten& forgotten_;
  Findings& findings_;
  bool bounded_ = false;
  uint64_t reports_kept_ = 0;
  int64_t durable_ns_ = 0;  // the bounds
  int64_t told_ns_ = 0;
  int64_t leaves_ns_ = 0;
  int64_t up_ns_ = 0;
  int64_t anew_ns_ = 0;
  bool power_lost_ = false;  // since the gateway's latest start
  int64_t gateway_since_ns_ = kNever;
  int64_t disk_since_ns_ = 0;
  int64_t takes_since_ns_ = 0;  // the gateway all that its sessions send
  std::array<Session, kPartiesMax> sessions_;
  std::array<Venue, kPartiesMax> venues_;
};

}  // namespace ringway::sim
