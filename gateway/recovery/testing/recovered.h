// For tests of snapshots: recovers a journal, compares the results, and damages files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/recover.h"
#include "gateway/recovery/snapshot_file.h"
#include "gateway/recovery/testing/recorded_flow.h"
#include "gtest/gtest.h"

namespace ringway::testing {

inline MakeSnapshotOptions MakeOptions(const RecordedFlow& flow,
                                       uint64_t last_segment = UINT64_MAX) {
  return {.place = flow.place(),
          .last_segment = last_segment,
          .replay = RecordedFlow::Replay(),
          .report = [](std::string_view line) { std::cerr << line << "\n"; }};
}

inline std::vector<uint64_t> SnapshotPositions(const std::string& directory) {
  absl::StatusOr<std::vector<uint64_t>> positions = SnapshotsIn(directory);
  EXPECT_TRUE(positions.ok()) << positions.status();
  return positions.ok() ? *std::move(positions) : std::vector<uint64_t>{};
}

// What the journal says, by whatever snapshots there are.
inline Recovered RecoverNow(RecordedFlow& flow) {
  auto source = FileSource::Open(flow.place().directory, "/dev/shm");
  EXPECT_TRUE(source.ok()) << source.status();
  auto recovered = Recover(**source, flow.Options(flow.place()));
  EXPECT_TRUE(recovered.ok()) << recovered.status();
  return *std::move(recovered);
}

// Without any snapshot.
inline Recovered RecoverWhole(RecordedFlow& flow) {
  const std::string& directory = flow.place().directory;
  const std::string aside = directory + "/aside";
  std::filesystem::create_directory(aside);
  for (const uint64_t position : SnapshotPositions(directory)) {
    const std::string path = SnapshotPath(directory, position);
    std::filesystem::rename(path, SnapshotPath(aside, position));
  }
  Recovered whole = RecoverNow(flow);
  EXPECT_EQ(whole.snapshot_position, 0u);
  for (const uint64_t position : SnapshotPositions(aside)) {
    std::filesystem::rename(SnapshotPath(aside, position), SnapshotPath(directory, position));
  }
  return whole;
}

inline void ExpectSame(Recovered& a, Recovered& b) {
  EXPECT_EQ(a.end.cursor, b.end.cursor);
  EXPECT_EQ(a.end.start, b.end.start);
  EXPECT_EQ(a.end.segment_number, b.end.segment_number);
  EXPECT_EQ(a.past.engine().StateHash(), b.past.engine().StateHash());
  EXPECT_EQ(a.past.config_hash(), b.past.config_hash());
  EXPECT_EQ(a.past.start(), b.past.start());
  EXPECT_EQ(a.past.steps(), b.past.steps());
  for (SessionId id = 0; id < 4; ++id) {
    const ReplayedSession* const of_a = a.past.session(id);
    const ReplayedSession* const of_b = b.past.session(id);
    ASSERT_EQ(of_a == nullptr, of_b == nullptr) << "session " << id;
    if (of_a == nullptr) continue;
    EXPECT_EQ(of_a->incarnation, of_b->incarnation);
    ASSERT_EQ(of_a->reports.first(), of_b->reports.first());
    ASSERT_EQ(of_a->reports.next(), of_b->reports.next());
    for (uint64_t seq = of_a->reports.first(); seq != of_a->reports.next(); ++seq) {
      EXPECT_EQ(of_a->reports.at(seq).type, of_b->reports.at(seq).type);
      EXPECT_TRUE(SameBytes(of_a->reports.at(seq).bytes(), of_b->reports.at(seq).bytes()));
    }
  }
  for (VenueId id = 0; id < 4; ++id) {
    const ReplayedVenue* const of_a = a.past.venue(id);
    const ReplayedVenue* const of_b = b.past.venue(id);
    ASSERT_EQ(of_a == nullptr, of_b == nullptr) << "venue " << id;
    if (of_a == nullptr) continue;
    EXPECT_EQ(of_a->cursor.incarnation, of_b->cursor.incarnation);
    EXPECT_EQ(of_a->cursor.sent, of_b->cursor.sent);
    EXPECT_EQ(of_a->cursor.received, of_b->cursor.received);
    ASSERT_EQ(of_a->requests.size(), of_b->requests.size());
    for (std::size_t i = 0; i < of_a->requests.size(); ++i) {
      const Effect& one = of_a->requests[i];
      const Effect& other = of_b->requests[i];
      EXPECT_TRUE(one.target == other.target && one.type == other.type && one.id == other.id &&
                  one.seq == other.seq && SameBytes(one.bytes(), other.bytes()));
    }
  }
}

// Changes one byte of a file, or cuts it there.
inline void Damage(const std::string& path, uint64_t at, bool cut) {
  if (cut) return std::filesystem::resize_file(path, at);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

}  // namespace ringway::testing
