// What a folder on a disk holds, as a value: read from there, and put there again.
//
// Thread rule: one thread.
#pragma once

#include <map>
#include <string>
#include <utility>

namespace ringway::testing {

// A folder and the files in it.
struct DiskImage {
  bool exists = false;  // the folder
  std::map<std::string, std::string> files;

  bool operator==(const DiskImage&) const = default;
};

DiskImage ReadDisk(const std::string& path);

// A folder that becomes one image after another and stays the same folder to whoever asks for its
// inode. While an image has no folder, the folder waits at `path`.aside.
class DiskFolder {
 public:
  explicit DiskFolder(std::string path) : path_(std::move(path)) {}
  void Become(const DiskImage& image) const;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace ringway::testing
