// How a journal's files are named, found and first made.
#include "gateway/journal/file_layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/crc32c.h"
#include "base/kernel_random.h"
#include "gateway/journal/image_folder.h"

namespace ringway {
namespace {

constexpr uint64_t kIdentityMagic = 0x4959'4157'474E'4952;  // "RINGWAYI"
constexpr const char* kIdentityName = "journal";
constexpr const char* kLockName = "lock";
constexpr const char* kRunningName = "running";
constexpr const char* kProgressName = "progress";
constexpr std::size_t kNoteBytesMax = 8'192;

struct Identity {
  uint64_t magic;
  uint32_t version;  // 1
  uint32_t crc;      // CRC-32C of journal_id
  uint64_t journal_id;
};
static_assert(sizeof(Identity) == 24 && offsetof(Identity, journal_id) == 16);

uint32_t IdentityCrc(const Identity& identity) {
  return Crc32c(0, std::as_bytes(std::span(&identity.journal_id, 1)));
}

absl::Status MakeIdentity(const Folder& folder) {
  Identity identity{.magic = kIdentityMagic, .version = 1, .crc = 0, .journal_id = 0};
  if (absl::Status filled =
          FillFromKernel(std::as_writable_bytes(std::span(&identity.journal_id, 1)));
      !filled.ok()) {
    return filled;
  }
  identity.crc = IdentityCrc(identity);
  return folder.ReplaceFile(
      kIdentityName, std::string_view(reinterpret_cast<const char*>(&identity), sizeof(identity)));
}

absl::StatusOr<uint64_t> ReadIdentity(const Folder& folder) {
  const absl::StatusOr<std::string> bytes = folder.ReadFile(kIdentityName, sizeof(Identity));
  if (!bytes.ok() && !absl::IsDataLoss(bytes.status())) {
    return absl::Status(
        bytes.status().code(),
        absl::StrCat(folder.path(), " is no journal: ", std::string(bytes.status().message())));
  }
  Identity identity{};
  if (bytes.ok() && bytes->size() == sizeof(identity)) {
    std::memcpy(&identity, bytes->data(), sizeof(identity));
  }
  if (identity.magic != kIdentityMagic || identity.version != 1 ||
      identity.crc != IdentityCrc(identity)) {
    return absl::DataLossError(
        absl::StrCat(folder.PathOf(kIdentityName),
                     " is damaged or of another version: put it back from a copy"));
  }
  return identity.journal_id;
}

std::string TextOf(const ProgressNote& note) {
  std::string text =
      absl::StrCat("start ", note.start, "\nposition ", note.position, "\ntime ", note.time_ns,
                   "\nstate ", note.closed ? "closed" : "written", "\ninode ", note.inode, "\n");
  const uint32_t crc = Crc32c(0, std::as_bytes(std::span(text)));
  absl::StrAppend(&text, "check ", absl::Hex(crc, absl::kZeroPad8), "\n");
  return text;
}

// Only where nothing is recorded yet.
absl::Status MakeIdentityWhereMissing(const Folder& folder) {
  if (faccessat(folder.fd(), kIdentityName, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    return absl::OkStatus();
  }
  const absl::StatusOr<std::vector<uint64_t>> numbers = folder.NumbersIn(".segment");
  if (!numbers.ok()) return numbers.status();
  if (!numbers->empty()) {
    return absl::DataLossError(
        absl::StrCat(folder.PathOf(kIdentityName),
                     " is missing, but there are segments: put it back from a copy"));
  }
  return MakeIdentity(folder);
}

}  // namespace

std::string JournalPlace::SegmentName(uint64_t number) {
  return absl::StrCat(absl::Dec(number, absl::kZeroPad12), ".segment");
}

std::string JournalPlace::ImageName(uint64_t number) {
  return absl::StrCat(absl::Dec(number, absl::kZeroPad12), ".image");
}

std::string JournalPlace::SegmentPath(uint64_t number) const {
  return absl::StrCat(directory, "/", SegmentName(number));
}

std::string JournalPlace::ImagePath(uint64_t number) const {
  return absl::StrCat(image_directory, "/", ImageName(number));
}

absl::StatusOr<JournalPlace> FindJournal(const std::string& directory,
                                         const std::string& memory_directory, bool create) {
  absl::StatusOr<Folder> folder =
      Folder::Open(directory, create ? FolderUse::kWrite : FolderUse::kRead);
  if (!folder.ok()) return folder.status();
  if (create) {
    if (absl::Status made = MakeIdentityWhereMissing(*folder); !made.ok()) return made;
  }
  const absl::StatusOr<uint64_t> id = ReadIdentity(*folder);
  if (!id.ok()) return id.status();
  const absl::StatusOr<std::optional<RunningNote>> note = ReadRunningNote(*folder);
  if (!note.ok()) return note.status();
  JournalPlace place{.directory = directory,
                     .image_directory = {},
                     .journal_id = *id,
                     .folder = std::make_shared<const Folder>(*std::move(folder)),
                     .images = nullptr};
  if (!note->has_value()) return place;
  place.image_directory = (*note)->image_directory;
  absl::StatusOr<Folder> images =
      OpenImages(place.image_directory, memory_directory, *place.folder);
  if (images.ok()) {
    place.image_directory = images->path();
    place.images = std::make_shared<const Folder>(*std::move(images));
  } else if (!absl::IsNotFound(images.status())) {
    return images.status();
  }
  return place;
}

// --- The notes ---

absl::StatusOr<std::optional<RunningNote>> ReadRunningNote(const Folder& folder) {
  const absl::StatusOr<std::string> text = folder.ReadFile(kRunningName, kNoteBytesMax);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) return text.status();
  RunningNote note;
  bool numbered = false;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    absl::string_view value = line;
    if (absl::ConsumePrefix(&value, "boot ")) note.boot_id = std::string(value);
    if (absl::ConsumePrefix(&value, "images ")) note.image_directory = std::string(value);
    if (absl::ConsumePrefix(&value, "first ")) {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), note.first_number);
      numbered = error == std::errc() && end == value.data() + value.size();
    }
  }
  if (numbered && !note.image_directory.empty()) return note;
  return absl::DataLossError(absl::StrCat(
      folder.PathOf(kRunningName),
      " is damaged: it names the folder in memory that holds the journal's newest bytes. Remedy: "
      "put it back from a copy, or remove it and so give up what only memory holds"));
}

absl::Status WriteRunningNote(const Folder& folder, const RunningNote& note) {
  return folder.ReplaceFile(kRunningName,
                            absl::StrCat("boot ", note.boot_id, "\nimages ", note.image_directory,
                                         "\nfirst ", note.first_number, "\n"));
}

absl::Status RemoveRunningNote(const Folder& folder) {
  if (absl::Status removed = folder.Remove(kRunningName); !removed.ok()) return removed;
  return folder.Sync();
}

// Its last line is the checksum of those before it.
absl::StatusOr<std::optional<ProgressNote>> ReadProgressNote(const Folder& folder) {
  const absl::StatusOr<std::string> text = folder.ReadFile(kProgressName, kNoteBytesMax);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok() && !absl::IsDataLoss(text.status())) return text.status();
  ProgressNote note;
  if (text.ok()) {
    for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
      const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
      if (words.size() != 2) continue;
      if (words[0] == "start") static_cast<void>(absl::SimpleAtoi(words[1], &note.start));
      if (words[0] == "position") static_cast<void>(absl::SimpleAtoi(words[1], &note.position));
      if (words[0] == "time") static_cast<void>(absl::SimpleAtoi(words[1], &note.time_ns));
      if (words[0] == "inode") static_cast<void>(absl::SimpleAtoi(words[1], &note.inode));
      if (words[0] == "state") note.closed = words[1] == "closed";
    }
    if (*text == TextOf(note)) return note;
  }
  return absl::DataLossError(absl::StrCat(folder.PathOf(kProgressName), " is damaged"));
}

absl::Status WriteProgressNote(const Folder& folder, const ProgressNote& note) {
  return folder.ReplaceFile(kProgressName, TextOf(note));
}

// --- The lock ---

absl::StatusOr<JournalFile> LockJournal(const std::string& directory) {
  const absl::StatusOr<Folder> folder = Folder::Open(directory, FolderUse::kRead);
  if (!folder.ok()) return folder.status();
  return LockJournal(*folder);
}

// A file of mode 0600, not the folder itself: whoever can open a file can hold its lock.
absl::StatusOr<JournalFile> LockJournal(const Folder& folder) {
  const std::string path = folder.PathOf(kLockName);
  JournalFile file(
      openat(folder.fd(), kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  struct stat info {};
  if (!file || fstat(file.fd(), &info) != 0) {
    return SystemError(errno, absl::StrCat("cannot open ", path));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a regular file: remove it"));
  }
  if (info.st_uid == geteuid() && (info.st_mode & 077) != 0 && fchmod(file.fd(), 0600) != 0) {
    return SystemError(errno, absl::StrCat("cannot set the mode of ", path));
  }
  // Made by root for the journal's own user, who has to open it too.
  if (info.st_uid != folder.owner() && geteuid() == 0 &&
      fchown(file.fd(), folder.owner(), static_cast<gid_t>(-1)) != 0) {
    return SystemError(errno, absl::StrCat("cannot change the owner of ", path));
  }
  if (flock(file.fd(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return SystemError(errno, absl::StrCat("cannot lock ", path));
  return absl::UnavailableError(absl::StrCat(
      folder.path(),
      " is in use by another gateway: stop it, or give this one a directory of its own"));
}

std::string BootId() {
  const JournalFile file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::string text(36, '\0');  // a UUID
  if (!file || read(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return {};
  }
  return text;
}

}  // namespace ringway
