// Which journal a folder of images belongs to, and when one may be removed.
#include "gateway/journal/image_folder.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/kernel_random.h"
#include "gateway/journal/format.h"

namespace ringway {
namespace {

constexpr const char* kPrefix = "ringway-journal-";
constexpr const char* kOwnerName = "owner";
constexpr std::size_t kOwnerBytesMax = 8'192;
constexpr int kNamesTried = 8;
// A folder without an owner is being made, or its process was killed while making it.
constexpr std::time_t kBeingMadeS = 60;
// The user that root of an outer user namespace appears as inside a container.
constexpr uid_t kOverflowUser = 65'534;

// Which journal a folder belongs to.
struct Owner {
  uint64_t device = 0;  // of its DIRECTORY
  uint64_t inode = 0;
  std::string directory;  // absolute, when the folder was made
};

bool ReadNumber(absl::string_view text, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Owner> ReadOwner(const Folder& images) {
  const absl::StatusOr<std::string> text = images.ReadFile(kOwnerName, kOwnerBytesMax);
  if (!text.ok()) return std::nullopt;
  Owner owner;
  bool device = false;
  bool inode = false;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    absl::string_view value = line;
    if (absl::ConsumePrefix(&value, "device ")) device = ReadNumber(value, owner.device);
    if (absl::ConsumePrefix(&value, "inode ")) inode = ReadNumber(value, owner.inode);
    if (absl::ConsumePrefix(&value, "journal ")) owner.directory = std::string(value);
  }
  if (!device || !inode || owner.directory.empty()) return std::nullopt;
  return owner;
}

bool Owns(const Owner& owner, const Folder& journal) noexcept {
  return owner.device == journal.device() && owner.inode == journal.inode();
}

// Whether a file system of this number is mounted. One whose number is not listed counts as not.
bool IsMounted(uint64_t device) {
  const std::string wanted = absl::StrCat(major(device), ":", minor(device));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    if (fields.size() > 2 && fields[2] == wanted) return true;
  }
  return false;
}

// Certainly: a file system that is not mounted, or a folder that was only renamed, may come back.
bool IsGone(const Owner& owner) {
  struct stat info {};
  if (stat(owner.directory.c_str(), &info) == 0) {
    if (info.st_dev == owner.device && info.st_ino == owner.inode) return false;
  } else if (errno != ENOENT && errno != ENOTDIR) {
    return false;
  }
  if (!IsMounted(owner.device)) return false;
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(owner.directory).parent_path();
  for (std::filesystem::directory_iterator at(parent, error), end; !error && at != end;
       at.increment(error)) {
    if (lstat(at->path().c_str(), &info) == 0 && info.st_dev == owner.device &&
        info.st_ino == owner.inode) {
      return false;
    }
  }
  return !error || error == std::errc::no_such_file_or_directory;
}

bool IsOld(const Folder& images) {
  struct stat info {};
  return fstat(images.fd(), &info) == 0 && std::time(nullptr) - info.st_ctime > kBeingMadeS;
}

absl::StatusOr<Folder> OpenImagesAt(const std::filesystem::path& path, const Folder& journal) {
  const absl::StatusOr<Folder> parent = Folder::Open(path.parent_path(), FolderUse::kRead);
  if (!parent.ok()) return parent.status();
  absl::StatusOr<Folder> images = parent->OpenFolder(path.filename(), FolderUse::kRead);
  if (!images.ok()) return images.status();
  struct stat info {};
  if (fstat(images->fd(), &info) != 0) return SystemError(errno, "cannot see the images");
  if (info.st_uid != journal.owner() || (info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        path.string(), " is not what the gateway made: it belongs to user ", info.st_uid,
        " or is open to others, so its contents are not used. Remedy: find out who did that; "
        "have it removed, and name as memory_directory one that no other user may write to, as "
        "/run/ringway"));
  }
  const std::optional<Owner> owner = ReadOwner(*images);
  if (owner.has_value() && Owns(*owner, journal)) return images;
  return absl::NotFoundError(
      absl::StrCat(path.string(), " holds the images of ",
                   owner.has_value() ? owner->directory : std::string("no journal"),
                   ", another one than ", journal.path()));
}

}  // namespace

absl::StatusOr<Folder> OpenMemory(const std::string& memory_directory) {
  absl::StatusOr<Folder> memory = Folder::Open(memory_directory, FolderUse::kRead);
  if (!memory.ok()) {
    return absl::Status(
        memory.status().code(),
        absl::StrCat("the journal's memory directory: ", std::string(memory.status().message())));
  }
  struct statfs system {};
  struct stat info {};
  if (fstatfs(memory->fd(), &system) != 0 || fstat(memory->fd(), &info) != 0) {
    return SystemError(errno, absl::StrCat("the journal's memory directory ", memory_directory));
  }
  if (system.f_type != TMPFS_MAGIC && system.f_type != RAMFS_MAGIC) {
    return absl::InvalidArgumentError(
        absl::StrCat(memory_directory,
                     " is not a RAM file system: name one as the journal's memory directory, as "
                     "/dev/shm"));
  }
  const bool foreign = info.st_uid != 0 && info.st_uid != geteuid() && info.st_uid != kOverflowUser;
  const bool open_to_others = (info.st_mode & 022) != 0 && (info.st_mode & S_ISVTX) == 0;
  if (foreign || open_to_others) {
    return absl::PermissionDeniedError(absl::StrCat(
        memory_directory, ": user ", info.st_uid, open_to_others ? " and others" : "",
        " could take away what the journal keeps there. Remedy: name as memory_directory a folder "
        "of the gateway's user, or one with the sticky bit, as /dev/shm"));
  }
  return memory;
}

absl::StatusOr<Folder> MakeImages(const Folder& memory, uint64_t journal_id,
                                  const Folder& journal) {
  std::error_code error;
  const std::filesystem::path directory = std::filesystem::canonical(journal.path(), error);
  if (error) return SystemError(error.value(), absl::StrCat("cannot find ", journal.path()));
  for (int i = 0; i < kNamesTried; ++i) {
    uint64_t random = 0;
    if (absl::Status filled = FillFromKernel(std::as_writable_bytes(std::span(&random, 1)));
        !filled.ok()) {
      return filled;
    }
    const std::string name = absl::StrCat(kPrefix, absl::Hex(journal_id, absl::kZeroPad16), "-",
                                          absl::Hex(random, absl::kZeroPad16));
    if (mkdirat(memory.fd(), name.c_str(), 0700) != 0) {
      if (errno == EEXIST) continue;
      return SystemError(errno, absl::StrCat("cannot make ", memory.PathOf(name)));
    }
    absl::StatusOr<Folder> images = memory.OpenFolder(name, FolderUse::kPrivate);
    if (!images.ok()) return images.status();
    // Until the process ends: SweepImages() of another process skips it.
    if (flock(images->fd(), LOCK_EX | LOCK_NB) != 0) {
      return SystemError(errno, absl::StrCat("cannot lock ", images->path()));
    }
    const absl::Status owned = images->ReplaceFile(
        kOwnerName, absl::StrCat("device ", journal.device(), "\ninode ", journal.inode(),
                                 "\njournal ", directory.string(), "\n"));
    if (owned.ok()) return images;
    RemoveImages(*images);
    return owned;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("no name is free for the journal's images in ", memory.path()));
}

absl::StatusOr<Folder> OpenImages(const std::string& path, const std::string& memory_directory,
                                  const Folder& journal) {
  absl::StatusOr<Folder> images = OpenImagesAt(path, journal);
  if (!absl::IsNotFound(images.status()) || memory_directory.empty()) return images;
  const std::filesystem::path other =
      std::filesystem::path(memory_directory) / std::filesystem::path(path).filename();
  if (other == path) return images;
  absl::StatusOr<Folder> moved = OpenImagesAt(other, journal);
  return absl::IsNotFound(moved.status()) ? std::move(images) : std::move(moved);
}

bool ImageHoldsRecord(const Folder& images, const std::string& name) {
  const absl::StatusOr<JournalFile> file = images.OpenFile(name);
  struct {
    SegmentHeader segment;
    RecordHeader record;
    SegmentStartBody body;
  } start;
  static_assert(sizeof(start) == sizeof(SegmentHeader) + sizeof(RecordHeader) + sizeof(start.body));
  if (!file.ok() ||
      pread(file->fd(), &start, sizeof(start), 0) != static_cast<ssize_t>(sizeof(start))) {
    return false;
  }
  const std::span<const std::byte> record =
      std::as_bytes(std::span(&start, 1)).subspan(sizeof(SegmentHeader));
  return start.record.type == RecordType::kSegmentStart && start.record.bytes() == record.size() &&
         RecordCrc(CrcSeed(start.segment.salt), record) == start.record.crc;
}

void RemoveImages(const Folder& images) {
  const absl::StatusOr<std::vector<std::string>> names = images.Names();
  if (!names.ok()) return;
  // The owner last: without it, it is not known whose the rest is.
  for (const std::string& name : *names) {
    if (name != kOwnerName && !images.Remove(name).ok()) return;
  }
  if (images.Remove(kOwnerName).ok()) rmdir(images.path().c_str());
}

void SweepImages(const Folder& memory, const Folder& journal,
                 const std::function<void(std::string_view line)>& report) {
  const absl::StatusOr<std::vector<std::string>> names = memory.Names();
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (!absl::StartsWith(name, kPrefix)) continue;
    const absl::StatusOr<Folder> images = memory.OpenFolder(name, FolderUse::kPrivate);
    if (!images.ok()) continue;                                 // another user's, or no folder
    if (flock(images->fd(), LOCK_EX | LOCK_NB) != 0) continue;  // in use
    const std::optional<Owner> owner = ReadOwner(*images);
    if (!owner.has_value()) {
      const absl::StatusOr<std::vector<std::string>> files = images->Names();
      if (files.ok() && files->empty() && IsOld(*images)) rmdir(images->path().c_str());
      continue;
    }
    if (!Owns(*owner, journal) && !IsGone(*owner)) continue;
    RemoveImages(*images);
    if (report) {
      report(absl::StrCat(
          "removed ", images->path(), ", left by a process that was killed: ",
          Owns(*owner, journal)
              ? std::string("what it held is on the disk or was given up")
              : absl::StrCat("the journal ", owner->directory, " does not exist any more")));
    }
  }
}

}  // namespace ringway
