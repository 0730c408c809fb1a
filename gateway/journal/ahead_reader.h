// Reads a journal record by record, as JournalReader does, with a thread that is ahead of the
// caller.
//
// The thread reads, checks every record and copies it to one of a few blocks; the caller gets the
// records block by block, in order. Its memory is bounded: with all blocks full the thread waits.
// An error comes behind all records before it, with the text that JournalReader gives it.
//
// Thread rule: one thread beside its own, which alone reads the source from Open() on. Lifetime:
// the source outlives the reader; the thread ends with it at the latest, wherever it is.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/journal/source.h"

namespace ringway {

class AheadReader {
 public:
  using Result = JournalReader::Result;

  explicit AheadReader(JournalSource& source) : reader_(source) {}
  ~AheadReader();
  AheadReader(const AheadReader&) = delete;
  AheadReader& operator=(const AheadReader&) = delete;

  // As JournalReader::Open(). Where the system has no room for a thread, Next() does its work.
  absl::Status Open(const std::optional<JournalCursor>& from = std::nullopt);

  // As JournalReader::Next().
  Result Next(JournalRecord& out) {
    if (next_ == block_->records.size() && !NextBlock()) return block_->result;
    out = block_->records[next_++];
    return Result::kRecord;
  }

  // REQUIRES: Next() answered kFailed.
  const absl::Status& status() const noexcept { return reader_.status(); }
  // REQUIRES: Next() answered kEnd.
  const JournalEnd& end() const noexcept { return reader_.end(); }

 private:
  // A quarter of what a core's second cache holds today: what the thread has checked is still near
  // when it is applied.
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
  static constexpr uint32_t kBlocks = 4;
  static_assert(kBlockBytes >= 2 * kRecordBytesMax);

  struct Block {
    std::unique_ptr<std::byte[]> bytes;  // first touched by the thread
    std::vector<JournalRecord> records;  // their bodies are in `bytes`
    Result result = Result::kRecord;     // what comes behind them; kRecord: the next block
  };

  void Fill(Block& block);
  void ReadLoop();
  // Returns what the caller has used, and waits for the next block. False: it has no record.
  bool NextBlock();

  JournalReader reader_;  // the thread's, until it has ended
  std::array<Block, kBlocks> blocks_;
  Block none_;             // before the first
  Block* block_ = &none_;  // the caller's
  std::size_t next_ = 0;   // in it

  std::mutex mutex_;
  std::condition_variable changed_;
  uint32_t filled_ = 0;  // so many blocks, ever
  uint32_t taken_ = 0;   // of these; the one before it is free again
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ringway
