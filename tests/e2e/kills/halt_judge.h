// Judges whether the gateway trades exactly where venues have not halted.
//
// It follows the journal step by step, because only there the order between a venue's messages and
// the gateway's answers is exact. An order or replace may be accepted only if its venue is up and
// has not halted the instrument, and no order may be refused for a halt that does not exist. The
// halts of a venue end when it goes down; it announces them again (docs/adr/0010).
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/journal/record.h"
#include "schema/messages.h"

namespace ringway::kills {

class HaltJudge {
 public:
  void OnStart();  // of another gateway process: no venue is up
  void On(const JournaledStep& step);

  uint64_t halts() const { return halts_; }            // heard, of venues and of instruments
  uint64_t refusals() const { return refusals_; }      // of orders, for a halt
  uint64_t books_lost() const { return books_lost_; }  // heard
  const std::vector<std::string>& findings() const { return findings_; }  // the first ones

 private:
  struct Venue {
    VenueState state = VenueState::kDown;
    std::set<uint32_t> halted;  // instruments
    bool Open(uint32_t instrument) const {
      return state == VenueState::kUp && !halted.contains(instrument);
    }
  };

  void OnStatus(Venue& venue, const VenueStatus& status);
  void OnAccepted(const OrderAck& ack, uint32_t instrument);
  void OnRefused(const OrderReject& reject, uint32_t instrument);
  void Find(uint32_t venue, uint32_t instrument, const char* what, uint64_t cl_ord_id);

  std::map<uint32_t, Venue> venues_;
  absl::flat_hash_map<uint64_t, uint32_t> instruments_;  // by orderId
  uint64_t halts_ = 0;
  uint64_t refusals_ = 0;
  uint64_t books_lost_ = 0;
  std::vector<std::string> findings_;
};

}  // namespace ringway::kills
