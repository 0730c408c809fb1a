// The contents of a journal about a session's orders, from its reader, record by record.
//
// Reads the current contents, images before files, as the next start of a gateway would. Thread
// rule: any.
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
  uint64_t order_id = 0;  // from its ack; 0: it was refused
};

struct JournalContents {
  // OK: read to its end. Otherwise the reader's error.
  absl::Status status;
  std::optional<JournalTear> tear;            // what was found past the end
  std::map<uint64_t, JournaledOrder> orders;  // by clOrdId, as they came from the session
  uint64_t records = 0;
  uint32_t starts = 0;            // of gateways
  uint64_t steps_back = 0;        // records with an earlier time than their predecessor
  uint64_t orders_twice = 0;      // clOrdIds that came twice
  uint64_t order_ids_twice = 0;   // identifiers that two orders were given
  uint64_t executions_twice = 0;  // execIds that were reported twice to the session
  int64_t first_ns = 0;           // time of the first record
  int64_t last_ns = 0;            // and of the last
};

JournalContents ReadJournal(const std::string& directory, uint32_t session);

}  // namespace ringway::disk
