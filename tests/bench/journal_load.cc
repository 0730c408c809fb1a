#include "tests/bench/journal_load.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"

[[gnu::noinline]] bool ringway_journal_append(ringway::JournalWriter& writer, int64_t now_ns,
                                              const ringway::Input& input,
                                              const ringway::Effects& effects) noexcept {
  if (writer.State() != ringway::JournalState::kOk) [[unlikely]]
    return false;
  ringway::testing::AppendStep(writer, now_ns, input, 0, effects);
  return true;
}

namespace ringway::bench {

double AppendOrders(uint64_t count) {
  constexpr uint64_t kRound = 512;
  testing::MemoryJournal journal;
  testing::MemoryStorage storage(journal, uint64_t{4} << 20);
  auto step = std::make_unique<testing::SampleStep>();
  testing::MakeNewOrderStep(1, *step);
  storage.Prepare(2);
  JournalWriter writer(storage, JournalCursor{}, 1, 1, 1);
  std::vector<int64_t> rounds_ns;
  for (uint64_t done = 0; done < count; done += kRound) {
    while (storage.ready() < 2) storage.Prepare();
    const int64_t start_ns = MonotonicNowNs();
    for (uint64_t i = 0; i < kRound; ++i) {
      RINGWAY_CHECK(ringway_journal_append(writer, 1, step->input(), step->effects),
                    "segments are prepared");
    }
    rounds_ns.push_back(MonotonicNowNs() - start_ns);
  }
  std::sort(rounds_ns.begin(), rounds_ns.end());
  return static_cast<double>(rounds_ns[rounds_ns.size() / 2]) / kRound;
}

}  // namespace ringway::bench
