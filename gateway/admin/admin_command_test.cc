// Tests that every command is parsed correctly, and every other line refused with a cause and a
// remedy.
#include "gateway/admin/admin_command.h"

#include <string>

#include "gtest/gtest.h"
#include "schema/messages.h"

namespace ringway {
namespace {

TEST(AdminCommand, KillsAndArmsNameScopeNumberAndWhy) {
  const AdminCommand all = ParseAdminCommand("kill all fat finger").command;
  EXPECT_EQ(all.verb, AdminVerb::kKill);
  EXPECT_EQ(all.scope, KillScope::kAll);
  EXPECT_EQ(all.id, 0u);
  EXPECT_EQ(all.text, "fat finger");

  const AdminCommand session = ParseAdminCommand("  kill   session 7   loop in strategy ").command;
  EXPECT_EQ(session.scope, KillScope::kSession);
  EXPECT_EQ(session.id, 7u);
  EXPECT_EQ(session.text, "loop in strategy");

  const AdminCommand arm = ParseAdminCommand("arm venue 2 by A. Operator").command;
  EXPECT_EQ(arm.verb, AdminVerb::kArm);
  EXPECT_EQ(arm.scope, KillScope::kVenue);
  EXPECT_EQ(arm.id, 2u);
  EXPECT_EQ(arm.text, "A. Operator");

  const AdminCommand cancels = ParseAdminCommand("kill-and-cancel instrument 3 halted").command;
  EXPECT_EQ(cancels.verb, AdminVerb::kKillAndCancel);
  EXPECT_EQ(cancels.scope, KillScope::kInstrument);
  EXPECT_EQ(cancels.id, 3u);
  EXPECT_EQ(cancels.text, "halted");
  EXPECT_EQ(LaneOf(cancels.verb), AdminLane::kControl);
  EXPECT_NE(ParseAdminCommand("kill-and-cancel all").error.find("usage: kill-and-cancel all|"),
            std::string::npos);

  EXPECT_EQ(ParseAdminCommand("arm account 4294967295 BY x").command.id, 4294967295u);
}

TEST(AdminCommand, ACancelTakesFiltersInAnyOrderAndAReason) {
  const AdminCommand all = ParseAdminCommand("cancel all because of the flood").command;
  EXPECT_EQ(all.verb, AdminVerb::kCancel);
  EXPECT_EQ(all.filter, OperatorCancel{});
  EXPECT_EQ(all.text, "of the flood");
  const AdminCommand some =
      ParseAdminCommand("cancel venue 3 sell session 7 account 1 instrument 2 because lunch")
          .command;
  const OperatorCancel filter{
      .session = 7, .account = 1, .instrument = 2, .venue = 3, .side = Side::kSell};
  EXPECT_EQ(some.filter, filter);
  for (const char* line : {"cancel", "cancel because lunch", "cancel all", "cancel all because",
                           "cancel session 7", "cancel session because lunch",
                           "cancel session 0 because lunch", "cancel venue 65536 because lunch",
                           "cancel venue 3 all because lunch", "cancel everything because lunch"}) {
    const ParsedAdminCommand parsed = ParseAdminCommand(line);
    EXPECT_NE(parsed.error.find("usage: cancel all|"), std::string::npos) << line;
  }
}

TEST(AdminCommand, AResyncNamesAVenueAndAReason) {
  const AdminCommand command = ParseAdminCommand("resync venue 3 because of its new book").command;
  EXPECT_EQ(command.verb, AdminVerb::kResync);
  EXPECT_EQ(command.id, 3u);
  EXPECT_EQ(command.text, "of its new book");
  for (const char* line :
       {"resync", "resync 3 because x", "resync venue because x", "resync venue 3",
        "resync venue 3 because", "resync venue 65536 because x", "resync session 3 because x"}) {
    EXPECT_NE(ParseAdminCommand(line).error.find("usage: resync venue N"), std::string::npos)
        << line;
  }
}

TEST(AdminCommand, AReferencePriceNamesInstrumentPriceAndWho) {
  const AdminCommand command =
      ParseAdminCommand("reference instrument 7 101.25 by A. Operator").command;
  EXPECT_EQ(command.verb, AdminVerb::kReference);
  EXPECT_EQ(command.id, 7u);
  EXPECT_EQ(command.price, 101'250'000'000);
  EXPECT_EQ(command.text, "A. Operator");
  EXPECT_EQ(LaneOf(command.verb), AdminLane::kControl);
  const std::string usage = "; usage: reference instrument N PRICE by NAME";
  EXPECT_EQ(ParseAdminCommand("reference 7 101.25 by A").error,
            "the instrument's number (1 or more) is missing" + usage);
  EXPECT_EQ(ParseAdminCommand("reference instrument 0 101.25 by A").error,
            "the instrument's number (1 or more) is missing" + usage);
  EXPECT_EQ(ParseAdminCommand("reference instrument 7 dear by A").error,
            "'dear' is no price" + usage);
  EXPECT_EQ(ParseAdminCommand("reference instrument 7 -1 by A").command.price, -1'000'000'000)
      << "whether it can be a price there is the instrument's matter";
  EXPECT_EQ(ParseAdminCommand("reference instrument 7 101.25").error,
            "a reference price needs the name of who decided it, which is logged" + usage);
}

TEST(AdminCommand, ARestrictionNamesWhoseWhatWhoAndWhy) {
  const AdminCommand forbids =
      ParseAdminCommand("restrict account 3 instrument 7 by Anna because insider list").command;
  EXPECT_EQ(forbids.verb, AdminVerb::kRestrict);
  EXPECT_EQ(LaneOf(forbids.verb), AdminLane::kControl);
  EXPECT_EQ(forbids.restriction.account, 3u);
  EXPECT_EQ(forbids.restriction.instrument, 7u);
  EXPECT_EQ(forbids.restriction.restricted, 1);
  EXPECT_EQ(forbids.text, "Anna because insider list");
  const AdminCommand permits =
      ParseAdminCommand("permit account 3 instrument 7 by Anna because published").command;
  EXPECT_EQ(permits.verb, AdminVerb::kPermit);
  EXPECT_EQ(permits.restriction.restricted, 0);
  const std::string usage = "; usage: permit account N instrument N by NAME because REASON";
  const auto error = [](const std::string& line) { return ParseAdminCommand(line).error; };
  EXPECT_EQ(error("permit account 3 by Anna because x"),
            "the instrument's number (1 or more) is missing" + usage);
  for (const char* who : {"", " Anna because x", " by Anna", " by Anna because ", " by Anna x"}) {
    EXPECT_EQ(
        error(std::string("permit account 3 instrument 7") + who),
        "a restriction needs the name of who decided it and a reason, which are journaled" + usage)
        << who;
  }
}

TEST(AdminCommand, ALimitNamesWhoseWhichHowMuchWhoAndWhy) {
  const AdminCommand set =
      ParseAdminCommand("limit account 3 notional_max 5000 by Anna because volatile").command;
  EXPECT_EQ(set.verb, AdminVerb::kLimit);
  EXPECT_EQ(LaneOf(set.verb), AdminLane::kControl);
  EXPECT_EQ(set.limit.owner, LimitOwner::kAccount);
  EXPECT_EQ(set.limit.id, 3u);
  EXPECT_EQ(set.limit.limit, LimitKind::kNotionalMax);
  EXPECT_EQ(set.limit.value, 5'000);
  EXPECT_EQ(set.text, "Anna because volatile");
  EXPECT_EQ(
      ParseAdminCommand("limit session 3 open_orders_max off by A because b").command.limit.value,
      INT64_MAX);
  const AdminCommand firm =
      ParseAdminCommand("limit firm daily_loss_max 5000 by Anna because volatile").command;
  EXPECT_EQ(firm.limit.owner, LimitOwner::kFirm);
  EXPECT_EQ(firm.limit.id, 0u);
  EXPECT_EQ(firm.limit.limit, LimitKind::kDailyLossMax);
  EXPECT_EQ(firm.limit.value, 5'000);
  EXPECT_EQ(ParseAdminCommand("limit desk 9 position_max 1 by A because b").command.limit.owner,
            LimitOwner::kDesk);
  const std::string usage =
      "; usage: limit firm|desk N|account N|session N|instrument N LIMIT VALUE|off by NAME because "
      "REASON";
  const AdminCommand traded =
      ParseAdminCommand("limit instrument 7 quantity_max 500 by Anna because volatile").command;
  EXPECT_EQ(traded.limit.owner, LimitOwner::kInstrument);
  EXPECT_EQ(traded.limit.id, 7u);
  EXPECT_EQ(ParseAdminCommand("limit instrument 7 open_orders_max 5 by A because b").error,
            "'open_orders_max' is no limit of an instrument" + usage);
  const auto error = [](const std::string& line) { return ParseAdminCommand(line).error; };
  EXPECT_EQ(error("limit venue 3 quantity_max 1 by A because b"),
            "'firm', 'desk', 'account', 'session' or 'instrument' is missing" + usage);
  EXPECT_EQ(error("limit account x quantity_max 1 by A because b"),
            "the account's number (1 or more) is missing" + usage);
  EXPECT_EQ(error("limit account 3 size 1 by A because b"),
            "'size' is no limit of an account" + usage);
  EXPECT_EQ(error("limit session 3 daily_loss_max 1 by A because b"),
            "'daily_loss_max' is no limit of a session" + usage);
  EXPECT_EQ(error("limit firm quantity_max 1 by A because b"),
            "'quantity_max' is no limit of the firm" + usage);
  for (const char* value : {"0", "-1", "1x", "", "9223372036854775807", "9223372036854775808"}) {
    EXPECT_NE(error(std::string("limit account 3 quantity_max ") + value + " by A because b"), "")
        << value;
  }
  EXPECT_EQ(error("limit account 3 open_orders_max 4294967295 by A because b"),
            "'4294967295' is no such limit: write 1 or more, or off" + usage);
  EXPECT_EQ(error("limit account 3 quantity_max 5 by A"),
            "a limit needs the name of who decided it and a reason, which are journaled" + usage);
}

TEST(AdminCommand, ANoteHoldsALongTextInParts) {
  const std::string text = std::string(kNoteBytes, 'a') + "bc";
  const auto chars = [](const OperatorNote& note) {
    return std::string(reinterpret_cast<const char*>(&note.text0), kNoteBytes);
  };
  EXPECT_EQ(chars(NoteOf(text, 0)), std::string(kNoteBytes, 'a'));
  EXPECT_EQ(chars(NoteOf(text, kNoteBytes)), "bc" + std::string(kNoteBytes - 2, '\0'));
}

TEST(AdminCommand, APositionNamesWhoseWhatWhoAndWhy) {
  const AdminCommand set =
      ParseAdminCommand(
          "position account 3 instrument 7 set -250 at 12.5 by Anna because day start")
          .command;
  EXPECT_EQ(set.verb, AdminVerb::kPosition);
  EXPECT_EQ(LaneOf(set.verb), AdminLane::kControl);
  EXPECT_EQ(set.position.account, 3u);
  EXPECT_EQ(set.position.instrument, 7u);
  EXPECT_EQ(set.position.sets, 1);
  EXPECT_EQ(set.position.quantity, -250);
  EXPECT_EQ(set.position.price, 12'500'000'000);
  EXPECT_EQ(set.text, "Anna because day start");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(&set.position.text0), 22),
            "Anna because day start");
  const AdminCommand add =
      ParseAdminCommand("position account 3 instrument 7 add 5 by Anna because phone trade")
          .command;
  EXPECT_EQ(add.position.sets, 0);
  EXPECT_EQ(add.position.quantity, 5);
  EXPECT_EQ(add.position.price, 0);
  const AdminCommand of_session =
      ParseAdminCommand("position session 2 instrument 7 set 0 by Anna because handed over")
          .command;
  EXPECT_EQ(of_session.position.session, 2u);
  EXPECT_EQ(of_session.position.account, 0u);
  EXPECT_EQ(of_session.position.instrument, 7u);
  const std::string usage =
      "; usage: position account N|session N instrument N set|add QUANTITY [at PRICE] by NAME "
      "because REASON";
  const auto error = [](const std::string& line) { return ParseAdminCommand(line).error; };
  EXPECT_EQ(error("position instrument 7 set 1 by A because b"),
            "the account's or session's number (1 or more) is missing" + usage);
  EXPECT_EQ(error("position session x instrument 7 set 1 by A because b"),
            "the account's or session's number (1 or more) is missing" + usage);
  EXPECT_EQ(error("position account 3 instrument x set 1 by A because b"),
            "the instrument's number (1 or more) is missing" + usage);
  EXPECT_EQ(error("position account 3 instrument 7 1 by A because b"),
            "'set' or 'add' is missing" + usage);
  EXPECT_EQ(error("position account 3 instrument 7 set 1.5 by A because b"),
            "'1.5' is no quantity in smallest units" + usage);
  EXPECT_EQ(error("position account 3 instrument 7 set 1 at x by A because b"),
            "'x' is no price other than 0" + usage);
  for (const char* line :
       {"position account 3 instrument 7 set 1", "position account 3 instrument 7 set 1 by A",
        "position account 3 instrument 7 set 1 because b"}) {
    EXPECT_EQ(
        error(line),
        "a position needs the name of who decided it and a reason, which are journaled" + usage);
  }
  const std::string most = "A because " + std::string(54, 'x');
  EXPECT_EQ(error("position account 3 instrument 7 set 1 by " + most), "");
  EXPECT_EQ(error("position account 3 instrument 7 set 1 by " + most + "x"),
            "name and reason are longer than 64 bytes together; shorten them");
}

TEST(AdminCommand, PlainCommandsTakeNothingMore) {
  for (const AdminCommandRow& row : AdminCommandTable()) {
    if (row.usage != row.name) continue;
    const ParsedAdminCommand parsed = ParseAdminCommand(row.name);
    EXPECT_TRUE(parsed.ok()) << parsed.error;
    EXPECT_EQ(parsed.command.verb, row.verb);
    EXPECT_FALSE(ParseAdminCommand(std::string(row.name) + " now").ok());
  }
  EXPECT_EQ(ParseAdminCommand("orders 12").command.id, 12u);
}

TEST(AdminCommand, BadLinesAreRefusedWithCauseAndRemedy) {
  struct Case {
    std::string line;
    const char* error;
  };
  for (
      const Case& c : {
          Case{"", "an empty command; 'help' lists the commands"},
          {"explode", "unknown command 'explode'; 'help' lists the commands"},
          {"kill",
           "the scope is missing; usage: kill all|session N|account N|venue N|instrument N REASON"},
          {"kill everything now",
           "the scope 'everything' is not known; usage: kill all|session N|account N|venue "
           "N|instrument N REASON"},
          {"kill session",
           "the session's number (1 or more) is missing; usage: kill all|session N|account N|venue "
           "N|instrument N REASON"},
          {"kill session 0 x",
           "the session's number (1 or more) is missing; usage: kill all|session N|account N|venue "
           "N|instrument N REASON"},
          {"kill session 4294967296 x",
           "the session's number (1 or more) is missing; usage: kill all|session N|account N|venue "
           "N|instrument N REASON"},
          {"kill venue 1",
           "a kill needs a reason, which is logged; usage: kill all|session N|account N|venue "
           "N|instrument N REASON"},
          {"arm all",
           "to arm again needs the name of who decided it, which is logged; usage: arm all|session "
           "N|account N|venue N|instrument N by NAME"},
          {"arm all by",
           "to arm again needs the name of who decided it, which is logged; usage: arm all|session "
           "N|account N|venue N|instrument N by NAME"},
          {"arm all Anna",
           "to arm again needs the name of who decided it, which is logged; usage: arm all|session "
           "N|account N|venue N|instrument N by NAME"},
          {"orders", "the session's number (1 or more) is missing; usage: orders SESSION"},
          {"stop now", "'now' is too much; usage: stop"},
          {"kill all \xc2\x9b"
           "31mred",
           "the line contains a control character; write printable text"},
          {"kill all \x1b[31mred", "the line contains a control character; write printable text"},
          {std::string(kAdminLineBytesMax + 1, 'x'),
           "the line is longer than 512 bytes; shorten it"},
      }) {
    EXPECT_EQ(ParseAdminCommand(c.line).error, c.error) << c.line;
  }
}

TEST(AdminCommand, HelpNamesEveryCommand) {
  const std::string help = AdminHelp();
  for (const AdminCommandRow& row : AdminCommandTable()) {
    EXPECT_NE(help.find(row.usage), std::string::npos) << row.name;
  }
}

}  // namespace
}  // namespace ringway
