// How a journal's files are named, found and first made.
#include "gateway/journal/file_layout.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"

namespace ringway {
namespace {

constexpr uint64_t kIdentityMagic = 0x4959'4157'474E'4952;  // "RINGWAYI"

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

absl::Status MakeIdentity(const std::string& directory) {
  const std::string path = absl::StrCat(directory, "/journal");
  const std::string draft = absl::StrCat(path, ".new");
  Identity identity{.magic = kIdentityMagic, .version = 1, .crc = 0, .journal_id = 0};
  if (getrandom(&identity.journal_id, sizeof(identity.journal_id), 0) !=
      static_cast<ssize_t>(sizeof(identity.journal_id))) {
    return SystemError(errno, "no random numbers from the system");
  }
  identity.crc = IdentityCrc(identity);
  {
    const JournalFile file(open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file ||
        write(file.fd(), &identity, sizeof(identity)) != static_cast<ssize_t>(sizeof(identity)) ||
        fsync(file.fd()) != 0) {
      return SystemError(errno, absl::StrCat("cannot write ", draft));
    }
  }
  if (rename(draft.c_str(), path.c_str()) != 0) {
    return SystemError(errno, absl::StrCat("cannot rename ", draft));
  }
  return SyncDirectory(directory);
}

}  // namespace

JournalFile::~JournalFile() {
  if (fd_ >= 0) close(fd_);
}

std::string JournalPlace::SegmentPath(uint64_t number) const {
  return absl::StrCat(directory, "/", absl::Dec(number, absl::kZeroPad12), ".segment");
}

std::string JournalPlace::ImagePath(uint64_t number) const {
  return absl::StrCat(image_directory, "/", absl::Dec(number, absl::kZeroPad12), ".image");
}

absl::StatusOr<JournalPlace> FindJournal(const std::string& directory,
                                         const std::string& memory_directory, bool create) {
  const std::string path = absl::StrCat(directory, "/journal");
  if (create) {
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return SystemError(errno, absl::StrCat("cannot make the journal's directory ", directory));
    }
    if (access(path.c_str(), F_OK) != 0) {
      const absl::StatusOr<std::vector<uint64_t>> numbers = NumbersIn(directory, ".segment");
      if (!numbers.ok()) return numbers.status();
      if (!numbers->empty()) {
        return absl::DataLossError(
            absl::StrCat(path, " is missing, but there are segments: put it back from a copy"));
      }
      if (absl::Status made = MakeIdentity(directory); !made.ok()) return made;
    }
  }
  const JournalFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return SystemError(errno, absl::StrCat(directory, " is no journal: cannot open ", path));
  }
  Identity identity{};
  struct stat info {};
  if (read(file.fd(), &identity, sizeof(identity)) != static_cast<ssize_t>(sizeof(identity)) ||
      identity.magic != kIdentityMagic || identity.version != 1 ||
      identity.crc != IdentityCrc(identity) || fstat(file.fd(), &info) != 0) {
    return absl::DataLossError(
        absl::StrCat(path, " is damaged or of another version: put it back from a copy"));
  }
  return JournalPlace{
      .directory = directory,
      .image_directory = absl::StrCat(memory_directory, "/ringway-journal-",
                                      absl::Hex(identity.journal_id, absl::kZeroPad16), "-",
                                      static_cast<uint64_t>(info.st_ino)),
      .journal_id = identity.journal_id};
}

absl::StatusOr<std::vector<uint64_t>> NumbersIn(const std::string& directory,
                                                const std::string& suffix) {
  std::vector<uint64_t> numbers;
  DIR* const dir = opendir(directory.c_str());
  if (dir == nullptr) {
    if (errno == ENOENT) return numbers;
    return SystemError(errno, absl::StrCat("cannot read the directory ", directory));
  }
  for (const dirent* entry = readdir(dir); entry != nullptr; entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (!name.ends_with(suffix)) continue;
    uint64_t number = 0;
    const char* const end = name.data() + (name.size() - suffix.size());
    const auto [stop, error] = std::from_chars(name.data(), end, number);
    if (error == std::errc() && stop == end && number != 0) numbers.push_back(number);
  }
  closedir(dir);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

bool DirectoryExists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

absl::Status SyncDirectory(const std::string& directory) {
  const JournalFile file(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file && fsync(file.fd()) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot sync the directory ", directory));
}

absl::Status SystemError(int error, const std::string& what) {
  return absl::ErrnoToStatus(error, what);
}

}  // namespace ringway
