// Tests that the report contains what it promises, under the names that its readers know.
#include "gateway/core/gateway_status.h"

#include <cstddef>
#include <string>
#include <vector>

#include "gateway/journal/storage.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "schema/messages.h"

namespace ringway {
namespace {

GatewayStatus MakeStatus() {
  GatewayStatus status;
  status.taken_at_ns = 5;
  status.totals.accepted = 10;
  status.totals.rejected = 3;
  status.totals.filled = 4;
  status.totals.canceled = 2;
  status.totals.expired = 1;
  status.totals.venue_rejected = 1;
  status.engine.unknown_reports = 6;
  status.engine.overfills = 7;
  status.totals.rejected_by_reason[static_cast<std::size_t>(RejectReason::kKillSwitch)] = 3;
  status.open_orders = 2;
  status.in_doubt = 1;
  SessionStatus session;
  session.id = 7;
  session.logged_on = true;
  session.next_seq_in = 14;
  session.next_seq_out = 30;
  session.counts.requests = 13;
  session.counts.acks = 10;
  session.link = LinkCounters{.frames_sent = 29, .frames_torn = 4};
  session.counts.rejects[static_cast<std::size_t>(RejectReason::kKillSwitch)] = 3;
  status.sessions.push_back(session);
  VenueStatusLine& venue = status.venues.emplace_back();
  venue.id = 3;
  venue.state = VenueState::kUp;
  PositionLine& position = status.positions.emplace_back();
  position.account = 1;
  position.instrument = 2;
  position.position = -100;
  position.traded = {50, 150};
  position.account_day_result = -20;
  UnknownReport unknown{};
  unknown.venue = 3;
  unknown.exec_type = ExecType::kFill;
  status.unknown_reports.push_back(unknown);
  return status;
}

TEST(GatewayStatus, AnAccountsResultIsRoundedDown) {
  const TradeTally trades(1);
  const auto shown = [&](Money made) {
    PositionView view{.account = 1, .instrument = 2, .quantity = 3, .open_buy = 0, .open_sell = 0};
    view.account_day_result = made;
    return MakePositionLine(view, trades).account_day_result;
  };
  EXPECT_EQ(shown(500 * kMoneyPerUnit), 500);
  EXPECT_EQ(shown(500 * kMoneyPerUnit + 1), 500);
  EXPECT_EQ(shown(0), 0);
  EXPECT_EQ(shown(-1), -1);
  EXPECT_EQ(shown(-500 * kMoneyPerUnit), -500);
  EXPECT_EQ(shown(-500 * kMoneyPerUnit - 1), -501);
}

TEST(GatewayStatus, TheJournalIsThereWhereThereIsOne) {
  GatewayStatus status = MakeStatus();
  EXPECT_FALSE(nlohmann::json::parse(PrintStatusJson(status, "1")).contains("journal"));
  status.journal = JournalStatus{.position = 9,
                                 .durable_position = 8,
                                 .fault = JournalFault::kNoSpace,
                                 .snapshot_position = 5,
                                 .snapshot_time_ns = 4,
                                 .snapshot_due_ns = 6};
  const nlohmann::json journal = nlohmann::json::parse(PrintStatusJson(status, "1"))["journal"];
  EXPECT_EQ(journal["position"], 9);
  EXPECT_EQ(journal["durable_position"], 8);
  EXPECT_EQ(journal["fault"], "noSpace");
  EXPECT_EQ(journal["snapshot_position"], 5);
  EXPECT_EQ(journal["snapshot_time_ns"], 4);
  EXPECT_EQ(journal["snapshot_due_ns"], 6);
  EXPECT_NE(journal["remedy"].get<std::string>().find("make room"), std::string::npos);
}

TEST(GatewayStatus, WhatCannotServeSaysSoAndWhy) {
  const auto reason = [](const GatewayStatus& status) {
    const nlohmann::json json = nlohmann::json::parse(PrintStatusJson(status, "1"));
    const std::string why = json["not_serving"].get<std::string>();
    EXPECT_EQ(json["serving"].get<bool>(), why.empty());
    return why;
  };
  GatewayStatus status = MakeStatus();
  EXPECT_EQ(reason(status), "");
  status.journal = JournalStatus{.fault = JournalFault::kNoSpace, .refuses = true};
  EXPECT_NE(reason(status).find("noSpace"), std::string::npos);
  status.journal->refuses = false;
  EXPECT_EQ(reason(status), "");
  status.killed = true;
  EXPECT_NE(reason(status).find("kill switch"), std::string::npos);
  status.killed = false;
  status.venues[0].killed = true;
  EXPECT_NE(reason(status).find("no venue"), std::string::npos);
  status.venues[0].killed = false;
  status.stopping = true;
  EXPECT_EQ(reason(status), "it is stopping");
}

TEST(GatewayStatus, JsonNamesEveryOutcomeAndTheyAddUp) {
  const nlohmann::json json = nlohmann::json::parse(PrintStatusJson(MakeStatus(), "1.2.3"));
  EXPECT_EQ(json["version"], "1.2.3");
  const nlohmann::json& orders = json["orders"];
  EXPECT_EQ(orders["received"], 13);
  EXPECT_EQ(orders["received"].get<int>(),
            orders["filled"].get<int>() + orders["canceled"].get<int>() +
                orders["rejected"].get<int>() + orders["venue_rejected"].get<int>() +
                orders["expired"].get<int>() + orders["open"].get<int>());
  EXPECT_EQ(orders["in_doubt"], 1);
  EXPECT_EQ(orders["rejected_by_reason"]["killSwitch"], 3);
  EXPECT_EQ(
      json["positions"][0].dump(),
      R"({"account":1,"account_day_result":-20,"bought":50,"instrument":2,"open_buy":0,"open_sell":0,"position":-100,"sold":150})");
  EXPECT_EQ(json["sessions"][0]["rejects"].dump(), R"({"killSwitch":3})");
  EXPECT_EQ(json["sessions"][0]["requests_received"], 13);
  EXPECT_EQ(json["sessions"][0]["next_seq_out"], 30);
  EXPECT_EQ(json["sessions"][0]["link"]["frames_sent"], 29);
  EXPECT_EQ(json["sessions"][0]["link"]["frames_torn"], 4);
  EXPECT_EQ(json["venues"][0]["state"], "up");
  EXPECT_EQ(json["venue_reports"]["unknown"], 6);
  EXPECT_EQ(json["venue_reports"]["overfills"], 7);
  EXPECT_EQ(json["unknown_reports"][0]["exec_type"], "fill");
}

TEST(GatewayStatus, ChangedLimitsAreShownBesideWhatIsConfigured) {
  GatewayStatus status = MakeStatus();
  status.changed_limits = {
      .total = 101,
      .shown = {{LimitOwner::kDesk, 3, LimitKind::kDailyLossMax, 500, kNoLimit},
                {LimitOwner::kFirm, 0, LimitKind::kPositionMax, kNoLimit, 7}}};
  EXPECT_EQ(
      nlohmann::json::parse(PrintStatusJson(status, "1"))["changed_limits"].dump(),
      R"({"first":[{"configured":500,"id":3,"limit":"daily_loss_max","owner":"desk","value":"off"},)"
      R"({"configured":"off","id":0,"limit":"position_max","owner":"firm","value":7}],"total":101})");
}

TEST(GatewayStatus, PlacesOfPositionsThatWereGivenUpAreNotShown) {
  GatewayStatus status;
  for (const uint32_t account : {2u, 0u, 1u, 0u}) status.positions.emplace_back().account = account;
  status.positions_total = 5;  // one of them had no room
  SortPositions(status);
  ASSERT_EQ(status.positions.size(), 2u);
  EXPECT_EQ(status.positions[0].account, 1u);
  EXPECT_EQ(status.positions_total, 3u);
}

TEST(GatewayStatus, SessionsAndOrdersAreLines) {
  GatewayStatus status = MakeStatus();
  EXPECT_EQ(PrintSessions(status),
            "session 7 on  requests 13  acks 10  rejects 3  reports 0  open orders 0\n");
  status.orders_open = 3;
  OrderView order{};
  order.cl_ord_id = 9;
  order.account = 1;
  order.instrument = 2;
  order.venue = 3;
  order.side = Side::kSell;
  order.status = OrdStatus::kNew;
  order.price = 12'500'000'000;
  order.leaves_qty = 5;
  order.cum_qty = 1;
  status.orders.push_back(order);
  EXPECT_EQ(PrintOrders(status),
            "3 open orders\n"
            "clOrdId 9  account 1  instrument 2  sell 5 at 12.5  filled 1  venue 3  new\n"
            "... and 2 more\n");
}

}  // namespace
}  // namespace ringway
