// Tests that every operator's line is answered, changes are logged with who and why, and what is
// not permitted is refused.
#include "gateway/admin/admin_desk.h"

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gateway/admin/admin_command.h"
#include "gateway/admin/admin_mailbox.h"
#include "gateway/admin/admin_server.h"
#include "gateway/config/config.h"
#include "gateway/core/gateway_status.h"
#include "gtest/gtest.h"
#include "schema/messages.h"

namespace ringway {
namespace {

GatewayConfig MakeConfig() {
  GatewayConfig config;
  config.sessions.emplace_back().engine.id = 7;
  config.accounts.emplace_back().id = 1;
  config.venues.emplace_back().engine.id = 3;
  return config;
}

class AdminDeskTest : public testing::Test {
 protected:
  AdminDeskTest()
      : config_(MakeConfig()),
        desk_(
            mailbox_, config_, [this](std::string_view line) { log_.emplace_back(line); }, {},
            std::chrono::minutes(1)) {}
  ~AdminDeskTest() override { StopEngine(); }

  // Stands in for the engine's thread.
  void StartEngine() {
    engine_ = std::thread([this] {
      while (!stop_) {
        for (const AdminLane lane : {AdminLane::kControl, AdminLane::kMonitoring}) {
          mailbox_.Serve(lane, [this](const AdminRequest& request, AdminReply& reply, uint32_t) {
            served_.push_back(request);
            reply.ok = true;
            reply.status = {};
            SessionStatus& session = reply.status.sessions.emplace_back();
            session.id = 7;
            session.logged_on = true;
            VenueStatusLine& venue = reply.status.venues.emplace_back();
            venue.id = 3;
            venue.state = venue_state_;
            return true;
          });
        }
        std::this_thread::yield();
      }
    });
  }
  void StopEngine() {
    stop_ = true;
    if (engine_.joinable()) engine_.join();
  }

  // As the admin server does, on one thread.
  AdminAnswer Ask(const std::string& line) { return Ask(desk_, line); }
  static AdminAnswer Ask(AdminDesk& desk, const std::string& line) {
    AdminAnswer answer = desk.Answer({.uid = 1000, .pid = 42}, line);
    if (answer.rest) answer = answer.rest();
    if (answer.shared != nullptr) answer.text = *answer.shared;
    return answer;
  }

  GatewayConfig config_;
  AdminMailbox mailbox_;
  std::vector<std::string> log_;
  AdminDesk desk_;
  VenueState venue_state_ = VenueState::kUp;
  std::vector<AdminRequest> served_;
  std::atomic<bool> stop_ = false;
  std::thread engine_;
};

TEST_F(AdminDeskTest, KillsAndArmsAreDoneAndLoggedWithWhoAndWhy) {
  StartEngine();
  const AdminAnswer killed = Ask("kill session 7 loop in strategy");
  EXPECT_TRUE(killed.ok) << killed.text;
  EXPECT_TRUE(
      killed.text.starts_with("kill switch latched for session 7, because: loop in strategy\n"
                              "no order leaves there since at most "))
      << killed.text;
  EXPECT_TRUE(Ask("arm all by Anna Example").ok);
  StopEngine();
  ASSERT_EQ(served_.size(), 2u);
  EXPECT_EQ(served_[0].command.scope, KillScope::kSession);
  EXPECT_EQ(served_[0].operator_id, 1000u);
  EXPECT_EQ(
      log_,
      (std::vector<std::string>{
          "admin: uid 1000 pid 42: kill switch latched for session 7, because: loop in strategy",
          "admin: uid 1000 pid 42: kill switch lifted for all, decided by: Anna Example"}));
}

TEST_F(AdminDeskTest, ACancelAnswersWithWhatItDid) {
  StartEngine();
  EXPECT_EQ(Ask("cancel account 1 buy because lunch").text,
            "cancel of open orders of account 1 to buy, because: lunch\n"
            "0 cancels sent, 0 not sent because the venue is down\n");
  EXPECT_EQ(Ask("cancel instrument 5 because lunch").text,
            "there is no instrument 5; 'config' lists those there are");
  StopEngine();
  ASSERT_EQ(log_.size(), 2u);
  EXPECT_EQ(log_[0],
            "admin: uid 1000 pid 42: cancel of open orders of account 1 to buy, because: lunch");
}

TEST_F(AdminDeskTest, AKillThatCancelsAnswersWithBoth) {
  StartEngine();
  const AdminAnswer answer = Ask("kill-and-cancel session 7 runaway");
  EXPECT_TRUE(answer.ok) << answer.text;
  EXPECT_TRUE(answer.text.starts_with(
      "kill switch latched and open orders canceled for session 7, because: runaway\n"
      "no order leaves there since at most "))
      << answer.text;
  EXPECT_TRUE(answer.text.ends_with("0 cancels sent, 0 not sent because the venue is down\n"))
      << answer.text;
  EXPECT_EQ(Ask("kill-and-cancel instrument 5 runaway").text,
            "there is no instrument 5; 'config' lists those there are");
  StopEngine();
  ASSERT_EQ(log_.size(), 2u);
  EXPECT_EQ(log_[0],
            "admin: uid 1000 pid 42: kill switch latched and open orders canceled for session 7, "
            "because: runaway");
}

TEST_F(AdminDeskTest, AReferencePriceIsHeldAgainstItsInstrument) {
  StartEngine();
  EXPECT_EQ(Ask("reference instrument 5 1 by Anna").text,
            "there is no instrument 5; 'config' lists those there are");
  StopEngine();
  ASSERT_EQ(log_.size(), 1u);
}

TEST_F(AdminDeskTest, APositionIsLoggedWithWhoAndWhy) {
  StartEngine();
  EXPECT_EQ(Ask("position account 2 instrument 5 set 1 by Anna because day start").text,
            "there is no account 2; 'config' lists those there are");
  EXPECT_EQ(Ask("position account 1 instrument 5 set 1 by Anna because day start").text,
            "there is no instrument 5; 'config' lists those there are");
  EXPECT_EQ(Ask("position session 99 instrument 5 set 1 by Anna because day start").text,
            "there is no session 99; 'config' lists those there are");
  StopEngine();
  ASSERT_EQ(log_.size(), 3u);
}

TEST_F(AdminDeskTest, ALimitOfAGroupOrADayHasToBeConfigured) {
  config_.desks.push_back({.id = 4, .name = "desk", .limits = {.position_max = 5}});
  config_.firm.limits.daily_loss_max = 5;
  StartEngine();
  const std::string why = " by Anna because volatile";
  EXPECT_EQ(Ask("limit desk 4 position_max 7" + why).text,
            "position_max of desk 4 is 7 now, decided by: Anna because volatile\n");
  EXPECT_EQ(Ask("limit firm daily_loss_max off" + why).text,
            "daily_loss_max of the firm is off now, decided by: Anna because volatile\n");
  EXPECT_EQ(Ask("limit account 1 quantity_max 7" + why).text,
            "quantity_max of account 1 is 7 now, decided by: Anna because volatile\n");
  EXPECT_EQ(Ask("limit desk 5 position_max 7" + why).text,
            "there is no desk 5; 'config' lists those there are");
  EXPECT_EQ(served_.size(), 3u);
  const std::string not_counted =
      ", so nothing is counted that it could be held against; write one there (as high as you "
      "like), and restart the gateway";
  EXPECT_EQ(Ask("limit firm daily_turnover_max 7" + why).text,
            "the configuration has no daily_turnover_max of the firm" + not_counted);
  EXPECT_EQ(Ask("limit session 7 position_max 7" + why).text,
            "the configuration has no position_max of session 7" + not_counted);
  EXPECT_EQ(Ask("limit account 1 daily_sold_max 7" + why).text,
            "the configuration has no daily_sold_max of account 1" + not_counted);
  EXPECT_EQ(served_.size(), 3u);
}

TEST_F(AdminDeskTest, UnknownNumbersAreRefusedAndTheAttemptIsLogged) {
  StartEngine();
  EXPECT_EQ(Ask("kill session 8 x").text, "there is no session 8; 'config' lists those there are");
  EXPECT_EQ(Ask("kill account 2 x").text, "there is no account 2; 'config' lists those there are");
  EXPECT_EQ(Ask("arm venue 1 by x").text, "there is no venue 1; 'config' lists those there are");
  EXPECT_EQ(Ask("orders 9").text, "there is no session 9; 'config' lists those there are");
  StopEngine();
  EXPECT_TRUE(served_.empty());
  ASSERT_EQ(log_.size(), 3u);
  EXPECT_EQ(log_[0],
            "admin: uid 1000 pid 42: REFUSED (there is no session 8; 'config' lists those there "
            "are): kill session 8 x");
}

TEST_F(AdminDeskTest, BadLinesAreAnsweredWithoutTheEngine) {
  EXPECT_FALSE(Ask("").ok);
  EXPECT_FALSE(Ask("arm session 7").ok);
  EXPECT_FALSE(Ask("explode").ok);
  EXPECT_TRUE(Ask("help").ok);
  EXPECT_NE(Ask("config").text.find("[[session]]"), std::string::npos);
  EXPECT_TRUE(log_.empty());
}

TEST_F(AdminDeskTest, AnEngineThatDoesNotAnswerIsReportedAndNothingHappensLater) {
  AdminDesk hasty(
      mailbox_, config_, [this](std::string_view line) { log_.emplace_back(line); }, {},
      std::chrono::milliseconds(100));
  const AdminAnswer answer = Ask(hasty, "kill all now");
  EXPECT_FALSE(answer.ok);
  EXPECT_NE(answer.text.find("nothing was done"), std::string::npos) << answer.text;
  ASSERT_EQ(log_.size(), 1u);
  StartEngine();
  EXPECT_TRUE(Ask("status").ok);
  StopEngine();
  ASSERT_EQ(served_.size(), 1u);
  EXPECT_EQ(served_[0].command.verb, AdminVerb::kStatus) << "and no kill";
}

TEST_F(AdminDeskTest, WhoAskedBeforeAStatusWasBegunGetsThatOne) {
  StartEngine();
  const AdminPeer peer{.uid = 1000, .pid = 42};
  const AdminAnswer first = desk_.Answer(peer, "status");
  const AdminAnswer second = desk_.Answer(peer, "status");
  const auto one = first.rest().shared;
  EXPECT_EQ(second.rest().shared, one);
  EXPECT_NE(desk_.Answer(peer, "status").rest().shared, one) << "asked later: a newer one";
}

TEST_F(AdminDeskTest, ReadyIsAnErrorWithTheReasonWhereNothingIsServed) {
  StartEngine();
  EXPECT_EQ(Ask("ready").text, "ready\n");
  StopEngine();
  stop_ = false;
  venue_state_ = VenueState::kDown;
  StartEngine();
  const AdminAnswer answer = Ask("ready");
  EXPECT_FALSE(answer.ok);
  EXPECT_EQ(answer.text, "not ready: no venue is up and armed: see venues in `status`");
}

TEST_F(AdminDeskTest, AClosedMailboxAnswersAtOnce) {
  mailbox_.Close();
  EXPECT_FALSE(Ask("status").ok);
  EXPECT_FALSE(Ask("kill all now").ok);
}

TEST_F(AdminDeskTest, StatusIsJsonAndSessionsAreLines) {
  StartEngine();
  EXPECT_EQ(Ask("status").text.front(), '{');
  EXPECT_EQ(Ask("sessions").text,
            "session 7 on  requests 0  acks 0  rejects 0  reports 0  open orders 0\n");
  EXPECT_EQ(Ask("orders 7").text, "0 open orders\n");
}

}  // namespace
}  // namespace ringway
