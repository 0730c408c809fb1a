// Where a reader finds the segments of a journal: in files, or in what a simulator left of them.
//
// Thread rule: one thread. Virtual calls happen once a segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace ringway {

class JournalSource {
 public:
  struct Segment {
    uint64_t number;
    uint64_t bytes;
    std::string name;  // for messages: a path
  };

  virtual ~JournalSource() = default;

  // Ascending numbers. A segment that was only prepared is there as well.
  virtual const std::vector<Segment>& segments() const = 0;

  // Fills `out` from `offset` of segments()[index]. Errors: what the system said, with the name; a
  // segment shorter than offset + out.size().
  virtual absl::Status Read(std::size_t index, uint64_t offset, std::span<std::byte> out) = 0;

  // Forgets the first `count` segments, of the last of which Read() said NotFound: the gateway that
  // writes the journal may have removed them since they were listed, the oldest first. False:
  // segments do not go.
  virtual bool ForgetFirst(std::size_t count) {
    static_cast<void>(count);
    return false;
  }

  // Whether the machine may have lost its power since the last write. If so, records that were
  // never durable may be there in part; otherwise they are there as written.
  virtual bool power_may_have_failed() const = 0;
};

}  // namespace ringway
