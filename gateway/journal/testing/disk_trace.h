// A record of everything that this process does to one folder of a disk.
//
// The linker gives the program's system calls to this file first (--wrap, in the BUILD target), so
// the code under test is the shipped one. Whatever changes the folder by another way than the calls
// that are known here shows: DiskModel::Current() then is not what the folder holds.
// Operations go to the system one at a time: the record is one order in which they can have
// happened.
//
// Thread rule: made and ended on one thread while no other touches the folder; records all threads.
// One at a time in a process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/journal/testing/disk_states.h"

namespace ringway::testing {

// What was said to others and must hold from then on.
struct Promise {
  uint64_t durable = 0;    // everything before this position is on stable storage
  uint32_t start = 0;      // the number of a start, which never comes again
  uint64_t keep_from = 0;  // nothing that ends behind this position is removed
  uint64_t snapshot = 0;   // a snapshot of the journal up to here can be loaded
};

class DiskTrace {
 public:
  // Records from now on. `promise` is asked before each operation, on its thread: what it answers
  // must hold in every state without that operation.
  DiskTrace(std::string directory, std::function<Promise()> promise);
  ~DiskTrace();
  DiskTrace(const DiskTrace&) = delete;
  DiskTrace& operator=(const DiskTrace&) = delete;

  // From now on the process is as if killed: nothing that it does reaches the folder.
  void Kill() { KillAfter(0); }
  // So many operations still reach it.
  void KillAfter(uint64_t operations);
  // Another process comes.
  void Revive() { KillAfter(UINT64_MAX); }

  // Records no more. The destructor does it too.
  void End();

  std::size_t count() const;
  // What the folder held at the beginning.
  const DiskImage& base() const noexcept { return base_; }
  // REQUIRES, as promises(): End() was called, or no other thread touches the folder.
  const std::vector<DiskOperation>& operations() const noexcept { return operations_; }
  // promises()[i] was given before operations()[i]; after End() the last one is of the end.
  const std::vector<Promise>& promises() const noexcept { return promises_; }

  // For the wrapped calls.
  class Calls;

 private:
  struct Inode {
    uint64_t device = 0;
    uint64_t number = 0;
    auto operator<=>(const Inode&) const = default;
  };

  void Add(DiskOperation operation) { operations_.push_back(std::move(operation)); }

  const std::string directory_;
  const std::function<Promise()> promise_;
  uint64_t operations_left_ = UINT64_MAX;  // until the process is killed
  mutable std::mutex mutex_;
  DiskImage base_;
  Inode parent_;
  Inode folder_;
  std::map<Inode, uint32_t> files_;
  uint32_t file_count_ = 0;
  std::vector<DiskOperation> operations_;
  std::vector<Promise> promises_;
};

// From now on getrandom() gives what follows from this seed.
void SeedSystemRandom(uint64_t seed);

}  // namespace ringway::testing
