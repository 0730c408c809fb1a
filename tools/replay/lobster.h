// Reads LOBSTER message files, plain or xz-compressed.
//
// Source of the format: LOBSTER, "Output Structure"
// (https://lobsterdata.com/info/DataStructure.php): one event a line, `time,type,order
// id,size,price,direction`. Files are decompressed as a stream; only the parsed events stay in
// memory, 48 bytes each. Thread rule: pure functions of their input.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringway::flow {

enum class LobsterType : uint8_t {
  kNewOrder = 1,
  kPartialCancel = 2,
  kDelete = 3,
  kVisibleExecution = 4,
  kHiddenExecution = 5,
  kCrossTrade = 6,
  kHalt = 7,
};

struct LobsterEvent {
  uint64_t line = 0;      // in the file, from 1
  int64_t time_ns = 0;    // after midnight
  uint64_t order_id = 0;  // of the resting order; 0 for hidden executions and halts
  uint64_t size = 0;      // shares
  int64_t price = 0;      // dollars * 10,000; a halt carries a code here
  LobsterType type = LobsterType::kNewOrder;
  bool buy = false;  // the resting order's side
};

// 1e-9 of a currency unit in one LOBSTER price unit.
inline constexpr int64_t kPriceUnitsPerLobsterUnit = 100'000;

// Lines of a file that are not events and were skipped.
struct LobsterNotes {
  bool byte_order_mark = false;
  bool header = false;
  uint64_t blank_lines = 0;

  // A sentence for people; empty: nothing was skipped.
  std::string Text() const;
};

// Parses one line without its newline. Rules: six fields; time not negative, decimals after the
// ninth are dropped; a type of 1..7; for types 1 to 4 an order id, a size and a price above 0; a
// direction of 1 or -1.
absl::StatusOr<LobsterEvent> ParseLobsterLine(std::string_view line);

// Calls `on_line(line number from 1, line)` for each line of a file, without "\n" or "\r\n", until
// it returns an error or the file ends. Content that starts with xz's magic is decompressed,
// whatever the file's name. Errors, with cause and remedy: NotFound, DataLoss (corrupt or truncated
// xz), InvalidArgument (a line longer than 4096 bytes; another compression or encoding).
absl::Status ForEachLine(const std::string& path,
                         const std::function<absl::Status(uint64_t, std::string_view)>& on_line);

// The first `events_max` events of a file. Errors: those of ForEachLine; InvalidArgument naming
// file and line for a line that breaks a rule, for time that goes back and for an order id that is
// introduced twice, and for a file without events. Spreadsheets and editors add a byte order mark,
// a first line of column names and blank lines: these are skipped and noted.
absl::StatusOr<std::vector<LobsterEvent>> ReadLobsterFile(const std::string& path,
                                                          uint64_t events_max,
                                                          LobsterNotes* notes = nullptr);

}  // namespace ringway::flow
