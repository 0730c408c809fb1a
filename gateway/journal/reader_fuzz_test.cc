// Fuzzes the reader: no bytes make it misbehave, or believe a record that no writer wrote.
//
// Input: first a byte that chooses what the rest is laid over: 0 nothing, else an honest journal of
// as many steps; then pairs of changes, each a 16-bit place and a byte, put into the segment.
// Whatever comes out has dense sequence numbers, and ends or fails with a reason.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/random.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"

namespace ringway {
namespace {

void Try(std::span<const uint8_t> input) {
  if (input.empty()) return;
  testing::MemoryJournal journal;
  journal.power_failed = (input[0] & 1) != 0;
  testing::MemoryStorage storage(journal);
  storage.Prepare(2);
  static const auto step = std::make_unique<testing::SampleStep>();
  if (input[0] / 2 != 0) {
    JournalWriter writer(storage, JournalCursor{}, 1, 1, 1);
    Random random(input[0]);
    for (int i = 0; i < input[0] / 2 && writer.State() != JournalState::kFull; ++i) {
      testing::MakeNewOrderStep(random.Below(100), *step);
      testing::AppendStep(writer, 1, step->input(), 0, step->effects);
      if (random.Below(4) == 0) storage.Sync();
    }
  }
  std::vector<std::byte>& bytes = journal.bytes(0);
  for (input = input.subspan(1); input.size() >= 3; input = input.subspan(3)) {
    const std::size_t at = input[0] | std::size_t{input[1]} << 8;
    bytes[at] = static_cast<std::byte>(input[2]);
  }
  JournalReader reader(journal);
  absl::Status status = reader.Open();
  uint64_t next = 0;
  JournalRecord record;
  while (status.ok() && reader.Next(record) == JournalReader::Result::kRecord) {
    RINGWAY_CHECK(next == 0 || record.header.sequence == next, "sequence numbers are dense");
    next = record.header.sequence + 1;
    JournaledStep read;
    if (record.header.type == RecordType::kStep && ReadStep(record.body, read)) {
      for (EffectView effect; NextEffect(read.effects, effect);) {
        RINGWAY_CHECK(effect.payload.size() <= sizeof(Effect::payload), "effects fit their room");
      }
    }
  }
  if (status.ok()) status = reader.status();
  RINGWAY_CHECK(status.ok() || !status.message().empty(), "an error has a cause");
}

}  // namespace
}  // namespace ringway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::Try({data, size});
  return 0;
}
