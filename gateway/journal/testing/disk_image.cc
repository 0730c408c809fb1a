// How a folder is read and written as a whole.
#include "gateway/journal/testing/disk_image.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/check.h"

namespace ringway::testing {
namespace {

// Only what is not zeros is written: the rest is a hole.
void WriteFile(const std::string& path, const std::string& bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  RINGWAY_CHECK(fd >= 0 && ftruncate(fd, static_cast<off_t>(bytes.size())) == 0,
                "a test can make a file");
  constexpr std::size_t kPieceBytes = 4'096;
  static const std::string kZeros(kPieceBytes, '\0');
  for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    const std::size_t count = std::min(kPieceBytes, bytes.size() - at);
    if (std::memcmp(bytes.data() + at, kZeros.data(), count) == 0) continue;
    RINGWAY_CHECK(
        pwrite(fd, bytes.data() + at, count, static_cast<off_t>(at)) == static_cast<ssize_t>(count),
        "a test can write a file");
  }
  close(fd);
}

}  // namespace

DiskImage ReadDisk(const std::string& path) {
  DiskImage image;
  std::error_code error;
  image.exists = std::filesystem::is_directory(path, error);
  if (!image.exists) return image;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    RINGWAY_CHECK(entry.is_regular_file(), "the model knows files only");
    std::ifstream file(entry.path(), std::ios::binary);
    image.files[entry.path().filename()] =
        std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return image;
}

void DiskFolder::Become(const DiskImage& image) const {
  const std::string aside = path_ + ".aside";
  const bool is_aside = std::filesystem::exists(aside);
  if (!image.exists) {
    if (!is_aside && std::filesystem::exists(path_)) std::filesystem::rename(path_, aside);
    std::filesystem::remove_all(path_);
    return;
  }
  if (is_aside) {
    std::filesystem::remove_all(path_);
    std::filesystem::rename(aside, path_);
  }
  if (std::filesystem::create_directory(path_)) {
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    std::filesystem::remove_all(entry.path());
  }
  for (const auto& [name, bytes] : image.files) WriteFile(path_ + "/" + name, bytes);
}

}  // namespace ringway::testing
