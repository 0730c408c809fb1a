// Attacks by a session with a valid key and well-formed messages: it sends as fast as it can.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "schema/messages.h"
#include "tests/e2e/hostile/attack.h"
#include "tests/e2e/hostile/raw_session.h"
#include "tests/e2e/hostile/site.h"

namespace ringway::hostile {
namespace {

constexpr int kBurst = 256;

NewOrder OrderOf(uint32_t session, uint64_t cl_ord_id) {
  return {.cl_ord_id = cl_ord_id,
          .price = 99 * kNsPerS,
          .qty = 1 + cl_ord_id % 100,
          .instrument = kAttackedInstrument,
          .account = session,
          .side = Side::kBuy,
          .ord_type = OrdType::kLimit,
          .time_in_force = TimeInForce::kImmediateOrCancel,
          .route = kHomeVenue};
}

// A loop that sends through the client library and reads its reports. The subclass decides what is
// sent.
class Flood : public Attack {
 public:
  Flood(const Target& target, ControlPage& page, uint32_t session = kAttackerFirst)
      : Attack(target, page), id_(session) {}

  void Begin() override {
    session_.reset();
    LogOn();
  }

  void Step() override {
    if (session_ == nullptr || session_->state() != SessionState::kLive) {
      WasRefused();
      if (session_ == nullptr || !session_->Reconnect().ok()) LogOn();
      return;
    }
    uint64_t sent = 0;
    for (int i = 0; i != kBurst && Send(*session_) == SendStatus::kOk; ++i) ++sent;
    (void)session_->Flush();
    Did(sent);
    session_->Poll(Handlers{[this](const OrderReject&) { WasRefused(); },
                            [this](const CancelReject&) { WasRefused(); },
                            [this](const ExecutionReport& report) { On(report); }},
                   2 * kBurst);
  }

  void End() override {
    if (session_ != nullptr) {
      session_->Logout();
      const int64_t deadline_ns = MonotonicNowNs() + kNsPerS;
      while (session_->state() == SessionState::kLoggingOut && MonotonicNowNs() < deadline_ns) {
        session_->Poll(Handlers{[](const Logout&) {}}, 4 * kBurst);
      }
    }
    session_.reset();
  }

 protected:
  virtual SendStatus Send(Session& session) = 0;
  virtual void On(const ExecutionReport&) {}
  virtual void LoggedOn(Session&) {}
  uint32_t id() const { return id_; }

 private:
  void LogOn() {
    absl::StatusOr<std::unique_ptr<Session>> session =
        Session::Connect({.uri = target_.uri(), .session = id_, .key = TestKey(id_)});
    if (!session.ok()) return;
    session_ = *std::move(session);
    LoggedOn(*session_);
  }

  const uint32_t id_;
  std::unique_ptr<Session> session_;
};

// New orders: accepted, or refused by the rate limit, depending on the session's configuration.
class NewOrders : public Flood {
 public:
  NewOrders(const Target& target, ControlPage& page, uint32_t session, uint16_t route = kHomeVenue)
      : Flood(target, page, session), route_(route) {}

 protected:
  SendStatus Send(Session& session) override {
    NewOrder order = OrderOf(id(), session.NextClOrdId());
    order.route = route_;
    return session.SendGathered(order);
  }

 private:
  uint16_t route_;
};

class Duplicates : public Flood {
 public:
  using Flood::Flood;

 protected:
  SendStatus Send(Session& session) override {
    if (order_.cl_ord_id == 0) order_ = OrderOf(id(), session.NextClOrdId());
    return session.SendGathered(order_);
  }

 private:
  NewOrder order_{};
};

class UnknownInstruments : public Flood {
 public:
  using Flood::Flood;

 protected:
  SendStatus Send(Session& session) override {
    NewOrder order = OrderOf(id(), session.NextClOrdId());
    order.instrument = 77;
    return session.SendGathered(order);
  }
};

// Every order trades at once: two reports each, and positions.
class Fills : public Flood {
 public:
  using Flood::Flood;

 protected:
  SendStatus Send(Session& session) override {
    NewOrder order = OrderOf(id(), session.NextClOrdId());
    order.qty = 1;
    if (sells_) {
      order.side = Side::kSell;
      order.time_in_force = TimeInForce::kDay;
    }
    const SendStatus sent = session.SendGathered(order);
    if (sent == SendStatus::kOk) sells_ = !sells_;
    return sent;
  }

 private:
  bool sells_ = true;
};

// One resting order, replaced over and over.
class Replaces : public Flood {
 public:
  using Flood::Flood;

 protected:
  void LoggedOn(Session&) override { last_ = 0; }
  SendStatus Send(Session& session) override {
    if (last_ == 0) {
      NewOrder order = OrderOf(id(), session.NextClOrdId());
      order.time_in_force = TimeInForce::kDay;
      const SendStatus sent = session.SendGathered(order);
      if (sent == SendStatus::kOk) last_ = order.cl_ord_id;
      return sent;
    }
    const uint64_t next = session.NextClOrdId();
    return session.SendGathered(Replace{.cl_ord_id = next,
                                        .orig_cl_ord_id = last_,
                                        .price = (90 + static_cast<int64_t>(next % 9)) * kNsPerS,
                                        .qty = 1 + next % 100});
  }
  void On(const ExecutionReport& report) override {
    if (report.exec_type == ExecType::kReplaced) last_ = report.cl_ord_id;
  }

 private:
  uint64_t last_ = 0;
};

class UnknownCancels : public Flood {
 public:
  using Flood::Flood;

 protected:
  SendStatus Send(Session& session) override {
    return session.SendGathered(Cancel{.cl_ord_id = session.NextClOrdId(), .orig_cl_ord_id = 1});
  }
};

// Hundreds of resting orders, repeatedly canceled all at once.
class MassCancels : public Flood {
 public:
  using Flood::Flood;

 protected:
  SendStatus Send(Session& session) override {
    if (++sent_ % 1'000 == 0) {
      return session.SendGathered(MassCancel{.cl_ord_id = session.NextClOrdId()});
    }
    NewOrder order = OrderOf(id(), session.NextClOrdId());
    order.time_in_force = TimeInForce::kDay;
    return session.SendGathered(order);
  }

 private:
  uint64_t sent_ = 0;
};

// clOrdIds that would hash to a few lines of the engine's index if its hash were known: Mix() is
// what that index used before it had a secret.
class Collisions : public Flood {
 public:
  Collisions(const Target& target, ControlPage& page, uint32_t session)
      : Flood(target, page, session) {}

 protected:
  SendStatus Send(Session& session) override {
    if (next_ == ids_.size()) Find(session.next_seq_out());
    if (next_ == ids_.size()) return SendStatus::kBackPressured;
    const SendStatus sent = session.SendGathered(OrderOf(id(), ids_[next_]));
    if (sent == SendStatus::kOk) ++next_;
    return sent;
  }

 private:
  // As configured in the site's pools.
  static constexpr uint64_t kOrdersMax = 100'000;
  static constexpr uint64_t kHomes = kOrdersMax * 2 / 4;
  static constexpr uint64_t kWindow = 64;

  static uint64_t Mix(uint64_t key, uint64_t seed) {
    const auto product =
        static_cast<unsigned __int128>(key ^ 0xa0761d6478bd642fu ^ seed) * 0xe7037ed1a0b428dbu;
    return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
  }

  void Find(uint64_t above) {
    ids_.clear();
    next_ = 0;
    const uint64_t seed = uint64_t{id()} << 40;  // session `id` is the id-th configured
    key_ = std::max(key_, above << 24);
    for (uint64_t tries = 0; tries != 200'000; ++tries, ++key_) {
      const auto home =
          static_cast<uint64_t>((static_cast<unsigned __int128>(Mix(key_, seed)) * kHomes) >> 64);
      for (uint64_t i = 0; home < kWindow && i != 4; ++i) ids_.push_back(key_ * 4 + i);
    }
  }

  std::vector<uint64_t> ids_;
  size_t next_ = 0;
  uint64_t key_ = 1;
};

// An attack by bytes over a session that is logged on again whenever the gateway ends it.
class RawAttack : public Attack {
 public:
  using Attack::Attack;

  void Step() override {
    if (session_ == nullptr || !session_->Maintain()) {
      absl::StatusOr<std::unique_ptr<RawSession>> session =
          RawSession::LogOn({.uri = target_.uri(), .session = kAttackerFirst}, epoch_);
      if (!session.ok()) return WasRefused();
      session_ = *std::move(session);
      LoggedOn();
    }
    Send();
  }
  void End() override { session_.reset(); }

 protected:
  virtual void LoggedOn() {}
  virtual void Send() = 0;

  std::unique_ptr<RawSession> session_;

 private:
  uint32_t epoch_ = 0;
};

// Numbered but unreadable messages, for which a session is logged out.
class Malformed : public RawAttack {
 public:
  using RawAttack::RawAttack;

 protected:
  void Send() override {
    // A request of unknown type, a truncated one, and one of zeros.
    std::array<std::byte, 64> bytes{};
    for (int i = 0; i != 8; ++i) {
      const uint8_t type = i % 3 == 0 ? 63 : 32;
      const size_t size = i % 3 == 1 ? 5 : 64;
      if (session_->SendBytes(type, std::span(bytes).first(size)) != SendStatus::kOk) break;
      Did(1);
    }
    session_->Drop(64);
  }
};

// Never reads a report.
class NeverReads : public RawAttack {
 public:
  using RawAttack::RawAttack;

 protected:
  // Numbers that no earlier order used.
  void LoggedOn() override { next_id_ = std::max(next_id_, session_->logon().next_seq_in << 24); }
  void Send() override {
    uint64_t sent = 0;
    while (sent != kBurst && session_->Send(OrderOf(kAttackerFirst, next_id_ + 1),
                                            Publish::kGather) == SendStatus::kOk) {
      ++sent;
      ++next_id_;
    }
    (void)session_->link().Flush();
    Did(sent);
  }

 private:
  uint64_t next_id_ = 0;
};

}  // namespace

std::unique_ptr<Attack> MakeOrderAttack(const std::string& name, const Target& target,
                                        ControlPage& page) {
  if (name == "orders") return std::make_unique<NewOrders>(target, page, kAttackerFirst);
  if (name == "orders-throttled") return std::make_unique<NewOrders>(target, page, kLimited);
  if (name == "orders-far") {
    return std::make_unique<NewOrders>(target, page, kAttackerFirst, kFarVenue);
  }
  if (name == "duplicates") return std::make_unique<Duplicates>(target, page);
  if (name == "unknown-instruments") return std::make_unique<UnknownInstruments>(target, page);
  if (name == "fills") return std::make_unique<Fills>(target, page);
  if (name == "replaces") return std::make_unique<Replaces>(target, page);
  if (name == "unknown-cancels") return std::make_unique<UnknownCancels>(target, page);
  if (name == "mass-cancels") return std::make_unique<MassCancels>(target, page);
  if (name == "collisions") return std::make_unique<Collisions>(target, page, kAttackerFirst);
  if (name == "malformed") return std::make_unique<Malformed>(target, page);
  if (name == "never-reads") return std::make_unique<NeverReads>(target, page);
  return nullptr;
}

}  // namespace ringway::hostile
