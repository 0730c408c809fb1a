// What callgrind runs and a bench times: the journaling of new orders.
//
//   append_driver COUNT      calls ringway_journal_append COUNT times; prints the median of ns per
//                            call over rounds of 512
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"

// Under a name that callgrind can be told to count. What the gateway does for each step.
extern "C" [[gnu::noinline]] bool ringway_journal_append(ringway::JournalWriter& writer,
                                                         int64_t now_ns,
                                                         const ringway::Input& input,
                                                         const ringway::Effects& effects) noexcept {
  if (writer.State() != ringway::JournalState::kOk) [[unlikely]]
    return false;
  writer.Append(now_ns, input, 0, effects);
  return true;
}

namespace ringway {
namespace {

constexpr uint32_t kRound = 512;
constexpr uint64_t kSegmentBytes = 4 << 20;

int Main(uint64_t count) {
  testing::MemoryJournal journal;
  testing::MemoryStorage storage(journal, kSegmentBytes);
  storage.Prepare(2);
  auto step = std::make_unique<testing::SampleStep>();
  testing::MakeNewOrderStep(1, *step);
  JournalWriter writer(storage, JournalCursor{}, 1, 1, 1);
  std::vector<int64_t> rounds_ns;
  for (uint64_t done = 0; done < count; done += kRound) {
    while (storage.ready() < 2) storage.Prepare();
    const int64_t start_ns = MonotonicNowNs();
    for (uint32_t i = 0; i < kRound; ++i) {
      RINGWAY_CHECK(ringway_journal_append(writer, 1, step->input(), step->effects), "room");
    }
    rounds_ns.push_back(MonotonicNowNs() - start_ns);
  }
  std::sort(rounds_ns.begin(), rounds_ns.end());
  std::printf("%.1f\n", static_cast<double>(rounds_ns[rounds_ns.size() / 2]) / kRound);
  return 0;
}

}  // namespace
}  // namespace ringway

int main(int argc, char** argv) {
  const uint64_t count = argc == 2 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (count != 0) return ringway::Main(count);
  std::fprintf(stderr, "usage: append_driver COUNT\n");
  return 2;
}
