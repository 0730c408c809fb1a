// ChunkedFifo: a first-in, first-out queue in chunks. It grows without moving what it holds, so
// that no push costs more than one new chunk. Thread rule: one thread. Keeps the chunks it has had.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace ringway {

template <class T, std::size_t kChunkItems = 128>
class ChunkedFifo {
 public:
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  void Push(const T& item) {
    if (chunks_.empty() || chunks_.back()->end == kChunkItems) AddChunk();
    Chunk& last = *chunks_.back();
    last.items[last.end++] = item;
    ++size_;
  }
  // The oldest items that lie in one piece; empty only if the queue is.
  std::span<const T> front_run() const noexcept {
    if (empty()) return {};
    const Chunk& first = *chunks_.front();
    return std::span(first.items).subspan(first.begin, first.end - first.begin);
  }
  // The oldest item. REQUIRES: !empty().
  const T& front() const noexcept { return front_run().front(); }
  // The newest item. REQUIRES: !empty().
  T& back() noexcept { return chunks_.back()->items[chunks_.back()->end - 1]; }
  // Removes this many of front_run(). REQUIRES: it has as many.
  void Pop(std::size_t count) {
    if (count == 0) return;
    Chunk& first = *chunks_.front();
    first.begin += count;
    size_ -= count;
    if (first.begin == first.end) GiveUpFirst();
  }
  // Moves everything of `other` behind what is here, and lends it the spare chunks. Chunks move as
  // they are; what fits into the last one is copied, so that chunks are half full at least.
  void Splice(ChunkedFifo& other) {
    MoveAll(spare_, other.spare_);
    while (!other.empty()) {
      const std::span<const T> run = other.front_run();
      if (!empty() && kChunkItems - chunks_.back()->end >= run.size()) {
        for (const T& item : run) Push(item);
        other.Pop(run.size());
        continue;
      }
      if (empty()) MoveAll(chunks_, other.spare_);
      size_ += run.size();
      other.size_ -= run.size();
      chunks_.push_back(std::move(other.chunks_.front()));
      other.chunks_.pop_front();
    }
  }
  // Removes every item for which wanted() holds and passes it to moved(item), in order.
  template <class Wanted, class Moved>
  void Take(Wanted&& wanted, Moved&& moved) {
    for (std::size_t left = chunks_.size(); left != 0; --left) {
      Chunk& chunk = *chunks_.front();
      std::size_t to = chunk.begin;
      for (std::size_t from = chunk.begin; from != chunk.end; ++from) {
        if (wanted(chunk.items[from])) {
          moved(chunk.items[from]);
        } else {
          chunk.items[to++] = chunk.items[from];
        }
      }
      size_ -= chunk.end - to;
      chunk.end = to;
      if (chunk.begin == chunk.end) {
        GiveUpFirst();
      } else {
        chunks_.push_back(std::move(chunks_.front()));
        chunks_.pop_front();
      }
    }
  }

 private:
  struct Chunk {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::array<T, kChunkItems> items;
  };

  template <class From, class To>
  static void MoveAll(From& from, To& to) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
    from.clear();
  }
  void AddChunk() {
    if (spare_.empty()) {
      chunks_.push_back(std::make_unique_for_overwrite<Chunk>());
      return;
    }
    chunks_.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  void GiveUpFirst() {
    Chunk& first = *chunks_.front();
    first.begin = first.end = 0;
    if (chunks_.size() == 1) return;
    spare_.push_back(std::move(chunks_.front()));
    chunks_.pop_front();
  }

  std::deque<std::unique_ptr<Chunk>> chunks_;  // all but an only one hold something
  std::vector<std::unique_ptr<Chunk>> spare_;
  std::size_t size_ = 0;
};

}  // namespace ringway
