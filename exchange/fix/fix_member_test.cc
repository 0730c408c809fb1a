// Tests what a member that speaks FIX is told for what it asks, in all versions.
#include "exchange/fix/fix_member.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "exchange/exchange_fixture.h"
#include "exchange/fix/testing/fix_client.h"
#include "exchange/fix/testing/fix_talk.h"
#include "gtest/gtest.h"
#include "tests/alloc_count.h"

namespace ringway::exchange {
namespace {

class FixMemberTest : public ExchangeTest, public testing::WithParamInterface<FixVersion> {
 protected:
  FixMemberTest() {
    ExchangeOptions options = SmallOptions();
    options.members_max = 8;
    options.ids_after = 1'000'000;
    Make(options);
    Begin(FixMemberClient::Options(42, GetParam()));
  }
  void Begin(FixMemberOptions options) {
    options.account_of = {{"DESK", 8}};
    client_ = std::make_unique<FixMemberClient>(*exchange_, options, now_ns_);
    ASSERT_EQ(client_->LogOn(), Lines{"A"});
  }
  bool Is42() const { return GetParam() == FixVersion::k42; }
  // A code of 4.2, and the one that later versions have.
  std::string Of(const char* of_42, const char* later) const { return Is42() ? of_42 : later; }
  // Of 5.0 SP2 alone.
  std::string Code(const char* of_42, const char* of_44, const char* of_50) const {
    return GetParam() == FixVersion::k42 ? of_42 : GetParam() == FixVersion::k44 ? of_44 : of_50;
  }
  std::string Status(const std::string& status, const std::string& rest,
                     const std::string& more = "") const {
    return "8 " + (Is42() ? status : "I") + "/" + status + " " + rest + (Is42() ? " status" : "") +
           more;
  }
  Lines Send(std::string_view type, std::string_view fields, std::string_view header = "") {
    return client_->Ask(type, fields, header);
  }
  const std::string& last() const { return client_->talk.last(); }

  std::unique_ptr<FixMemberClient> client_;
};

INSTANTIATE_TEST_SUITE_P(Versions, FixMemberTest,
                         testing::Values(FixVersion::k42, FixVersion::k44, FixVersion::k50Sp2),
                         [](const auto& version) {
                           return version.param == FixVersion::k42   ? "Fix42"
                                  : version.param == FixVersion::k44 ? "Fix44"
                                                                     : "Fix50Sp2";
                         });

TEST_P(FixMemberTest, AnOrderIsAcceptedTradedAndFilled) {
  EXPECT_EQ(Send("D", EnterFields("A", '2', 100, "10", "1=DESK|")), Lines{"8 0/0 A 100+0"});
  for (const char* field :
       {"|55=AAPL|", "|54=2|", "|38=100|", "|40=2|", "|44=10|", "|59=0|", "|1=DESK|", "|6=0|"}) {
    EXPECT_NE(last().find(field), std::string::npos) << field << " " << last();
  }
  EXPECT_EQ(FieldOf(last(), 20), Of("0", ""));
  EXPECT_NE(FieldOf(last(), 37), "");
  EXPECT_NE(FieldOf(last(), 17), "");
  EXPECT_FALSE(FieldOf(last(), 60).empty());
  const std::string order_id = FieldOf(last(), 37);

  Ask(Buy(1, 1000, 40));
  EXPECT_EQ(client_->Told(), Lines{"8 " + Of("1", "F") + "/1 A 60+40 40@10"});
  EXPECT_EQ(FieldOf(last(), 37), order_id);
  EXPECT_EQ(FieldOf(last(), 6), "10");
  EXPECT_EQ(FieldOf(last(), 851), Of("", "1"));
  EXPECT_EQ(FieldOf(last(), 880).empty(), GetParam() != FixVersion::k50Sp2);
  Ask(Buy(2, 1000, 60));
  EXPECT_EQ(client_->Told(), Lines{"8 " + Of("2", "F") + "/2 A 0+100 60@10"});
  EXPECT_EQ(client_->member.open_orders(), 0u);
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_P(FixMemberTest, TheMeanPriceIsExactAndRounded) {
  Ask(Sell(1, 1000, 1));
  Ask(Sell(2, 1001, 2));
  const Lines told = Send("D", EnterFields("A", '1', 3, "10.01"));
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[2], "8 " + Of("2", "F") + "/2 A 0+3 2@10.01");
  EXPECT_EQ(FieldOf(last(), 6), "10.006666667");
}

TEST_P(FixMemberTest, ImmediateAndMarketOrders) {
  EXPECT_EQ(Send("D", EnterFields("A", '1', 10, "10", "59=3|")),
            (Lines{"8 0/0 A 10+0", "8 4/4 A 0+0"}));
  Ask(Sell(1, 1000, 5));
  EXPECT_EQ(Send("D", EnterFields("B", '1', 10, "10", "59=4|")),
            (Lines{"8 0/0 B 10+0", "8 4/4 B 0+0"}))
      << "fill or kill";
  const std::string trade = Of("1", "F");
  EXPECT_EQ(Send("D", EnterFields("C", '1', 10, "")),
            (Lines{"8 0/0 C 10+0", "8 " + trade + "/1 C 5+5 5@10", "8 4/4 C 0+5"}));
  EXPECT_EQ(FieldOf(last(), 40), "1");
  EXPECT_EQ(FieldOf(last(), 44), "");
}

TEST_P(FixMemberTest, TimesInForceEnd) {
  now_ns_ = kStartNs;
  EXPECT_EQ(Send("D", EnterFields("A", '1', 10, "10", "59=6|126=20231114-22:13:25|")),
            Lines{"8 0/0 A 10+0"});
  EXPECT_EQ(FieldOf(last(), 126).substr(0, 17), "20231114-22:13:25");
  EXPECT_EQ(Send("D", EnterFields("B", '1', 10, "10", "59=6|432=20231114|")), Lines{"8 0/0 B 10+0"})
      << "until midnight";
  EXPECT_EQ(Send("D", EnterFields("C", '1', 10, "10", "59=6|126=20231114-22:13:19|")),
            Lines{"8 8/8 C 0+0 103=4"})
      << "over";
  EXPECT_EQ(Send("D", EnterFields("D", '1', 10, "10", "59=6|")), Lines{"3 45=5 371=126 373=1"});
  EXPECT_EQ(Send("D", EnterFields("E", '1', 10, "10", "59=2|")),
            Lines{"8 8/8 E 0+0 103=" + Of("0", "11")});
  now_ns_ += 5 * kNsPerS;
  exchange_->OnTimer(now_ns_);
  EXPECT_EQ(client_->Told(), Lines{"8 C/C A 0+0"});
  now_ns_ += 2 * 3600 * kNsPerS;
  exchange_->OnTimer(now_ns_);
  EXPECT_EQ(client_->Told(), Lines{"8 C/C B 0+0"});
}

TEST_P(FixMemberTest, PostOnlyAndIcebergs) {
  Ask(Sell(1, 1000, 5));
  EXPECT_EQ(Send("D", EnterFields("A", '1', 10, "10", "18=6|")),
            Lines{"8 8/8 A 0+0 103=" + Of("0", "99")});
  EXPECT_EQ(Send("D", EnterFields("B", '1', 10, "9", "18=1 6|")), Lines{"8 0/0 B 10+0"});
  EXPECT_EQ(FieldOf(last(), 18), "6");
  EXPECT_EQ(Send("D", EnterFields("C", '1', 10, "9", "18=G|")),
            Lines{"8 8/8 C 0+0 103=" + Of("0", "11")});
  const std::string shown = Code("111", "111", "1138");
  EXPECT_EQ(Send("D", EnterFields("D", '1', 30, "9.5", shown + "=10|")), Lines{"8 0/0 D 30+0"});
  EXPECT_EQ(FieldOf(last(), std::stoi(shown)), "10");
  Ask(Sell(2, 950, 15));
  const std::string trade = "8 " + Of("1", "F");
  EXPECT_EQ(client_->Told(), (Lines{trade + "/1 D 20+10 10@9.5", trade + "/1 D 15+15 5@9.5"}));
}

TEST_P(FixMemberTest, CancelsNameBothIds) {
  Send("D", EnterFields("A", '2', 100));
  Ask(Buy(1, 1000, 30));
  client_->Told();
  EXPECT_EQ(Send("F", CancelFields("X", "A", '2')), Lines{"8 4/4 X<A 0+30"});
  EXPECT_EQ(FieldOf(last(), 38), "100");
  EXPECT_EQ(Send("F", CancelFields("Y", "A", '2')), Lines{"9 Y<A 39=4 434=1 102=0"}) << "too late";
  EXPECT_EQ(Send("F", CancelFields("Z", "NONE", '2')), Lines{"9 Z<NONE 39=8 434=1 102=1"});
  EXPECT_EQ(FieldOf(last(), 37), "NONE");
  Send("D", EnterFields("B", '2', 100));
  EXPECT_EQ(Send("F", CancelFields("Z", "B", '2')), Lines{"9 Z<B 39=0 434=1 102=" + Of("2", "6")})
      << "the id was used";
  EXPECT_EQ(Send("F", CancelFields("B", "B", '2')), Lines{"9 B<B 39=0 434=1 102=" + Of("2", "6")});
  EXPECT_EQ(Send("F", CancelFields("W", "B", '1')), Lines{"9 W<B 39=0 434=1 102=" + Of("2", "99")})
      << "another side";
  EXPECT_EQ(client_->member.open_orders(), 1u);
}

TEST_P(FixMemberTest, ReplacesCountWhatHasTraded) {
  Send("D", EnterFields("A", '2', 100));
  EXPECT_EQ(Send("G", ReplaceFields("B", "A", '2', 80, "11")),
            Lines{"8 5/" + Of("5", "0") + " B<A 80+0"});
  EXPECT_EQ(FieldOf(last(), 44), "11");
  EXPECT_EQ(FieldOf(last(), 38), "80");
  Ask(Buy(1, 1100, 30));
  client_->Told();
  EXPECT_EQ(Send("G", ReplaceFields("C", "B", '2', 50, "11")), Lines{"8 5/1 C<B 20+30"});
  EXPECT_EQ(Send("G", ReplaceFields("D", "C", '2', 30, "11")), Lines{"9 D<C 39=1 434=2 102=0"})
      << "it has traded as much";
  EXPECT_EQ(Send("G", ReplaceFields("E", "A", '2', 90)), Lines{"9 E<A 39=1 434=2 102=1"})
      << "it has another name now";
  EXPECT_EQ(Send("G", ReplaceFields("F", "C", '2', 90, "11.001")),
            Lines{"9 F<C 39=1 434=2 102=" + Code("2", "99", "18")});
  EXPECT_EQ(Send("G", ReplaceFields("G", "C", '2', 90, "")),
            Lines{"9 G<C 39=1 434=2 102=" + Of("2", "99")})
      << "a market order";
  EXPECT_EQ(Send("G", ReplaceFields("H", "C", '2', 90, "11", "18=6|")),
            Lines{"9 H<C 39=1 434=2 102=" + Of("2", "99")});
  EXPECT_EQ(Send("G", ReplaceFields("I", "C", '2', 90, "11", "59=6|126=20231115-00:00:00|")),
            Lines{"8 5/1 I<C 60+30"});
  EXPECT_EQ(FieldOf(last(), 59), "6");
  // To a price that trades.
  Ask(Buy(2, 1050, 100));
  EXPECT_EQ(Send("G", ReplaceFields("J", "I", '2', 90, "10.50")),
            (Lines{"8 5/1 J<I 60+30", "8 " + Of("2", "F") + "/2 J 0+90 60@10.5"}));
  EXPECT_EQ(FieldOf(last(), 6), "10.666666667");
}

TEST_P(FixMemberTest, StatusIsToldAndChangesNothing) {
  const std::string request = Is42() ? "" : "790=Q1|";
  const std::string echoed = Is42() ? "" : " 790=Q1";
  EXPECT_EQ(Send("H", StatusFields("A") + request), Lines{Status("8", "A 0+0", " 103=5" + echoed)})
      << "an unknown one";
  EXPECT_EQ(FieldOf(last(), 37), "NONE");
  Send("D", EnterFields("A", '1', 100));
  Ask(Sell(1, 1000, 30));
  client_->Told();
  EXPECT_EQ(Send("H", StatusFields("A") + request), Lines{Status("1", "A 70+30", echoed)});
  EXPECT_EQ(FieldOf(last(), 17), "0");
  Send("G", ReplaceFields("B", "A", '1', 90, "9"));
  EXPECT_EQ(Send("H", StatusFields("A")), Lines{Status("1", "B 60+30")})
      << "by an earlier name, it is told under that of now";
  Send("F", CancelFields("C", "B", '1'));
  EXPECT_EQ(Send("H", StatusFields("B")), Lines{Status("4", "B 0+30")});
  Send("D", EnterFields("R", '1', 100, "-5"));
  EXPECT_EQ(Send("H", StatusFields("R")), Lines{Status("8", "R 0+0", " 103=" + Of("0", "99"))});
}

TEST_P(FixMemberTest, AnIdIsUsedOnceUnlessItMayHaveComeBefore) {
  Send("D", EnterFields("A", '1', 100));
  EXPECT_EQ(Send("D", EnterFields("A", '1', 50)), Lines{"8 8/8 A 0+0 103=6"});
  EXPECT_EQ(Send("D", EnterFields("A", '1', 100), "97=Y|"), Lines{Status("0", "A 100+0")});
  EXPECT_EQ(Send("D", EnterFields("B", '1', 100), "97=Y|"), Lines{"8 0/0 B 100+0"})
      << "it had not come";
  EXPECT_EQ(Send("G", ReplaceFields("C", "A", '1', 90)),
            Lines{"8 5/" + Of("5", "0") + " C<A 90+0"});
  EXPECT_EQ(Send("G", ReplaceFields("C", "A", '1', 90), "97=Y|"), Lines{Status("0", "C 90+0")});
  EXPECT_EQ(Send("F", CancelFields("D", "C", '1')), Lines{"8 4/4 D<C 0+0"});
  EXPECT_EQ(Send("F", CancelFields("D", "C", '1'), "97=Y|"), Lines{Status("4", "C 0+0")});
  EXPECT_EQ(Send("D", EnterFields("D", '1', 5)), Lines{"8 8/8 D 0+0 103=6"});
  EXPECT_EQ(exchange_->book().open_count(), 1u);
}

TEST_P(FixMemberTest, RefusedOrdersSayWhy) {
  const auto code = [&](const char* of_42, const char* of_44, const char* of_50) {
    return "8 8/8 A 0+0 103=" + Code(of_42, of_44, of_50);
  };
  uint64_t number = 0;
  const auto refused = [&](std::string fields) {
    const std::string id = "R" + std::to_string(++number);
    fields.replace(fields.find("11=A|"), 5, "11=" + id + "|");
    Lines lines = Send("D", fields);
    for (std::string& line : lines) line.replace(line.find(id), id.size(), "A");
    return lines;
  };
  const std::string base = EnterFields("A", '1', 10);
  std::string ibm = base;
  ibm.replace(ibm.find("AAPL"), 4, "IBM");
  EXPECT_EQ(refused(ibm), Lines{code("1", "1", "1")});
  EXPECT_EQ(FieldOf(last(), 55), "IBM");
  EXPECT_EQ(refused(EnterFields("A", '1', 10, "10.001")), Lines{code("0", "99", "18")});
  EXPECT_EQ(refused(EnterFields("A", '1', 10, "1000001")), Lines{code("0", "99", "16")});
  EXPECT_EQ(refused(EnterFields("A", '1', 0)), Lines{code("0", "13", "13")});
  EXPECT_EQ(refused(EnterFields("A", '1', 1'000, "10", "1=OTHER|")), Lines{code("0", "15", "15")});
  EXPECT_EQ(refused(EnterFields("A", '1', uint64_t{1} << 38)), Lines{code("3", "3", "3")});
  EXPECT_EQ(refused(EnterFields("A", '8', 10)), Lines{code("0", "11", "11")}) << "a cross";
  EXPECT_EQ(refused(EnterFields("A", '1', 10, "10", "110=5|")), Lines{code("0", "11", "11")});
  std::string stop = base;
  stop.replace(stop.find("40=2"), 4, "40=3");
  EXPECT_EQ(refused(stop), Lines{code("0", "11", "11")});
  EXPECT_FALSE(FieldOf(last(), 58).empty());
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_P(FixMemberTest, WhatIsMissingOrMalformedIsRejectedWithItsTag) {
  const auto without = [](std::string fields, const std::string& tag) {
    const std::string key = "|" + tag + "=";
    fields = "|" + fields;
    const std::size_t at = fields.find(key);
    fields.erase(at + 1, fields.find('|', at + 1) - at);
    return fields.substr(1);
  };
  const auto with = [](std::string fields, const std::string& tag, const std::string& value) {
    fields = "|" + fields;
    const std::size_t at = fields.find("|" + tag + "=") + tag.size() + 2;
    fields.replace(at, fields.find('|', at) - at, value);
    return fields.substr(1);
  };
  uint64_t number = 1;
  const auto reject = [&](const char* tag, const char* reason) {
    return Lines{"3 45=" + std::to_string(++number) + " 371=" + tag + " 373=" + reason};
  };
  const std::string order = EnterFields("A", '1', 10);
  for (const char* tag : {"11", "55", "54", "60", "38", "40", "44"}) {
    EXPECT_EQ(Send("D", without(order, tag)), reject(tag, "1"));
  }
  EXPECT_EQ(Send("G", order), reject("41", "1"));
  EXPECT_EQ(Send("F", StatusFields("A")), reject("41", "1"));
  EXPECT_EQ(Send("H", "11=A|55=AAPL|"), reject("54", "1"));
  EXPECT_EQ(FieldOf(last(), 372), "H");
  for (const auto& [tag, value] :
       {std::pair("44", "ten"), std::pair("44", "1e3"), std::pair("38", "-"),
        std::pair("60", "yesterday"), std::pair("54", "11"), std::pair("40", "22")}) {
    EXPECT_EQ(Send("D", with(order, tag, value)), reject(tag, "6")) << value;
  }
  for (const auto& [tag, value] :
       {std::pair("38", "1.5"), std::pair("38", "-5"), std::pair("38", "99999999999999999999"),
        std::pair("11", "12345678901234567890123456789012345678901")}) {
    EXPECT_EQ(Send("D", with(order, tag, value)), reject(tag, "5")) << value;
  }
  EXPECT_EQ(Send("D", with(order, "38", "10.00")), Lines{"8 0/0 A 10+0"})
      << "a whole number all the same";
}

TEST_P(FixMemberTest, OtherTypesAreRefusedAsBusiness) {
  EXPECT_EQ(Send("AE", "571=1|"), Lines{"j 45=2 372=AE 380=3"});
  if (!Is42()) return;
  EXPECT_EQ(Send("AF", "584=M|585=7|"), Lines{"j 45=3 372=AF 380=3"}) << "4.2 has no such message";
  EXPECT_EQ(Send("q", "11=M|530=7|60=20231114-22:13:20|"), Lines{"j 45=4 372=q 380=3"});
}

TEST_P(FixMemberTest, MassStatusTellsEveryOpenOrder) {
  if (Is42()) return;
  EXPECT_EQ(Send("AF", "584=M0|585=7|"), Lines{"8 I/8  0+0 103=5 M0 of 0 last"});
  Send("D", EnterFields("A", '1', 10));
  Send("D", EnterFields("B", '2', 20, "11"));
  Send("D", EnterFields("C", '2', 30, "11"));
  Send("F", CancelFields("D", "B", '2'));
  EXPECT_EQ(Send("AF", "584=M1|585=7|"),
            (Lines{"8 I/0 A 10+0 M1 of 2", "8 I/0 C 30+0 M1 of 2 last"}));
  EXPECT_EQ(Send("AF", "584=M2|585=1|55=AAPL|54=2|"), Lines{"8 I/0 C 30+0 M2 of 1 last"});
  EXPECT_EQ(Send("AF", "584=M3|585=1|55=MSFT|"), Lines{"8 I/8  0+0 103=5 M3 of 0 last"});
  EXPECT_EQ(Send("AF", "584=M4|585=1|55=IBM|"), Lines{"8 I/8  0+0 103=1 M4 of 0 last"});
  EXPECT_EQ(Send("AF", "584=M5|585=3|"), Lines{"8 I/8  0+0 103=11 M5 of 0 last"});
  EXPECT_EQ(Send("AF", "584=M6|585=1|"), Lines{"3 45=12 371=55 373=1"});
}

TEST_P(FixMemberTest, MassCancelIsReportedAndEveryOrderTellsItsEnd) {
  if (Is42()) return;
  const auto all = [](const char* id, const char* more) {
    return "11=" + std::string(id) + "|60=20231114-22:13:20|" + more;
  };
  EXPECT_EQ(Send("q", all("M0", "530=7|")), Lines{"r M0 531=7 533=0"});
  Send("D", EnterFields("A", '1', 10));
  Send("D", EnterFields("B", '2', 20, "11"));
  Send("D", EnterFields("C", '2', 30, "11"));
  EXPECT_EQ(Send("q", all("M1", "530=1|55=AAPL|54=1|")),
            (Lines{"r M1 531=1 533=1", "8 4/4 A 0+0"}));
  EXPECT_EQ(Send("q", all("M2", "530=1|55=IBM|")), Lines{"r M2 531=0 532=1"});
  EXPECT_EQ(Send("q", all("M3", "530=4|")), Lines{"r M3 531=0 532=0"});
  EXPECT_EQ(Send("q", all("M1", "530=7|")), Lines{"r M1 531=0 532=99"}) << "the id was used";
  EXPECT_EQ(Send("q", all("M4", "530=7|")),
            (Lines{"r M4 531=7 533=2", "8 4/4 B 0+0", "8 4/4 C 0+0"}));
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_P(FixMemberTest, ExecutionIdsAreUnique) {
  Send("D", EnterFields("A", '1', 10));
  Send("D", EnterFields("A", '1', 10));
  Send("D", EnterFields("A", '1', 10));
  Send("D", EnterFields("B", '2', 5));
  std::set<std::string> ids;
  for (const std::string& message : client_->talk.heard) {
    if (FieldOf(message, 35) == "8") {
      EXPECT_TRUE(ids.insert(FieldOf(message, 17)).second) << message;
    }
  }
  EXPECT_EQ(ids.size(), 6u);
}

TEST_P(FixMemberTest, OrdersAndIdsThatEndedAreForgottenTheOldestFirst) {
  FixMemberOptions options = FixMemberClient::Options(43, GetParam());
  options.messages_max = 256;
  client_->Hang();
  Begin(options);
  Send("D", EnterFields("OPEN", '1', 10));
  // Places for open orders are used as well before one is used again.
  const uint32_t many = exchange_->options().member_queue_reports + 600;
  for (uint32_t i = 0; i != many; ++i) {
    ASSERT_EQ(Send("D", EnterFields("N" + std::to_string(i), '1', 0)).size(), 1u);
  }
  EXPECT_EQ(Send("H", StatusFields("N1")), Lines{Status("8", "N1 0+0", " 103=5")}) << "forgotten";
  const std::string late = "N" + std::to_string(many - 100);
  EXPECT_EQ(Send("H", StatusFields(late)),
            Lines{Status("8", late + " 0+0", " 103=" + Of("0", "13"))});
  EXPECT_EQ(Send("H", StatusFields("OPEN")), Lines{Status("0", "OPEN 10+0")});
  EXPECT_EQ(Send("D", EnterFields("OPEN", '1', 10)), Lines{"8 8/8 OPEN 0+0 103=6"});
}

TEST_P(FixMemberTest, MessagesAllocateNothing) {
  for (int round = 0; round != 2; ++round) {
    const std::string id = "A" + std::to_string(round);
    const std::string replaced = "B" + std::to_string(round);
    FixMember& member = client_->member;
    FixTalk& talk = client_->talk;
    const std::string bytes = talk.Write(now_ns_, "D", EnterFields(id, '1', 100)) +
                              talk.Write(now_ns_, "G", ReplaceFields(replaced, id, '1', 90)) +
                              talk.Write(now_ns_, "D", EnterFields("S" + id, '2', 10)) +
                              talk.Write(now_ns_, "H", StatusFields(replaced)) +
                              talk.Write(now_ns_, "F", CancelFields("C" + id, replaced, '1')) +
                              talk.Write(now_ns_, "F", CancelFields("D" + id, replaced, '1')) +
                              talk.Write(now_ns_, "D", "11=x|") +
                              talk.Write(now_ns_, "2", "7=1|16=0|");
    const uint64_t before = AllocationCount();
    const std::size_t done = member.Receive(now_ns_, bytes);
    bool worked = true;
    while (worked) worked = member.DoWork(now_ns_);
    member.Tick(now_ns_);
    const uint64_t allocated = AllocationCount() - before;
    EXPECT_EQ(done, bytes.size());
    EXPECT_EQ(allocated, 0u);
    client_->Told();
  }
}

}  // namespace
}  // namespace ringway::exchange
