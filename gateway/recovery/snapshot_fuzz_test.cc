// Fuzzes snapshots: no bytes misbehave when they are loaded, or become a gateway that does later.
//
// Input: groups of four bytes, each an edit of a true snapshot's head or of what it keeps of
// sessions and venues: where (two bytes), what, and how (one: set, add, flip or cut). Checksums are
// made right again, so that the edit and not the checksum is judged; an odd number of bytes leaves
// them wrong. What must hold: it is refused with a reason, or whoever goes on from it can send
// every report and ask every venue. The engine's part has a fuzz target of its own
// (gateway/engine/engine_archive_fuzz.cc).
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "gateway/engine/engine.h"
#include "gateway/engine/engine_config.h"
#include "gateway/engine/engine_flow.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/recovery/snapshot_file.h"
#include "msg/resend_store.h"
#include "msg/session_protocol.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

constexpr uint64_t kJournalId = 77;

EngineConfig Config() {
  EngineConfig config = Flow::Config();
  config.pools = {.orders_max = 64, .positions_max = 8, .executions_remembered = 16};
  return config;
}

ReplayOptions Options() {
  return {.config_of = [](uint64_t hash) -> absl::StatusOr<EngineConfig> {
            if (hash != 1) return absl::NotFoundError("no such configuration");
            return Config();
          },
          .report_slots = 8};
}

// The bytes of a snapshot of a little random flow, as WriteSnapshot() lays them out.
std::vector<std::byte> TrueSnapshot() {
  testing::MemoryJournal journal;
  testing::MemoryStorage storage(journal);
  storage.Prepare(8);
  JournalWriter writer(storage, JournalCursor{}, 1, 1, 1);
  Flow flow(1, Config(), [&](int64_t now_ns, const Input& input, const Effects& effects) {
    if (writer.State() != JournalState::kFull)
      testing::AppendStep(writer, now_ns, input, 0, effects);
  });
  flow.Run(60);
  JournalReader reader(journal);
  RINGWAY_CHECK(reader.Open().ok(), "the journal opens");
  ReplayedGateway past(Options());
  JournalRecord record;
  while (reader.Next(record) == JournalReader::Result::kRecord) {
    const absl::Status applied = past.Apply(record);
    RINGWAY_CHECK(applied.ok(), std::string(applied.message()).c_str());
  }
  SnapshotHead head{.magic = kSnapshotMagic,
                    .version = kSnapshotVersion,
                    .head_bytes = sizeof(SnapshotHead),
                    .journal_id = kJournalId,
                    .position = reader.end().cursor.position,
                    .next_sequence = reader.end().cursor.next_sequence,
                    .previous_crc = reader.end().cursor.previous_crc,
                    .start = past.start(),
                    .config_hash = past.config_hash(),
                    .steps = past.steps(),
                    .state_hash = past.engine().StateHash(),
                    .time_ns = past.engine().now_ns(),
                    .engine_bytes = 0,
                    .surroundings_bytes = 0,
                    .engine_release = 0,
                    .crc = 0};
  std::vector<std::byte> bytes(sizeof(head));
  const auto append = [&bytes](std::span<const std::byte> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  };
  past.engine().Save(append);
  head.engine_bytes = bytes.size() - sizeof(head);
  past.SaveSurroundings(append);
  head.surroundings_bytes = bytes.size() - sizeof(head) - head.engine_bytes;
  std::memcpy(bytes.data(), &head, sizeof(head));
  return bytes;
}

void PutCrc(std::span<std::byte> content, std::size_t at) {
  const uint32_t crc = Crc32c(0, content.first(at));
  std::memcpy(content.data() + at, &crc, sizeof(crc));
}

// `engine_end`: where the part behind the engine's begins.
void MakeChecksumsRight(std::vector<std::byte>& bytes, std::size_t engine_end) {
  if (bytes.size() >= engine_end + kArchiveTrailerBytes) {
    const std::span<std::byte> part = std::span(bytes).subspan(engine_end);
    std::memset(part.data() + part.size() - 4, 0, 4);
    PutCrc(part, part.size() - kArchiveTrailerBytes);
    SnapshotHead head;
    std::memcpy(&head, bytes.data(), sizeof(head));
    // A cut that the head says: the state itself shall be judged.
    head.surroundings_bytes = part.size();
    std::memcpy(bytes.data(), &head, sizeof(head));
  }
  if (bytes.size() >= sizeof(SnapshotHead)) PutCrc(bytes, offsetof(SnapshotHead, crc));
}

// As the gateway's assembly does with it.
void GoOn(const ReplayedGateway& past, const Engine& engine) {
  for (const EngineSessionConfig& config : Config().sessions) {
    const ReplayedSession* const session = past.session(config.id);
    if (session == nullptr || session->reports.count() == 0) continue;
    RINGWAY_CHECK(session->reports.next() == engine.next_seq_out(config.id),
                  "reports and engine go on with the same number");
    for (uint64_t seq = session->reports.first(); seq != session->reports.next(); ++seq) {
      const ResendStore::Slot& slot = session->reports.at(seq);
      RINGWAY_CHECK(slot.payload_bytes <= kTwoGranulePayloadBytes &&
                        IsNumbered(static_cast<uint8_t>(slot.type)),
                    "a report can be sent");
    }
  }
  for (uint32_t id = 0; id <= UINT16_MAX; ++id) {
    const ReplayedVenue* const venue = past.venue(static_cast<VenueId>(id));
    if (venue == nullptr) continue;
    RINGWAY_CHECK(venue->requests.size() <= venue->cursor.sent, "what is kept was sent");
    for (const Effect& request : venue->requests) {
      RINGWAY_CHECK(request.target == Target::kVenue && request.id == id &&
                        request.payload_bytes <= sizeof(request.payload),
                    "a request can be repeated");
    }
  }
}

void Try(std::span<const uint8_t> input) {
  static const std::vector<std::byte> kTrue = TrueSnapshot();
  SnapshotHead head;
  std::memcpy(&head, kTrue.data(), sizeof(head));
  const auto engine_end = sizeof(head) + static_cast<std::size_t>(head.engine_bytes);
  std::vector<std::byte> bytes = kTrue;
  const bool right = input.size() % 2 == 0;
  for (; input.size() >= 4; input = input.subspan(4)) {
    const std::size_t room = sizeof(head) + bytes.size() - engine_end;
    std::size_t at = (input[0] | std::size_t{input[1]} << 8) % room;
    if (at >= sizeof(head)) at += head.engine_bytes;
    switch (input[3] % 8) {
      case 0:
        bytes[at] = static_cast<std::byte>(static_cast<uint8_t>(bytes[at]) + input[2]);
        break;
      case 1:
        bytes[at] ^= static_cast<std::byte>(1 << input[2] % 8);
        break;
      case 2:
        if (at > engine_end) bytes.resize(at);
        break;
      default:
        bytes[at] = static_cast<std::byte>(input[2]);
    }
  }
  if (right) MakeChecksumsRight(bytes, engine_end);

  const int fd = memfd_create("snapshot", MFD_CLOEXEC);
  RINGWAY_CHECK(
      fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
      "the snapshot is in a file");
  const auto snapshot = ReadSnapshot("/proc/self/fd/" + std::to_string(fd), kJournalId);
  close(fd);
  if (!snapshot.ok()) {
    RINGWAY_CHECK(!snapshot.status().message().empty(), "an error has a cause");
    return;
  }
  auto past = LoadSnapshot(*snapshot, Options());
  if (!past.ok()) {
    RINGWAY_CHECK(!past.status().message().empty(), "an error has a cause");
    return;
  }
  GoOn(*past, past->engine());
}

}  // namespace
}  // namespace ringway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringway::Try({data, size});
  return 0;
}
