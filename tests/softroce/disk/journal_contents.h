// What does a journal hold of a session's orders, as its reader gives it record by record?
//
// Reads what is there now, images before files, as the next start of a gateway would. Thread rule:
// any.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gateway/journal/reader.h"

namespace ringway::disk {

struct JournaledOrder {
  int64_t price = 0;
  uint64_t qty = 0;
  uint64_t order_id = 0;  // of its ack; 0: it was refused
};

struct JournalContents {
  // OK: read to its end. Else the reader's error.
  absl::Status status;
  std::optional<JournalTear> tear;            // what lay behind the end
  std::map<uint64_t, JournaledOrder> orders;  // by clOrdId, as they came from the session
  uint64_t records = 0;
  uint32_t starts = 0;            // of gateways
  uint64_t steps_back = 0;        // records whose time is before that of the record before
  uint64_t orders_twice = 0;      // clOrdIds that came twice
  uint64_t order_ids_twice = 0;   // identifiers that two orders were given
  uint64_t executions_twice = 0;  // execIds that were reported twice to the session
  int64_t first_ns = 0;           // time of the first record
  int64_t last_ns = 0;            // and of the last
};

JournalContents ReadJournal(const std::string& directory, uint32_t session);

}  // namespace ringway::disk
