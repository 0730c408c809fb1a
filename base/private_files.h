// Files and folders that only this user can read. Thread rule: none; they are the file system's.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringway {

// Writes the file anew, with mode 0600. Errors: the system's reason.
absl::Status WritePrivateFile(const std::string& path, std::string_view text);
// The whole file; "" where there is none.
std::string ReadWholeFile(const std::string& path);

// A folder that is removed with its contents when the object is destroyed.
class TemporaryFolder {
 public:
  // Made below `parent`; by default below $TMPDIR, or /tmp if that is unset or too long for the
  // names of sockets in it. Errors: the system's reason.
  static absl::StatusOr<TemporaryFolder> Make(std::string parent = "");
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TemporaryFolder();

  const std::string& path() const noexcept { return path_; }
  // The path of what is called `name` in it.
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace ringway
