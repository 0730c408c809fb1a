// MemberChecks: what must hold for the configuration of every member that comes over a stream,
// whichever protocol it speaks.
//
// One of them sees the members of all protocols: their numbers are unique over all. Thread rule:
// set-up only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/config/config_reader.h"
#include "schema/instrument.h"

namespace ringway::exchange {

// Whether a member with these symbols may trade the instrument; without any it may trade all.
bool MayTrade(const std::vector<std::string>& symbols, const InstrumentConfig& instrument);

class MemberChecks {
 public:
  using Taken = std::map<std::string, std::string>;  // a value, and the table that has it

  // Both outlive it.
  MemberChecks(const std::vector<InstrumentConfig>& instruments, ConfigFindings& findings)
      : instruments_(instruments), findings_(findings) {}

  // Each adds an error for what is wrong with keys of the table `at`, "ouch_member[0]". What is
  // missing is reported already.
  void CheckListen(const std::string& listen, const std::string& protocol, const std::string& at);
  void CheckNumber(uint32_t number, const std::string& at);
  void CheckSymbols(const std::vector<std::string>& symbols, const std::string& at);
  void CheckUnique(Taken& taken, const std::string& value, const std::string& at, const char* key,
                   const char* what);

  const std::vector<InstrumentConfig>& instruments() const noexcept { return instruments_; }
  ConfigFindings& findings() noexcept { return findings_; }

 private:
  const std::vector<InstrumentConfig>& instruments_;
  ConfigFindings& findings_;
  Taken numbers_;
  Taken protocols_;  // of addresses
};

}  // namespace ringway::exchange
