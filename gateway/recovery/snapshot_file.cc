// Writes, checks and removes a snapshot's file.
#include "gateway/recovery/snapshot_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "gateway/journal/folder.h"

namespace ringway {
namespace {

constexpr const char* kSuffix = ".snapshot";

constexpr const char* kDraftName = "snapshot.unfinished";

std::string SnapshotName(uint64_t position) {
  return absl::StrCat(absl::Dec(position, absl::kZeroPad18), kSuffix);
}

uint32_t HeadCrc(const SnapshotHead& head) noexcept {
  return Crc32c(0, std::as_bytes(std::span(&head, 1)).first(offsetof(SnapshotHead, crc)));
}

// Ends with its checksum, as StateWriter writes it.
bool IsWhole(std::span<const std::byte> part) noexcept {
  std::array<uint32_t, 2> trailer;
  if (part.size() < sizeof(trailer)) return false;
  const std::span<const std::byte> content = part.first(part.size() - sizeof(trailer));
  std::memcpy(trailer.data(), part.data() + content.size(), sizeof(trailer));
  return trailer[1] == 0 && trailer[0] == Crc32c(0, content);
}

absl::Status ReadAll(const JournalFile& file, const std::string& path, std::span<std::byte> out,
                     uint64_t offset) {
  while (!out.empty()) {
    const ssize_t got = pread(file.fd(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(errno, absl::StrCat("cannot read ", path));
    if (got == 0) return absl::DataLossError(absl::StrCat(path, " is cut short"));
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return absl::OkStatus();
}

// Everything behind the head, piece by piece; the first error stays.
class PartWriter {
 public:
  PartWriter(FileOperations& operations, int fd) : operations_(operations), fd_(fd) {}

  StateWriter::Sink sink() {
    return [this](std::span<const std::byte> piece) {
      if (error_ == 0) error_ = operations_.WriteAt(fd_, piece, sizeof(SnapshotHead) + bytes_);
      bytes_ += piece.size();
    };
  }
  uint64_t bytes() const noexcept { return bytes_; }
  int error() const noexcept { return error_; }

 private:
  FileOperations& operations_;
  const int fd_;
  uint64_t bytes_ = 0;
  int error_ = 0;
};

}  // namespace

std::string SnapshotPath(const std::string& directory, uint64_t position) {
  return absl::StrCat(directory, "/", SnapshotName(position));
}

absl::StatusOr<std::vector<uint64_t>> SnapshotsIn(const std::string& directory) {
  const absl::StatusOr<Folder> folder = Folder::Open(directory, FolderUse::kRead);
  if (!folder.ok()) return folder.status();
  return folder->NumbersIn(kSuffix);
}

absl::StatusOr<Snapshot> ReadSnapshot(const std::string& path, uint64_t journal_id) {
  const std::filesystem::path split(path);
  const absl::StatusOr<Folder> folder =
      Folder::Open(split.has_parent_path() ? split.parent_path().string() : ".", FolderUse::kRead);
  if (!folder.ok()) return folder.status();
  const absl::StatusOr<JournalFile> opened = folder->OpenFile(split.filename());
  if (!opened.ok()) return opened.status();
  const JournalFile& file = *opened;
  struct stat info {};
  if (fstat(file.fd(), &info) != 0) return SystemError(errno, absl::StrCat("cannot see ", path));
  Snapshot snapshot;
  SnapshotHead& head = snapshot.head;
  if (absl::Status read = ReadAll(file, path, std::as_writable_bytes(std::span(&head, 1)), 0);
      !read.ok()) {
    return read;
  }
  if (head.magic != kSnapshotMagic || head.crc != HeadCrc(head)) {
    return absl::DataLossError(absl::StrCat(path, ": its first 104 bytes are not a snapshot's"));
  }
  if (head.version != kSnapshotVersion || head.head_bytes != sizeof(head)) {
    return absl::UnimplementedError(absl::StrCat(path, ": version ", head.version,
                                                 " of the format, this program reads version ",
                                                 kSnapshotVersion));
  }
  if (head.journal_id != journal_id) {
    return absl::DataLossError(absl::StrCat(path, ": is of another journal"));
  }
  const uint64_t bytes = static_cast<uint64_t>(info.st_size) - sizeof(head);
  if (head.engine_bytes > bytes || head.surroundings_bytes != bytes - head.engine_bytes) {
    return absl::DataLossError(absl::StrCat(path, ": has ", bytes,
                                            " bytes of state, and says that it has ",
                                            head.engine_bytes, " and ", head.surroundings_bytes));
  }
  snapshot.state.resize(static_cast<std::size_t>(bytes));
  if (absl::Status read = ReadAll(file, path, snapshot.state, sizeof(head)); !read.ok()) {
    return read;
  }
  const SavedGateway saved = snapshot.saved();
  if (!IsWhole(saved.engine) || !IsWhole(saved.surroundings)) {
    return absl::DataLossError(absl::StrCat(path, ": a checksum is wrong"));
  }
  return snapshot;
}

absl::StatusOr<Snapshot> ReadSnapshotAt(const std::string& directory, uint64_t position,
                                        uint64_t journal_id) {
  const std::string path = SnapshotPath(directory, position);
  absl::StatusOr<Snapshot> snapshot = ReadSnapshot(path, journal_id);
  if (!snapshot.ok() || snapshot->head.position == position) return snapshot;
  return absl::DataLossError(
      absl::StrCat(path, ": ends at position ", snapshot->head.position, ": rename it back"));
}

absl::StatusOr<std::vector<SnapshotHead>> SnapshotsBehind(const std::string& directory,
                                                          uint64_t journal_id, uint64_t position) {
  const absl::StatusOr<std::vector<uint64_t>> positions = SnapshotsIn(directory);
  if (!positions.ok()) return positions.status();
  std::vector<SnapshotHead> heads;
  for (const uint64_t at : *positions) {
    if (at <= position) continue;
    const absl::StatusOr<Snapshot> snapshot = ReadSnapshotAt(directory, at, journal_id);
    if (snapshot.ok()) heads.push_back(snapshot->head);
  }
  return heads;
}

absl::Status SetSnapshotAside(const std::string& directory, uint64_t position) {
  const absl::StatusOr<Folder> folder = Folder::Open(directory, FolderUse::kWrite);
  if (!folder.ok()) return folder.status();
  const std::string name = SnapshotName(position);
  if (absl::Status renamed = folder->Rename(name, name + ".lost"); !renamed.ok()) return renamed;
  return folder->Sync();
}

absl::StatusOr<ReplayedGateway> LoadSnapshot(const Snapshot& snapshot,
                                             const ReplayOptions& options) {
  ReplayedGateway past(options);
  if (absl::Status loaded = past.Load(snapshot.saved()); !loaded.ok()) return loaded;
  // Another release may count the same state otherwise; the checksums hold in any case.
  if (snapshot.head.engine_release == kEngineRelease &&
      past.engine().StateHash() != snapshot.head.state_hash) {
    return absl::DataLossError("the loaded state has another hash than the saved one had");
  }
  return past;
}

absl::StatusOr<SnapshotHead> WriteSnapshot(const std::string& directory, uint64_t journal_id,
                                           const JournalCursor& end, ReplayedGateway& past,
                                           FileOperations& operations) {
  const std::string path = SnapshotPath(directory, end.position);
  const absl::StatusOr<Folder> folder = Folder::Open(directory, FolderUse::kWrite);
  if (!folder.ok()) return folder.status();
  // Always a new file: a process that is being killed may still write to an old one.
  const absl::StatusOr<JournalFile> created = folder->CreateFile(kDraftName);
  if (!created.ok()) return created.status();
  const JournalFile& file = *created;
  PartWriter writer(operations, file.fd());
  past.engine().Save(writer.sink());
  const uint64_t engine_bytes = writer.bytes();
  past.SaveSurroundings(writer.sink());
  SnapshotHead head{.magic = kSnapshotMagic,
                    .version = kSnapshotVersion,
                    .head_bytes = sizeof(SnapshotHead),
                    .journal_id = journal_id,
                    .position = end.position,
                    .next_sequence = end.next_sequence,
                    .previous_crc = end.previous_crc,
                    .start = past.start(),
                    .config_hash = past.config_hash(),
                    .steps = past.steps(),
                    .state_hash = past.engine().StateHash(),
                    .time_ns = past.engine().now_ns(),
                    .engine_bytes = engine_bytes,
                    .surroundings_bytes = writer.bytes() - engine_bytes,
                    .engine_release = past.engine_release(),
                    .crc = 0};
  head.crc = HeadCrc(head);
  int error = writer.error();
  if (error == 0) {
    error = operations.WriteAt(file.fd(), std::as_bytes(std::span(&head, 1)), 0);
  }
  if (error == 0) error = operations.Sync(file.fd());
  if (error != 0) {
    folder->Remove(kDraftName).IgnoreError();
    return SystemError(error, absl::StrCat("cannot write the snapshot ", path));
  }
  if (absl::Status renamed = folder->Rename(kDraftName, SnapshotName(end.position));
      !renamed.ok()) {
    return renamed;
  }
  if (absl::Status synced = folder->Sync(); !synced.ok()) return synced;
  return head;
}

void RemoveSnapshotsBut(const std::string& directory, std::span<const uint64_t> positions) {
  const absl::StatusOr<Folder> folder = Folder::Open(directory, FolderUse::kWrite);
  if (!folder.ok()) return;
  const absl::StatusOr<std::vector<uint64_t>> all = folder->NumbersIn(kSuffix);
  if (!all.ok()) return;
  for (const uint64_t position : *all) {
    if (std::ranges::find(positions, position) != positions.end()) continue;
    folder->Remove(SnapshotName(position)).IgnoreError();
  }
}

}  // namespace ringway
