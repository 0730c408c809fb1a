// The blocks, and who waits for them.
#include "gateway/journal/ahead_reader.h"

#include <cstring>
#include <memory>

#include "base/thread.h"

namespace ringway {

AheadReader::~AheadReader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::Status AheadReader::Open(const std::optional<JournalCursor>& from) {
  if (absl::Status opened = reader_.Open(from); !opened.ok()) return opened;
  for (Block& block : blocks_)
    block.bytes = std::make_unique_for_overwrite<std::byte[]>(kBlockBytes);
  StartThread(thread_, "journal-reader", [this] { ReadLoop(); }).IgnoreError();
  return absl::OkStatus();
}

void AheadReader::Fill(Block& block) {
  block.records.clear();
  block.result = Result::kRecord;
  std::size_t used = 0;
  JournalRecord record;
  while (kBlockBytes - used >= kRecordBytesMax) {
    block.result = reader_.Next(record);
    if (block.result != Result::kRecord) return;
    std::byte* const body = block.bytes.get() + used;
    std::memcpy(body, record.body.data(), record.body.size());
    record.body = {body, record.body.size()};
    used += record.body.size();
    block.records.push_back(record);
  }
}

void AheadReader::ReadLoop() {
  for (uint32_t index = 0;; ++index) {
    {
      std::unique_lock lock(mutex_);
      // The caller still has the one before taken_.
      changed_.wait(lock, [&] { return stopping_ || index - taken_ < kBlocks - 1; });
      if (stopping_) return;
    }
    Block& block = blocks_[index % kBlocks];
    Fill(block);
    const bool last = block.result != Result::kRecord;
    {
      const std::lock_guard lock(mutex_);
      filled_ = index + 1;
    }
    changed_.notify_one();
    if (last) return;
  }
}

bool AheadReader::NextBlock() {
  if (block_->result != Result::kRecord) return false;
  next_ = 0;
  if (!thread_.joinable()) {
    block_ = &blocks_[0];
    Fill(*block_);
  } else {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return filled_ != taken_; });
    block_ = &blocks_[taken_++ % kBlocks];
    lock.unlock();
    changed_.notify_one();
  }
  return !block_->records.empty();
}

}  // namespace ringway
