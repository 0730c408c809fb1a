// Reads the journal for one session while the gateway writes it.
#include "gateway/recovery/report_recall.h"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"
#include "gateway/journal/record.h"

namespace ringway {
namespace {

// Between two attempts while the wanted records are not on the disk yet.
constexpr int64_t kLookNs = 5 * kNsPerMs;

ResendStore::Slot SlotOf(const EffectView& effect) noexcept {
  ResendStore::Slot slot;
  slot.type = effect.type;
  slot.payload_bytes = static_cast<uint16_t>(effect.payload.size());
  std::memcpy(slot.payload.data(), effect.payload.data(), effect.payload.size());
  return slot;
}

}  // namespace

ReportRecall::ReportRecall(const JournalStorage& storage, std::string directory,
                           std::string memory_directory, ReportIndex index,
                           std::function<void(std::string_view line)> report)
    : storage_(storage),
      directory_(std::move(directory)),
      memory_directory_(std::move(memory_directory)),
      report_(std::move(report)),
      index_(std::move(index)) {
  sem_init(&wakes_, 0, 0);
}

absl::Status ReportRecall::Start() {
  return StartThread(thread_, "report-recall", [this] { Run(); });
}

ReportRecall::~ReportRecall() {
  Stop();
  TakeBegun();
  sem_destroy(&wakes_);
}

void ReportRecall::Stop() {
  stopping_.store(true, std::memory_order_release);  // pairs with Run()
  Wake();
  if (thread_.joinable()) thread_.join();
}

void ReportRecall::Begin(SessionId session, uint64_t begin) {
  End(session);
  auto* const job = new Job(session, begin);
  asked_[session] = job;
  begun_.Push(job);
  Wake();
}

void ReportRecall::End(SessionId session) {
  const auto found = asked_.find(session);
  if (found == asked_.end()) return;
  // The last use of it here. Pairs with TakeBegun().
  found->second->ended.store(true, std::memory_order_release);
  asked_.erase(found);
  Wake();
}

ReportArchive::Answer ReportRecall::Find(SessionId session, uint64_t seq,
                                         const ResendStore::Slot*& slot) {
  const auto found = asked_.find(session);
  RINGWAY_CHECK(found != asked_.end(), "a report is asked for before Begin()");
  Job& job = *found->second;
  if (seq == job.taken_first + job.taken.size()) {
    const Hand hand = job.hand.load(std::memory_order_acquire);  // pairs with Run()
    if (hand != Hand::kFilled) return hand == Hand::kLost ? Answer::kLost : Answer::kComing;
    job.taken_first = seq;
    job.taken.swap(job.filled);
    job.hand.store(Hand::kOut, std::memory_order_release);  // pairs with Run()
    Wake();
  }
  RINGWAY_CHECK(seq - job.taken_first < job.taken.size(), "reports are asked for in order");
  slot = &job.taken[seq - job.taken_first];
  return Answer::kHere;
}

// Takes over the jobs that have begun, and destroys those that have ended.
void ReportRecall::TakeBegun() {
  for (Job* job = begun_.TakeAll(); job != nullptr;) {
    jobs_.emplace_back(job);
    job = job->next_begun;
  }
  std::erase_if(jobs_, [](const auto& job) { return job->ended.load(std::memory_order_acquire); });
}

void ReportRecall::Run() {
  for (;;) {
    // What has woken this thread is seen below.
    while (sem_trywait(&wakes_) == 0) {
    }
    if (stopping_.load(std::memory_order_acquire)) return;  // pairs with Stop()
    TakeBegun();
    bool asked_any = false;
    bool found_any = false;
    for (const auto& job : jobs_) {
      if (stopping_.load(std::memory_order_acquire)) return;
      if (job->hand.load(std::memory_order_acquire) != Hand::kOut) continue;  // pairs with Find()
      asked_any = true;
      const absl::StatusOr<Look> look = Read(*job);
      if (!look.ok()) TellWhy(*job, look.status());
      found_any |= !look.ok() || look->more || look->found;
      if (look.ok() && !look->found) continue;
      // Pairs with Find().
      job->hand.store(look.ok() ? Hand::kFilled : Hand::kLost, std::memory_order_release);
    }
    if (!asked_any) {
      sem_wait(&wakes_);
    } else if (!found_any) {
      const int64_t until_ns = MonotonicNowNs() + kLookNs;
      const timespec until{.tv_sec = until_ns / kNsPerS, .tv_nsec = until_ns % kNsPerS};
      sem_clockwait(&wakes_, CLOCK_MONOTONIC, &until);
    }
  }
}

void ReportRecall::TellWhy(const Job& job, const absl::Status& why) const {
  if (!report_) return;
  const std::string whose =
      absl::StrCat("session ", job.session, ": its reports from number ", job.next, " on ");
  report_(
      absl::IsNotFound(why)
          ? absl::StrCat("journal: ", whose,
                         "are older than the journal's oldest record (keep_bytes): it is logged "
                         "out, and its next logon brings a snapshot of open orders instead. It "
                         "has to compare its fills with the venue's")
          : absl::StrCat("journal: ALARM: ", whose,
                         "cannot be read back: ", std::string(why.message()),
                         ". It is logged out, and its next logon brings a snapshot of open "
                         "orders instead. Remedy: `ringway journal verify`, and check the "
                         "disk"));
}

absl::StatusOr<ReportRecall::Look> ReportRecall::Read(Job& job) {
  if (!job.place) {
    absl::StatusOr<Place> place = OpenPlace(job);
    if (!place.ok()) return place.status();
    job.place = *std::move(place);
  }
  const absl::StatusOr<Look> look = ReadFrom(job);
  if (!look.ok()) job.next -= job.filled.size();  // none of them is given out
  // A reader that has reached the end, or records that are not durable, cannot continue.
  const bool goes_on = look.ok() && (look->more || job.filled.size() == kChunkReports);
  const auto places =
      std::ranges::count_if(jobs_, [](const auto& other) { return other->place.has_value(); });
  if (!goes_on || static_cast<size_t>(places) > kPlacesMax) job.place.reset();
  return look;
}

absl::StatusOr<ReportRecall::Place> ReportRecall::OpenPlace(const Job& job) const {
  absl::StatusOr<std::unique_ptr<FileSource>> source =
      FileSource::Open(directory_, memory_directory_);
  if (!source.ok()) return source.status();
  Place place{*std::move(source), nullptr, {}};
  if (job.from) {
    place.reader = std::make_unique<JournalReader>(*place.source);
    if (absl::Status opened = place.reader->Open(job.from); !opened.ok()) return opened;
    return place;
  }
  if (const auto segment = index_.Find(job.session, job.next)) {
    place.reader = std::make_unique<JournalReader>(*place.source);
    if (place.reader->Open(segment).ok()) {
      ReportIndex::EnterSegment(place.pass, *segment);
      return place;
    }
    // The segment was removed, and the report with it: the oldest record shows it.
  }
  place.reader = std::make_unique<JournalReader>(*place.source);
  if (absl::Status opened = place.reader->Open(); !opened.ok()) return opened;
  return place;
}

absl::StatusOr<ReportRecall::Look> ReportRecall::ReadFrom(Job& job) {
  // The writer is ahead of the files: only a record that was durable before it was read counts.
  const uint64_t durable = storage_.durable();
  Look look;
  Place& place = *job.place;
  job.filled.clear();
  JournalRecord record;
  for (uint32_t records = 0; job.filled.size() < kChunkReports; ++records) {
    if (records == kSliceRecords) {
      look.more = true;
      break;
    }
    if (job.from && job.from->position >= durable) break;
    const JournalReader::Result result = place.reader->Next(record);
    if (result == JournalReader::Result::kFailed) return place.reader->status();
    if (result == JournalReader::Result::kEnd || record.end() > durable) break;
    job.from = record.cursor();
    records_read_.fetch_add(1, std::memory_order_relaxed);
    if (record.header.type == RecordType::kSegmentStart) {
      ReportIndex::EnterSegment(place.pass, record.cursor());
    }
    JournaledStep step;
    if (record.header.type != RecordType::kStep || !ReadStep(record.body, step)) continue;
    EffectView effect;
    while (NextEffect(step.effects, effect)) {
      if (effect.target != Target::kSession || effect.seq == 0) continue;
      index_.Note(place.pass, effect.id, effect.seq);
      if (effect.id != job.session) continue;
      if (effect.seq > job.next) {
        return absl::NotFoundError(absl::StrCat("report ", job.next, " of session ", job.session,
                                                " is older than the journal's oldest record"));
      }
      if (effect.seq < job.next) continue;
      job.filled.push_back(SlotOf(effect));
      ++job.next;
    }
  }
  look.found = !job.filled.empty();
  return look;
}

}  // namespace ringway
