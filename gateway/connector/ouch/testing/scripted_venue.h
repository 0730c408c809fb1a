// A venue that speaks OUCH 4.2 or 5.0 to one client, for tests: it takes requests as the protocol
// says, and everything else happens when a test says so.
//
// Messages are kept from the first to the last, as a venue keeps them. Thread rule: one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/connector/ouch/ouch_options.h"
#include "gateway/connector/testing/scripted_network.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/ouch50.h"
#include "protocol/ouch/tokens.h"
#include "protocol/soup/session.h"
#include "transport/stream/byte_stream.h"

namespace ringway {

class ScriptedVenue {
 public:
  struct Order {
    uint64_t id = 0;  // of the gateway
    uint32_t number = 0;
    ouch::Side side = ouch::Side::kBuy;
    PaddedText<8> symbol{};
    uint64_t price = 0;
    uint32_t open = 0;
    uint32_t traded = 0;
    bool alive = true;
    ouch42::EnterOrder entered42{};
    ouch50::EnterOrder entered50{};
  };
  struct Fill {
    uint64_t id = 0;
    uint64_t match = 0;
    uint32_t shares = 0;
  };

  ScriptedVenue(OuchVersion version, ScriptedNetwork& network, std::string_view session,
                std::string_view prefix = "")
      : version_(version),
        network_(network),
        tokens_(*ouch42::Tokens::Of(prefix)),
        soup_(soup::Options{.role = soup::Role::kServer}) {
    session_.bytes = soup::SessionId{{*PaddedText<10>::Of(session)}}.bytes;
  }

  // A turn: takes what arrived, and sends what there is.
  void DoWork() {
    if (network_.far != nullptr) {
      soup_.Disconnected();
      stream_ = std::move(network_.far);
      soup_.Connect(network_.now_ns);
    }
    if (stream_ == nullptr) return;
    for (bool more = true; more && !soup_.InputRoom().empty();) {
      const StreamIo io = stream_->Read(soup_.InputRoom());
      soup_.Received(io.bytes);
      more = io.status == StreamStatus::kOk;
      if (!more && io.status != StreamStatus::kWouldBlock) return HangUp();
    }
    Sink sink{*this};
    (void)soup_.Poll(network_.now_ns, sink, 1000);
    if (talks) {
      (void)soup_.SendSequenced(
          [this](uint64_t number) -> std::optional<std::span<const std::byte>> {
            if (number > messages.size()) return std::nullopt;
            return std::span<const std::byte>(messages[number - 1]);
          },
          1000);
    }
    soup_.Maintain(network_.now_ns);
    while (!soup_.Output().empty()) {
      const StreamIo io = stream_->Write(soup_.Output());
      soup_.Sent(io.bytes);
      if (io.status != StreamStatus::kOk) break;
    }
    if (soup_.over()) HangUp();
  }
  void HangUp() {
    soup_.Disconnected();
    if (stream_ != nullptr) stream_->Close();
    stream_.reset();
  }
  // The venue's day is over: nothing of it is known any more.
  void BeginSession(std::string_view session) {
    HangUp();
    session_.bytes = soup::SessionId{{*PaddedText<10>::Of(session)}}.bytes;
    messages.clear();
    orders.clear();
    fills.clear();
    used_.clear();
    last_number_ = 0;
  }

  // --- What happens there ---
  template <class M>
  void Say(const M& message) {
    std::array<std::byte, 256> buffer;
    const ouch::Encoded encoded = ouch::Encode(message, buffer);
    ASSERT_EQ(encoded.fault, ouch::Fault::kNone) << ouch::Name(encoded.fault);
    messages.emplace_back(buffer.begin(),
                          buffer.begin() + static_cast<std::ptrdiff_t>(encoded.bytes));
  }
  void SayRaw(std::string_view bytes) {
    const auto raw = std::as_bytes(std::span(bytes));
    messages.emplace_back(raw.begin(), raw.end());
  }
  void Trade(Order& order, uint32_t shares, uint64_t match, char liquidity = 'A') {
    ASSERT_TRUE(order.alive && shares <= order.open);
    order.open -= shares;
    order.traded += shares;
    order.alive = order.open != 0;
    fills.push_back({order.id, match, shares});
    const auto price = static_cast<uint32_t>(order.price);
    const auto flag = static_cast<ouch::LiquidityFlag>(liquidity);
    if (version_ == OuchVersion::k42) {
      Say(ouch42::Executed{Time(), Token(order.id), shares, price, flag, match});
    } else {
      Say(ouch50::Executed{Time(), order.number, shares, price, flag, match, {}});
    }
  }
  void TakeOff(Order& order, uint32_t shares, char reason) {
    order.open -= std::min(order.open, shares);
    order.alive = order.open != 0;
    const auto why = static_cast<ouch::CancelReason>(reason);
    if (version_ == OuchVersion::k42) {
      Say(ouch42::Canceled{Time(), Token(order.id), shares, why});
    } else {
      Say(ouch50::Canceled{Time(), order.number, shares, why, {}});
    }
  }
  Order* Find(uint64_t id) {
    for (Order& order : orders)
      if (order.id == id) return &order;
    return nullptr;
  }
  uint64_t Time() const { return static_cast<uint64_t>(network_.now_ns % (86'400 * kNsPerS)); }
  PaddedText<14> Token(uint64_t id) const { return *tokens_.TokenOf(id); }
  bool live() const { return soup_.live(); }

  std::vector<std::vector<std::byte>> messages;
  std::vector<Order> orders;
  std::vector<Fill> fills;
  std::vector<uint64_t> entered;  // ids, in the order in which they arrived, also again
  bool takes = true;              // requests; what arrives meanwhile is lost
  bool talks = true;
  char rejects_next = 0;
  bool kills_next = false;  // accepted, and canceled at once
  uint32_t queries = 0;
  uint32_t ignored = 0;
  uint32_t cancels = 0;

 private:
  struct Sink {
    ScriptedVenue& venue;
    bool On(const soup::Sequenced&) { return true; }
    bool On(const soup::Unsequenced& message) {
      if (!venue.takes) return true;
      if (venue.version_ == OuchVersion::k42) {
        EXPECT_EQ(ouch42::DecodeFromClient(message.payload, *this), ouch::Fault::kNone);
      } else {
        EXPECT_EQ(ouch50::DecodeFromClient(message.payload, *this), ouch::Fault::kNone);
      }
      return true;
    }
    void On(const soup::Debug&) {}
    void On(const soup::LoginRequest&) {
      venue.soup_.Accept(venue.session_, 1, venue.messages.size() + 1);
    }
    void On(const soup::LoginAccepted&) {}

    void On(const ouch42::EnterOrder& m) { venue.Enter(m); }
    void On(const ouch42::ReplaceOrder& m) { venue.Replace(m); }
    void On(const ouch42::CancelOrder& m) { venue.Cancel(venue.IdOf(m.token), m.shares); }
    void On(const ouch42::ModifyOrder&) { ADD_FAILURE(); }
    void On(const ouch50::EnterOrder& m) { venue.Enter(m); }
    void On(const ouch50::ReplaceOrder& m) { venue.Replace(m); }
    void On(const ouch50::CancelOrder& m) {
      for (const Order& order : venue.orders)
        if (order.number == m.user_ref_num) return venue.Cancel(order.id, m.quantity);
      venue.Cancel(0, 0);
    }
    void On(const ouch50::AccountQuery&) {
      ++venue.queries;
      venue.Say(ouch50::AccountQueryResponse{venue.Time(), venue.last_number_ + 1, {}});
    }
    template <class M>
    void On(const M&) {
      ADD_FAILURE() << "a message that this connector does not send";
    }
  };

  uint64_t IdOf(const PaddedText<14>& token) const { return tokens_.IdOf(token).value_or(0); }
  ouch::OrderState NextState() {
    return std::exchange(kills_next, false) ? ouch::OrderState::kDead : ouch::OrderState::kLive;
  }

  void Enter(const ouch42::EnterOrder& m) {
    const uint64_t id = IdOf(m.token);
    entered.push_back(id);
    if (!used_.insert(id).second) return void(++ignored);
    if (rejects_next != 0) {
      return Say(ouch42::Rejected{
          Time(), m.token, static_cast<ouch42::RejectReason>(std::exchange(rejects_next, 0))});
    }
    Order order{.id = id, .side = m.side, .symbol = m.stock, .price = m.price, .open = m.shares};
    order.entered42 = m;
    ouch42::Accepted a;
    a.timestamp = Time();
    a.token = m.token;
    a.side = m.side;
    a.shares = m.shares;
    a.stock = m.stock;
    a.price = m.price;
    a.time_in_force = m.time_in_force;
    a.display = m.display;
    a.order_reference = 7000 + orders.size();
    a.state = NextState();
    order.alive = a.state == ouch::OrderState::kLive;
    orders.push_back(order);
    Say(a);
  }
  void Enter(const ouch50::EnterOrder& m) {
    const uint64_t id = IdOf(m.cl_ord_id);
    entered.push_back(id);
    if (m.user_ref_num <= last_number_) return void(++ignored);
    last_number_ = m.user_ref_num;
    EXPECT_TRUE(used_.insert(id).second) << "5.0: an order was entered twice";
    if (rejects_next != 0) {
      const auto reason = static_cast<ouch50::RejectReason>(std::exchange(rejects_next, 0));
      return Say(ouch50::Rejected{Time(), m.user_ref_num, reason, m.cl_ord_id, {}});
    }
    Order order{.id = id,
                .number = m.user_ref_num,
                .side = m.side,
                .symbol = m.symbol,
                .price = m.price,
                .open = m.quantity};
    order.entered50 = m;
    ouch50::Accepted a;
    a.timestamp = Time();
    a.user_ref_num = m.user_ref_num;
    a.side = m.side;
    a.quantity = m.quantity;
    a.symbol = m.symbol;
    a.price = m.price;
    a.time_in_force = m.time_in_force;
    a.display = m.display;
    a.order_reference = 7000 + orders.size();
    a.state = NextState();
    a.cl_ord_id = m.cl_ord_id;
    order.alive = a.state == ouch::OrderState::kLive;
    orders.push_back(order);
    Say(a);
  }

  template <class Reject, class Replaced>
  void ReplaceAs(Order* order, uint64_t id, uint32_t number, uint32_t shares, uint64_t price,
                 Reject&& reject, Replaced&& replaced) {
    if (order == nullptr || !order->alive || !used_.insert(id).second) return void(++ignored);
    if (rejects_next != 0) return reject(std::exchange(rejects_next, 0));
    if (shares <= order->traded) return TakeOff(*order, order->open, 'U');
    Order next = *order;
    order->alive = false;
    order->open = 0;
    const uint64_t previous = std::exchange(next.id, id);
    const uint32_t previous_number = std::exchange(next.number, number);
    next.open = shares - next.traded;
    next.price = price;
    orders.push_back(next);
    replaced(next, previous, previous_number);
  }
  void Replace(const ouch42::ReplaceOrder& m) {
    ReplaceAs(
        Find(IdOf(m.existing_token)), IdOf(m.replacement_token), 0, m.shares, m.price,
        [&](char why) {
          Say(ouch42::Rejected{Time(), m.replacement_token,
                               static_cast<ouch42::RejectReason>(why)});
        },
        [&](const Order& next, uint64_t previous, uint32_t) {
          ouch42::Replaced r;
          r.timestamp = Time();
          r.token = m.replacement_token;
          r.previous_token = Token(previous);
          r.side = next.side;
          r.shares = next.open;
          r.stock = next.symbol;
          r.price = m.price;
          r.state = NextState();
          orders.back().alive = r.state == ouch::OrderState::kLive;
          Say(r);
        });
  }
  void Replace(const ouch50::ReplaceOrder& m) {
    if (m.user_ref_num <= last_number_) return void(++ignored);
    last_number_ = m.user_ref_num;
    Order* order = nullptr;
    for (Order& each : orders)
      if (each.number == m.orig_user_ref_num) order = &each;
    ReplaceAs(
        order, IdOf(m.cl_ord_id), m.user_ref_num, m.quantity, m.price,
        [&](char why) {
          Say(ouch50::Rejected{
              Time(), m.user_ref_num, static_cast<ouch50::RejectReason>(why), m.cl_ord_id, {}});
        },
        [&](const Order& next, uint64_t, uint32_t previous) {
          ouch50::Replaced r;
          r.timestamp = Time();
          r.orig_user_ref_num = previous;
          r.user_ref_num = m.user_ref_num;
          r.side = next.side;
          r.quantity = next.open;
          r.symbol = next.symbol;
          r.price = m.price;
          r.cl_ord_id = m.cl_ord_id;
          r.state = NextState();
          orders.back().alive = r.state == ouch::OrderState::kLive;
          Say(r);
        });
  }
  void Cancel(uint64_t id, uint32_t shares) {
    ++cancels;
    Order* const order = Find(id);
    if (order == nullptr || !order->alive || shares >= order->open + order->traded) return;
    TakeOff(*order, order->open - (shares > order->traded ? shares - order->traded : 0), 'U');
  }

  const OuchVersion version_;
  ScriptedNetwork& network_;
  ouch42::Tokens tokens_;
  soup::Session soup_;
  soup::SessionId session_;
  std::unique_ptr<ByteStream> stream_;
  std::set<uint64_t> used_;
  uint32_t last_number_ = 0;
};

}  // namespace ringway
