// A load for the engine in process: sessions that enter, confirm and cancel orders, every risk
// check on.
//
// One lap = `batch` new orders, their venue confirmations, their cancels and the venue's
// confirmations of those: the number of open orders is the same after each lap. Only the engine's
// steps are timed or counted, not the making of their inputs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/engine/engine.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/writer.h"
#include "schema/codec.h"

namespace ringway::bench {

// The part that callgrind counts; the other parts step the engine under another name.
enum class Part : uint8_t { kNone, kEnter, kConfirm, kCancel, kConfirmCancel };

struct EngineLoadOptions {
  uint32_t sessions = 1;     // each with its own account
  uint32_t open_orders = 0;  // resting before the first lap and throughout
  uint32_t batch = 256;
  uint32_t ahead = 0;  // before each step the engine looks at the input after so many more
  Part counted = Part::kNone;
  bool recorded = false;  // also records each step in a journal, whose memory is prepared before
};

// Time-stamp counter ticks of one lap's parts, `batch` steps each.
struct LapTicks {
  uint64_t enter;
  uint64_t confirm;
  uint64_t cancel;
  uint64_t confirm_cancel;
};

class EngineLoad {
 public:
  // REQUIRES: open_orders is a multiple of batch.
  explicit EngineLoad(const EngineLoadOptions& options);

  LapTicks RunLap();

  uint32_t batch() const { return options_.batch; }
  const Engine& engine() const { return *engine_; }
  static EngineConfig Config(const EngineLoadOptions& options);

 private:
  struct Encoded {
    uint32_t id;
    FrameType type;
    uint32_t bytes;
    alignas(8) std::array<std::byte, kPayloadBytesMax> payload;
  };

  template <Message M>
  static void Put(Encoded& to, uint32_t id, const M& message);
  uint64_t StepAll(Part part, Origin origin, const std::vector<Encoded>& inputs);
  NewOrder MakeOrder(uint64_t number) const;
  uint64_t EnterOrders();
  uint64_t ConfirmOrders();

  EngineLoadOptions options_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Effects> effects_;
  int64_t now_ns_;
  uint64_t next_number_ = 1;
  uint64_t next_exec_id_ = 1;
  std::vector<uint64_t>
      sent_ids_;  // the gateway's, of the requests that the last StepAll() sent to the venue
  std::vector<uint64_t> order_ids_;
  std::vector<Encoded> inputs_;

  testing::MemoryJournal journal_;
  std::unique_ptr<testing::MemoryStorage> storage_;  // null: nothing is recorded
  std::unique_ptr<JournalWriter> writer_;
};

}  // namespace ringway::bench

// The engine's step, and its recording if there is a journal, under a name that callgrind can
// count. Never inlined.
extern "C" void ringway_bench_step(ringway::Engine& engine, ringway::JournalWriter* journal,
                                   int64_t now_ns, const ringway::Input& input,
                                   ringway::Effects& effects) noexcept;
