// Opens folders and files without trusting their names.
#include "gateway/journal/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ringway {
namespace {

constexpr mode_t kOthersWrite = 022;
constexpr mode_t kOthers = 077;

absl::Status WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemError(written == 0 ? EIO : errno, "write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

std::optional<uint64_t> NumberOf(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  uint64_t number = 0;
  const char* const end = name.data() + (name.size() - suffix.size());
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stop != end || number == 0) return std::nullopt;
  return number;
}

}  // namespace

JournalFile::~JournalFile() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<Folder> Folder::Open(const std::string& path, FolderUse use) {
  JournalFile fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return SystemError(errno, absl::StrCat("cannot open the directory ", path));
  return Check(std::move(fd), path, use);
}

absl::StatusOr<Folder> Folder::OpenFolder(const std::string& name, FolderUse use) const {
  const std::string path = PathOf(name);
  JournalFile folder(openat(fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return SystemError(errno, absl::StrCat("cannot open the directory ", path));
  return Check(std::move(folder), path, use);
}

absl::StatusOr<Folder> Folder::Check(JournalFile fd, const std::string& path, FolderUse use) {
  Folder folder(std::move(fd), path);
  struct stat info {};
  if (fstat(folder.fd(), &info) != 0) return SystemError(errno, absl::StrCat("cannot see ", path));
  folder.owner_ = info.st_uid;
  folder.device_ = info.st_dev;
  folder.inode_ = info.st_ino;
  if (use == FolderUse::kRead) return folder;
  if (info.st_uid != geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat(
        path, " belongs to user ", info.st_uid, ", and this process runs as user ", geteuid(),
        ": that user could change what is in it. Remedy: run as that user, or, if it should not be "
        "that user's, remove it or `chown` it"));
  }
  const mode_t forbidden = use == FolderUse::kPrivate ? kOthers : kOthersWrite;
  if ((info.st_mode & forbidden) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        path, " has mode ", absl::StrFormat("%04o", info.st_mode & 07777), ": other users may ",
        use == FolderUse::kPrivate ? "look into it. Remedy: chmod go-rwx "
                                   : "write there. Remedy: chmod go-w ",
        path));
  }
  return folder;
}

absl::StatusOr<JournalFile> Folder::OpenFile(const std::string& name, bool writes) const {
  JournalFile file(openat(fd(), name.c_str(),
                          (writes ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return SystemError(errno, absl::StrCat("cannot open ", PathOf(name)));
  struct stat info {};
  if (fstat(file.fd(), &info) != 0) {
    return SystemError(errno, absl::StrCat("cannot see ", PathOf(name)));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(PathOf(name), " is not a regular file. Remedy: see who put it there"));
  }
  return file;
}

absl::StatusOr<JournalFile> Folder::CreateFile(const std::string& name) const {
  if (absl::Status removed = Remove(name); !removed.ok()) return removed;
  JournalFile file(
      openat(fd(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return SystemError(errno, absl::StrCat("cannot create ", PathOf(name)));
  return file;
}

absl::StatusOr<std::string> Folder::ReadFile(const std::string& name, std::size_t bytes_max) const {
  const absl::StatusOr<JournalFile> file = OpenFile(name);
  if (!file.ok()) return file.status();
  struct stat info {};
  if (fstat(file->fd(), &info) != 0) {
    return SystemError(errno, absl::StrCat("cannot see ", PathOf(name)));
  }
  const auto bytes = static_cast<std::size_t>(info.st_size);
  if (bytes > bytes_max) {
    return absl::DataLossError(
        absl::StrCat(PathOf(name), " has more than ", bytes_max, " bytes: it is not ours"));
  }
  std::string text(bytes, '\0');
  absl::Status read = ReadAt(*file, std::as_writable_bytes(std::span(text)), 0, PathOf(name));
  if (!read.ok()) return read;
  return text;
}

absl::Status Folder::ReplaceFile(const std::string& name, std::string_view text) const {
  const std::string draft = name + ".new";
  {
    const absl::StatusOr<JournalFile> file = CreateFile(draft);
    if (!file.ok()) return file.status();
    absl::Status written = WriteAll(file->fd(), text);
    if (written.ok() && fsync(file->fd()) != 0) written = SystemError(errno, "sync");
    if (!written.ok()) {
      Remove(draft).IgnoreError();
      return absl::Status(written.code(), absl::StrCat("cannot write ", PathOf(draft), ": ",
                                                       std::string(written.message())));
    }
  }
  if (absl::Status renamed = Rename(draft, name); !renamed.ok()) return renamed;
  return Sync();
}

absl::Status Folder::Remove(const std::string& name) const {
  if (unlinkat(fd(), name.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot remove ", PathOf(name)));
}

absl::Status Folder::Rename(const std::string& from, const std::string& to) const {
  if (renameat(fd(), from.c_str(), fd(), to.c_str()) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot rename ", PathOf(from), " to ", to));
}

absl::Status Folder::Sync() const {
  if (fsync(fd()) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot sync the directory ", path_));
}

absl::StatusOr<std::vector<std::string>> Folder::Names() const {
  const int own_fd = openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(own_fd < 0 ? nullptr : fdopendir(own_fd),
                                                   closedir);
  if (stream == nullptr) {
    const int error = errno;
    if (own_fd >= 0) close(own_fd);
    return SystemError(error, absl::StrCat("cannot read the directory ", path_));
  }
  std::vector<std::string> names;
  for (const dirent* entry = readdir(stream.get()); entry != nullptr;
       entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

absl::StatusOr<std::vector<uint64_t>> Folder::NumbersIn(std::string_view suffix) const {
  const absl::StatusOr<std::vector<std::string>> names = Names();
  if (!names.ok()) return names.status();
  std::vector<uint64_t> numbers;
  for (const std::string& name : *names) {
    if (const std::optional<uint64_t> number = NumberOf(name, suffix)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

absl::Status ReadAt(const JournalFile& file, std::span<std::byte> out, uint64_t offset,
                    const std::string& path) {
  while (!out.empty()) {
    const ssize_t got = pread(file.fd(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return SystemError(errno, absl::StrCat("cannot read ", path, " at offset ", offset));
    }
    if (got == 0) return absl::DataLossError(absl::StrCat(path, " ends at offset ", offset));
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return absl::OkStatus();
}

absl::Status SystemError(int error, const std::string& what) {
  return absl::ErrnoToStatus(error, what);
}

}  // namespace ringway
