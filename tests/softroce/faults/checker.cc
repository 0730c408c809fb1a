// Implements checker.h: compares two record files.
#include "tests/softroce/faults/checker.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace ringway::faults {
namespace {

// The content of number i + 1.
std::vector<uint64_t> Sent(std::span<const Record> sender, Verdict& verdict) {
  std::vector<uint64_t> contents;
  uint64_t next = 1;
  bool restarted = true;
  for (const Record& record : sender) {
    if (record.kind == RecordKind::kStart) restarted = true;
    if (record.kind != RecordKind::kSent) continue;
    const bool in_turn = record.number == next || (restarted && record.number < next);
    const bool known = record.number >= 1 && record.number <= contents.size();
    if (!in_turn || record.number == 0 ||
        (known && record.content != contents[record.number - 1])) {
      ++verdict.misnumbered;
      continue;
    }
    if (!known) contents.push_back(record.content);
    next = record.number + 1;
    restarted = false;
  }
  verdict.sent = contents.size();
  return contents;
}

}  // namespace

std::string Verdict::Text() const {
  return absl::StrCat(sent, " sent, ", received, " received, ", lost, " lost, ", twice, " twice, ",
                      out_of_order, " out of order, ", foreign, " foreign, ", misnumbered,
                      " misnumbered");
}

Verdict Judge(std::span<const Record> sender, std::span<const Record> receiver) {
  Verdict verdict;
  const std::vector<uint64_t> contents = Sent(sender, verdict);
  std::vector<bool> seen(contents.size());
  uint64_t highest = 0;
  for (const Record& record : receiver) {
    if (record.kind != RecordKind::kReceived) continue;
    ++verdict.received;
    if (record.number == 0 || record.number > contents.size() ||
        record.content != contents[record.number - 1]) {
      ++verdict.foreign;
      continue;
    }
    if (seen[record.number - 1]) {
      ++verdict.twice;
    } else if (record.number < highest) {
      ++verdict.out_of_order;
    }
    seen[record.number - 1] = true;
    if (record.number > highest) highest = record.number;
  }
  for (const bool one : seen) verdict.lost += one ? 0 : 1;
  return verdict;
}

}  // namespace ringway::faults
