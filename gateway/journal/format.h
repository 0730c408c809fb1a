// The bytes of a journal. JOURNAL.md draws them; every offset is asserted here.
//
// A journal is a row of segments. A segment is a SegmentHeader and then records, back to back, each
// a multiple of 8 bytes; bytes behind the last record mean nothing. A record is a RecordHeader and
// a body that its type names. All numbers are little-endian.
//
// A record is believable if its CRC holds, which is seeded with the salt of its segment, so that
// bytes of another segment or of another use of the same space never pass. It is the next one if
// its sequence number and the CRC of the record before it are the expected ones. `durable` says how
// far the journal was on stable storage when the record was made: recovery uses it to distinguish
// what a power failure may have destroyed from what must be there.
//
// Thread rule: plain data and pure functions.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "base/crc32c.h"
#include "gateway/core/step.h"
#include "schema/codec.h"

namespace ringway {

static_assert(std::endian::native == std::endian::little, "journals are little-endian");

// A position counts the journal's bytes from its beginning, segment headers and unused ends of
// segments included: byte b of a segment has position first_position + b.

// --- Segment ---

inline constexpr uint64_t kSegmentMagic = 0x4A59'4157'474E'4952;  // "RINGWAYJ"
// 2: there is a `progress` note, and gatewayStart names the engine's release.
inline constexpr uint32_t kJournalVersion = 2;
inline constexpr uint32_t kJournalVersionMin = 1;  // the oldest that is read
inline constexpr uint32_t kJournalVersionNoted = 2;

// Written and synced before the segment is used, never changed: a bad one is damage, not an
// unfinished write.
struct SegmentHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t header_bytes;    // 64: where the first record begins
  uint64_t journal_id;      // random; the same in all segments of a journal
  uint64_t salt;            // random; seeds the CRC of this segment's records
  uint64_t number;          // from 1, dense
  uint64_t first_position;  // of byte 0 of this header
  uint64_t segment_bytes;
  uint32_t reserved;  // 0
  uint32_t crc;       // CRC-32C of the bytes before it
};
static_assert(std::is_trivially_copyable_v<SegmentHeader> && sizeof(SegmentHeader) == 64);
static_assert(offsetof(SegmentHeader, version) == 8 && offsetof(SegmentHeader, journal_id) == 16);
static_assert(offsetof(SegmentHeader, salt) == 24 && offsetof(SegmentHeader, number) == 32);
static_assert(offsetof(SegmentHeader, first_position) == 40);
static_assert(offsetof(SegmentHeader, segment_bytes) == 48 && offsetof(SegmentHeader, crc) == 60);

inline uint32_t SegmentHeaderCrc(const SegmentHeader& header) noexcept {
  return Crc32c(0, std::as_bytes(std::span(&header, 1)).first(offsetof(SegmentHeader, crc)));
}

// --- Record ---

enum class RecordType : uint8_t {
  kSegmentStart = 1,  // SegmentStartBody: the first record of each segment, and only there
  kGatewayStart = 2,  // GatewayStartBody: a gateway's process begins, and its start with it
  kStep = 3,          // StepHead and what follows it: one Engine::Step
  kVenueCursor = 4,   // VenueCursorBody: what a connector needs to resume
  kStateHash = 5,     // StateHashBody: what a replay up to here must arrive at
  kMark = 6,          // no body: states `durable` when no other record follows
  kCancelsFirst = 7,  // CancelsFirstBody: cancels that wait for a venue overtake the orders there
  kGatewayStop = 8,   // GatewayStopBody: the process ended in order; the last record of its start
};
inline constexpr uint8_t kRecordTypeMax = 8;

struct RecordHeader {
  uint32_t crc;    // RecordCrc()
  uint16_t words;  // header and body, in 8 bytes
  RecordType type;
  uint8_t reserved;       // 0
  uint64_t sequence;      // from 1, dense through the whole journal
  int64_t time_ns;        // since the Unix epoch, the gateway's clock
  uint64_t durable;       // everything before this position was on stable storage
  uint32_t previous_crc;  // `crc` of the record before; 0 for the journal's first
  uint32_t start;         // number of the gateway's start that wrote it: from 1

  uint32_t bytes() const noexcept { return uint32_t{words} * 8; }
};
static_assert(std::is_trivially_copyable_v<RecordHeader> && sizeof(RecordHeader) == 40);
static_assert(offsetof(RecordHeader, words) == 4 && offsetof(RecordHeader, type) == 6);
static_assert(offsetof(RecordHeader, sequence) == 8 && offsetof(RecordHeader, time_ns) == 16);
static_assert(offsetof(RecordHeader, durable) == 24);
static_assert(offsetof(RecordHeader, previous_crc) == 32 && offsetof(RecordHeader, start) == 36);

// What RecordCrc() takes for a segment's salt.
inline uint32_t CrcSeed(uint64_t salt) noexcept {
  return Crc32c(0, std::as_bytes(std::span(&salt, 1)));
}

// CRC-32C of the record's bytes from 8 on. Its bytes 4..7 are added to the seed: so one checksum
// over whole words covers all but itself. REQUIRES: a whole record.
inline uint32_t RecordCrc(uint32_t seed, std::span<const std::byte> record) noexcept {
  uint32_t words_and_type;
  std::memcpy(&words_and_type, record.data() + 4, sizeof(words_and_type));
  return Crc32c(seed + words_and_type, record.subspan(8));
}

// --- Bodies ---

struct SegmentStartBody {
  uint64_t previous_end;  // where the segment before ends: bytes behind that are void. 0: none
};
static_assert(sizeof(SegmentStartBody) == 8);

struct GatewayStartBody {
  uint64_t config_hash;     // of the configuration that the engine was made from
  uint32_t engine_release;  // kEngineRelease of the program; version 1 of the format ends before it
  uint32_t reserved;        // 0
};
static_assert(sizeof(GatewayStartBody) == 16);
inline constexpr std::size_t kGatewayStartBytesV1 = 8;

struct VenueCursorBody {
  uint32_t venue;
  uint32_t requests_waiting;  // the last of the steps before: they never arrived and are not yet
                              // answered, or are not yet given to the connector
  uint64_t incarnation;       // of the exchange's process
  uint64_t requests_sent;     // to that incarnation, and arrived
  uint64_t reports_received;  // from that incarnation
};
static_assert(sizeof(VenueCursorBody) == 32);

struct CancelsFirstBody {
  uint32_t venue;
  uint32_t requests_moved;  // the last ones to that venue: now first the cancels of them, then the
                            // rest, each in their order
};
static_assert(sizeof(CancelsFirstBody) == 8);

struct StateHashBody {
  uint64_t state_hash;  // Engine::StateHash() after all steps before this record
};
static_assert(sizeof(StateHashBody) == 8);

// Its record's time is the engine's, which timer steps that were not recorded may have advanced.
struct GatewayStopBody {
  uint64_t state_hash;  // Engine::StateHash() at that time
};
static_assert(sizeof(GatewayStopBody) == 8);

// A kStep body: StepHead and the input's payload, then for each effect an EffectHead and its
// payload, to the record's end. Payloads are filled up with zeros to a multiple of 8.
struct StepHead {
  Origin origin;
  FrameType type;
  uint16_t payload_bytes;
  uint32_t id;
  uint64_t venue_report_seq;  // Origin::kVenue: the number of the venue's message; else 0
};
static_assert(std::is_trivially_copyable_v<StepHead> && sizeof(StepHead) == 16);
static_assert(offsetof(StepHead, payload_bytes) == 2 && offsetof(StepHead, id) == 4);

// The longest payload of an input: the longest that decodes.
inline constexpr std::size_t kInputPayloadBytesMax =
    kRootBytes + kDataWordsAcceptedMax * kWordBytes;

// The longest record: a step with as many effects as a step may have.
inline constexpr std::size_t kRecordBytesMax =
    sizeof(RecordHeader) + sizeof(StepHead) + kInputPayloadBytesMax + kEffectsBytesMax;

static_assert(kRecordBytesMax / 8 <= UINT16_MAX);

// A segment holds at least two of the longest records besides what begins it.
inline constexpr uint64_t kSegmentBytesMin = uint64_t{128} << 10;
inline constexpr uint64_t kSegmentBytesMax = uint64_t{1} << 30;
static_assert(kSegmentBytesMin >= sizeof(SegmentHeader) + sizeof(RecordHeader) +
                                      sizeof(SegmentStartBody) + 2 * kRecordBytesMax);

// --- Where in a journal ---

// The place between two records: what comes next, and what it must follow. A snapshot keeps one.
struct JournalCursor {
  uint64_t position = 0;
  uint64_t next_sequence = 1;
  uint32_t previous_crc = 0;

  bool operator==(const JournalCursor&) const = default;
};

}  // namespace ringway
