// Tests that a queue in chunks does as one in one piece does, and that growing moves nothing.
#include "gateway/core/chunked_fifo.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

using Queue = ChunkedFifo<uint64_t, 4>;

void PopInto(Queue& queue, std::deque<uint64_t>& model, std::size_t most) {
  const std::size_t count = std::min(most, queue.front_run().size());
  for (std::size_t i = 0; i != count; ++i) {
    ASSERT_EQ(queue.front_run()[i], model.front());
    model.pop_front();
  }
  queue.Pop(count);
}

TEST(ChunkedFifoTest, DoesAsAQueueInOnePiece) {
  for (uint64_t seed = 0; seed != 200; ++seed) {
    Random random(seed);
    Queue queue;
    Queue other;
    std::deque<uint64_t> model;
    std::deque<uint64_t> other_model;
    uint64_t next = 0;
    for (int step = 0; step != 400; ++step) {
      switch (random.Below(8)) {
        case 0:
        case 1:
        case 2:
          queue.Push(next);
          model.push_back(next++);
          break;
        case 3:
          other.Push(next);
          other_model.push_back(next++);
          break;
        case 4:
          PopInto(queue, model, 1 + random.Below(5));
          break;
        case 5:
          PopInto(other, other_model, 1 + random.Below(5));
          break;
        case 6:
          queue.Splice(other);
          model.insert(model.end(), other_model.begin(), other_model.end());
          other_model.clear();
          break;
        default: {
          const uint64_t divisor = 1 + random.Below(4);
          const auto wanted = [&](uint64_t item) { return item % divisor == 0; };
          std::vector<uint64_t> moved;
          queue.Take(wanted, [&](uint64_t item) { moved.push_back(item); });
          std::vector<uint64_t> expected;
          std::copy_if(model.begin(), model.end(), std::back_inserter(expected), wanted);
          std::erase_if(model, wanted);
          ASSERT_EQ(moved, expected);
          break;
        }
      }
      ASSERT_EQ(queue.size(), model.size()) << "seed " << seed << " step " << step;
      ASSERT_EQ(queue.empty(), model.empty());
      ASSERT_EQ(queue.front_run().empty(), model.empty());
      ASSERT_EQ(other.size(), other_model.size());
      if (model.empty()) continue;
      ASSERT_EQ(queue.front(), model.front());
      ASSERT_EQ(queue.back(), model.back());
    }
    while (!model.empty()) PopInto(queue, model, 3);
    ASSERT_TRUE(queue.empty());
  }
}

TEST(ChunkedFifoTest, GrowingAndSplicingMoveNothing) {
  Queue queue;
  queue.Push(7);
  const uint64_t* first = &queue.front();
  for (uint64_t i = 0; i != 10'000; ++i) queue.Push(i);
  EXPECT_EQ(&queue.front(), first);
  Queue other;
  other.Splice(queue);
  EXPECT_EQ(&other.front(), first);
  EXPECT_TRUE(queue.empty());
}

// One at a time, as cancels come while a venue takes nothing.
TEST(ChunkedFifoTest, SplicesOfFewFillChunks) {
  Queue queue;
  Queue other;
  queue.Push(0);
  std::size_t runs = 0;
  for (uint64_t i = 1; i != 1'000; ++i) {
    other.Push(i);
    queue.Splice(other);
  }
  for (uint64_t next = 0; !queue.empty(); ++runs) {
    for (const uint64_t item : queue.front_run()) ASSERT_EQ(item, next++);
    queue.Pop(queue.front_run().size());
  }
  EXPECT_EQ(runs, 1'000 / 4);
}

}  // namespace
}  // namespace ringway
