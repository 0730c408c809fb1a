// Shorthands of the tests of OUCH members: what they ask in one call, and what they are told in one
// line each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/padded_text.h"
#include "gtest/gtest.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/ouch50.h"

namespace ringway::exchange {

inline constexpr uint32_t kTestPrice = 1000;  // in 1e-4: ten ticks of 0.01

using Lines = std::vector<std::string>;

// Adds a line for each message: "A T1 B 100@1000 L", with the fields that tests ask for.
struct OuchTeller {
  Lines& lines;

  static std::string Name(const PaddedText<14>& token) { return std::string(token.text()); }
  static std::string Name(uint32_t number) { return std::to_string(number); }
  static std::string Char(auto code) { return std::string(1, static_cast<char>(code)); }
  void Add(const std::string& line) { lines.push_back(line); }

  void On(const auto&) { Add("other"); }
  void On(const ouch42::SystemEvent& m) { Add("S " + Char(m.event)); }
  void On(const ouch50::SystemEvent& m) { Add("S " + Char(m.event)); }
  void On(const ouch42::Accepted& m) { Order("A ", m, m.token, m.shares); }
  void On(const ouch50::Accepted& m) { Order("A ", m, m.user_ref_num, m.quantity); }
  void On(const ouch42::Replaced& m) {
    Order("U " + Name(m.previous_token) + ">", m, m.token, m.shares);
  }
  void On(const ouch50::Replaced& m) {
    Order("U " + Name(m.orig_user_ref_num) + ">", m, m.user_ref_num, m.quantity);
  }
  void On(const ouch42::Canceled& m) { Cancel(m, m.token, m.decrement_shares); }
  void On(const ouch50::Canceled& m) { Cancel(m, m.user_ref_num, m.quantity); }
  void On(const ouch42::Executed& m) {
    Execution(m, m.token, m.executed_shares, m.execution_price);
  }
  void On(const ouch50::Executed& m) { Execution(m, m.user_ref_num, m.quantity, m.price); }
  void On(const ouch42::Rejected& m) { Add("J " + Name(m.token) + " " + Char(m.reason)); }
  void On(const ouch50::Rejected& m) {
    Add("J " + Name(m.user_ref_num) + " " + std::to_string(static_cast<uint16_t>(m.reason)));
  }
  void On(const ouch42::CancelReject& m) { Add("I " + Name(m.token)); }
  void On(const ouch50::CancelReject& m) { Add("I " + Name(m.user_ref_num)); }
  void On(const ouch42::OrderModified& m) {
    Add("M " + Name(m.token) + " " + Char(m.side) + " " + std::to_string(m.shares));
  }
  void On(const ouch50::OrderModified& m) {
    Add("M " + Name(m.user_ref_num) + " " + Char(m.side) + " " + std::to_string(m.quantity));
  }
  void On(const ouch50::MassCancelResponse& m) { Add("X " + Name(m.user_ref_num)); }
  void On(const ouch50::DisableOrderEntryResponse& m) { Add("G " + Name(m.user_ref_num)); }
  void On(const ouch50::EnableOrderEntryResponse& m) { Add("K " + Name(m.user_ref_num)); }
  void On(const ouch50::AccountQueryResponse& m) { Add("Q " + Name(m.next_user_ref_num)); }

 private:
  void Order(const std::string& head, const auto& m, const auto& name, uint32_t open) {
    EXPECT_NE(m.order_reference, 0u);
    Add(head + Name(name) + " " + Char(m.side) + " " + std::to_string(open) + "@" +
        std::to_string(m.price) + " " + Char(m.state));
  }
  void Cancel(const auto& m, const auto& name, uint32_t off) {
    Add("C " + Name(name) + " " + std::to_string(off) + " " + Char(m.reason));
  }
  void Execution(const auto& m, const auto& name, uint32_t shares, uint64_t price) {
    EXPECT_NE(m.match_number, 0u);
    Add("E " + Name(name) + " " + std::to_string(shares) + "@" + std::to_string(price) + " " +
        Char(m.liquidity));
  }
};

inline ouch42::Token T(const std::string& token) { return *ouch42::Token::Of(token); }

inline ouch42::EnterOrder Enter42(const std::string& token, ouch::Side side, uint32_t shares,
                                  uint32_t price = kTestPrice) {
  ouch42::EnterOrder order;
  order.token = T(token);
  order.side = side;
  order.shares = shares;
  order.stock = *ouch42::Symbol::Of("AAPL");
  order.price = price;
  return order;
}
inline ouch50::EnterOrder Enter50(uint32_t number, ouch::Side side, uint32_t quantity,
                                  uint64_t price = kTestPrice) {
  ouch50::EnterOrder order;
  order.user_ref_num = number;
  order.side = side;
  order.quantity = quantity;
  order.symbol = *ouch50::Symbol::Of("AAPL");
  order.price = price;
  order.cl_ord_id = *ouch50::ClOrdId::Of("C" + std::to_string(number));
  return order;
}
inline ouch42::ReplaceOrder Replace42(const std::string& existing, const std::string& token,
                                      uint32_t shares, uint32_t price = kTestPrice) {
  ouch42::ReplaceOrder replace;
  replace.existing_token = T(existing);
  replace.replacement_token = T(token);
  replace.shares = shares;
  replace.price = price;
  return replace;
}
inline ouch50::ReplaceOrder Replace50(uint32_t original, uint32_t number, uint32_t quantity,
                                      uint64_t price = kTestPrice) {
  ouch50::ReplaceOrder replace;
  replace.orig_user_ref_num = original;
  replace.user_ref_num = number;
  replace.quantity = quantity;
  replace.price = price;
  return replace;
}
inline ouch42::CancelOrder Cancel42(const std::string& token, uint32_t shares) {
  return {.token = T(token), .shares = shares};
}
inline ouch50::CancelOrder Cancel50(uint32_t number, uint32_t quantity) {
  ouch50::CancelOrder cancel;
  cancel.user_ref_num = number;
  cancel.quantity = quantity;
  return cancel;
}

inline constexpr ouch::Side kBuy = ouch::Side::kBuy;
inline constexpr ouch::Side kSell = ouch::Side::kSell;

}  // namespace ringway::exchange
