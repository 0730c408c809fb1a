// FixMemberClient: a member that speaks FIX and its client, without a connection between them, for
// tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "exchange/fix/fix_member.h"
#include "exchange/fix/testing/fix_talk.h"
#include "exchange/matching.h"
#include "gtest/gtest.h"

namespace ringway::exchange {

class FixMemberClient {
 public:
  static FixMemberOptions Options(uint64_t number, FixVersion version) {
    FixMemberOptions options;
    options.version = version;
    options.session.role = fix::Role::kAcceptor;
    options.session.version = version == FixVersion::k42   ? fix::Version::kFix42
                              : version == FixVersion::k44 ? fix::Version::kFix44
                                                           : fix::Version::kFixt11;
    options.session.sender_comp_id = "RINGWAY";
    options.session.target_comp_id = "ALFA";
    options.session.message_bytes_max = 16 * 1024;
    options.session.output_bytes = 128 * 1024;
    options.number = number;
    options.messages_max = 1024;
    options.instruments = {{"AAPL", 7}, {"MSFT", 9}};
    return options;
  }

  FixMemberClient(Exchange& exchange, const FixMemberOptions& options, int64_t& now_ns)
      : now_ns_(now_ns),
        talk(options.version),
        member(exchange, *exchange.Admit(options.number), options) {}

  // Connects; what the Logon is answered with.
  Lines LogOn(std::string_view more = "") {
    member.Connect(now_ns_);
    Bytes(talk.WriteLogon(now_ns_, more));
    return talk.Next();
  }
  // Sends a message; what the member is told since the last call.
  Lines Ask(std::string_view type, std::string_view fields, std::string_view header = "") {
    Bytes(talk.Write(now_ns_, type, fields, header));
    return talk.Next();
  }
  Lines Told() {
    Bytes("");
    return talk.Next();
  }
  // Returns how much of it, and of what waits, is left.
  std::size_t Bytes(std::string_view bytes) {
    input_ += bytes;
    for (bool worked = true; worked;) {
      const std::size_t done = member.Receive(now_ns_, input_);
      input_.erase(0, done);
      if (member.session().resending()) member.Tick(now_ns_);
      worked = member.DoWork(now_ns_) || done != 0 || member.session().resending();
      const std::string output(member.output());
      member.Consumed(output.size());
      worked |= !output.empty();
      if (talks) talk.Take(output);
    }
    return input_.size();
  }
  // The connection ends, and what it has not told yet is lost.
  void Hang() {
    member.Disconnected();
    input_.clear();
  }

 private:
  int64_t& now_ns_;
  std::string input_;

 public:
  FixTalk talk;
  FixMember member;
  bool talks = true;  // false: what the member says does not arrive
};

}  // namespace ringway::exchange
