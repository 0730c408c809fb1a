// A model of a disk under one folder: which states a loss of power may leave of what was done
// there.
//
// DiskModel takes the operations of a trace one by one. An operation on a file's bytes or size is
// certain once that file was synced, one on a name once the folder was. Until then it is pending,
// and a loss of power may or may not have it, whatever else it has:
//
//   bytes    sector by sector (512 bytes): a sector is old or new, never a mixture. New is what
//            the page cache held, earlier pending writes to the same sector included
//   size     apart from the bytes: a file may have its size and zeros, or bytes that its size hides
//   names    each operation apart: a name may be gone while a later one is still there. A rename is
//            one operation: both of its names are old, or both are new
//   folder   its own name in its parent, until the parent was synced
//
// A file system that promises more, as one that keeps the order of its names, leaves fewer states.
// What overwriting a sector does to its neighbours is not modelled.
//
// Thread rule: one thread. Pure: nothing here touches a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gateway/journal/testing/disk_image.h"

namespace ringway::testing {

// What was done to the folder. Files are numbered: first those of the image that the trace began
// with, in the order of their names, then each that was created.
struct DiskOperation {
  enum class Kind : uint8_t {
    kMakeFolder,
    kCreate,      // `file` under `name`
    kWrite,       // `bytes` at `offset` of `file`
    kRename,      // what `name` names is `to` from now on
    kUnlink,      // `name`
    kSyncFile,    // `file`: its bytes and its size
    kSyncFolder,  // the folder: the names in it
    kSyncParent,  // the folder above: the folder's own name
  };
  Kind kind = Kind::kWrite;
  uint32_t file = 0;
  uint64_t offset = 0;
  std::string name;
  std::string to;
  std::string bytes;
};

std::string Describe(const DiskOperation& operation);

// A part of an operation that is there or not, as a whole.
struct DiskChange {
  enum class Kind : uint8_t { kFolder, kNames, kSize, kSector };
  Kind kind = Kind::kSector;
  std::size_t operation = 0;  // its index in the trace
  uint32_t file = 0;
  uint64_t at = 0;     // kSize: bytes; kSector: the sector's index
  std::string sector;  // kSector: all of it
  uint64_t sum = 0;    // kSector: of its content
  // kNames: what each names now; nothing: it is gone.
  std::vector<std::pair<std::string, std::optional<uint32_t>>> names;
};

// Which of the pending changes are there.
using DiskChoice = std::vector<bool>;

class DiskModel {
 public:
  static constexpr std::size_t kSectorBytes = 512;

  explicit DiskModel(const DiskImage& base);
  // The next operation of the trace.
  void Apply(const DiskOperation& operation);

  // In the order in which they were made.
  const std::vector<DiskChange>& pending() const noexcept { return pending_; }
  // What a loss of power leaves that takes all pending changes but those chosen.
  DiskImage Make(const DiskChoice& choice) const;
  // Equal where Make() gives equal images.
  uint64_t Hash(const DiskChoice& choice) const;
  // Everything that was done is there.
  DiskImage Current() const { return Make(DiskChoice(pending_.size(), true)); }

 private:
  struct File {
    std::string certain;  // on stable storage
    uint64_t sum = 0;     // of its sectors
    std::string current;  // as the page cache has it
  };
  // A state, by what it has besides what is certain.
  struct Chosen {
    bool folder = false;
    std::map<std::string, uint32_t> names;
    std::map<uint32_t, uint64_t> sizes;
    std::map<std::pair<uint32_t, uint64_t>, const DiskChange*> sectors;
  };

  Chosen Choose(const DiskChoice& choice) const;
  uint64_t SizeOf(const Chosen& chosen, uint32_t file) const;
  void Write(const DiskOperation& operation);
  void Settle(const DiskChange& change);
  void AddNames(std::vector<std::pair<std::string, std::optional<uint32_t>>> names);

  std::vector<File> files_;
  bool folder_ = false;                      // certain
  std::map<std::string, uint32_t> names_;    // certain
  std::map<std::string, uint32_t> current_;  // as the running system sees them
  std::vector<DiskChange> pending_;
  std::size_t applied_ = 0;
};

struct StatesOptions {
  std::size_t subsets_of_max = 6;  // all subsets of so many pending changes, or operations
  std::size_t random_subsets = 4;  // where there are more
  std::size_t each_max = 40;       // each change alone, and all but each, of so many
};

// Calls `visit` with choices of model.pending(), the same one perhaps more than once:
//   ordered    what a disk leaves that has everything in order: each beginning of the pending
//              operations, the last one whole or torn
//   unordered  all subsets where they are few; else none, all, each operation and each change
//              alone, all but each, halves of large writes, and random subsets
void ForEachState(const DiskModel& model, const StatesOptions& options, Random& random,
                  const std::function<void(const DiskChoice&)>& visit);

// For messages: the operations that are there in part or not at all.
std::string Describe(const DiskModel& model, const DiskChoice& choice);

}  // namespace ringway::testing
