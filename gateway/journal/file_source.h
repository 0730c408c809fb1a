// Reads the segments of a journal in files: for tools, and for a gateway before it writes.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/source.h"

namespace ringway {

class FileSource final : public JournalSource {
 public:
  // The segments as they are now, images before files. While a gateway writes the journal only what
  // has reached the files is read, and its end may be torn. Errors: as FindJournal.
  static absl::StatusOr<std::unique_ptr<FileSource>> Open(const std::string& directory,
                                                          const std::string& memory_directory);

  // For the holder of the journal's lock, which has copied all images to their segments and knows
  // whether memory was lost with the machine's power.
  static absl::StatusOr<std::unique_ptr<FileSource>> OpenLocked(const JournalPlace& place,
                                                                bool power_may_have_failed);

  // The files of segments up to this number, which no process writes any more, while a gateway
  // writes later ones (FileStorage::completed()). As after a power failure: images do not count.
  static absl::StatusOr<std::unique_ptr<FileSource>> OpenCompleted(const JournalPlace& place,
                                                                   uint64_t last_number);

  const std::vector<Segment>& segments() const override { return segments_; }
  absl::Status Read(std::size_t index, uint64_t offset, std::span<std::byte> out) override;
  bool ForgetFirst(std::size_t count) override;
  bool power_may_have_failed() const override { return power_may_have_failed_; }

 private:
  FileSource() = default;
  absl::Status List(const JournalPlace& place, bool use_images, uint64_t last_number = UINT64_MAX);
  absl::Status Add(const JournalPlace& place, uint64_t number, bool use_images);
  bool HasRecordInImage() const;
  absl::StatusOr<JournalFile> OpenAt(std::size_t index) const;

  std::vector<Segment> segments_;
  std::vector<bool> from_image_;  // of each segment
  std::shared_ptr<const Folder> folder_;
  std::shared_ptr<const Folder> images_;
  bool power_may_have_failed_ = true;
  std::size_t open_index_ = SIZE_MAX;  // which one open_file_ is
  JournalFile open_file_;
};

}  // namespace ringway
