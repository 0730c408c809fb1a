// Reads the journal for one session while the gateway writes it.
#include "gateway/recovery/report_recall.h"

#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/thread.h"
#include "gateway/journal/record.h"

namespace ringway {
namespace {

// Between two attempts while the wanted records are not on the disk yet.
constexpr std::chrono::milliseconds kLook{5};

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
      index_(std::move(index)) {}

absl::Status ReportRecall::Start() {
  return StartThread(thread_, "report-recall", [this] { Run(); });
}

ReportRecall::~ReportRecall() { Stop(); }

void ReportRecall::Stop() {
  stopping_.store(true, std::memory_order_release);  // pairs with Run()
  Wake();
  if (thread_.joinable()) thread_.join();
}

void ReportRecall::Wake() noexcept {
  wakes_.fetch_add(1, std::memory_order_release);  // pairs with Run()
  wakes_.notify_one();
}

void ReportRecall::Begin(SessionId session, uint64_t begin) {
  taken_[session] = {.first = begin, .reports = {}};
  wishes_.push_back({session, ++jobs_begun_, begin});
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) PassWishes();
}

void ReportRecall::End(SessionId session) {
  if (taken_.erase(session) == 0) return;
  wishes_.push_back({session, 0, 0});
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) PassWishes();
}

void ReportRecall::PassWishes() {
  if (wishes_.empty()) return;
  for (const Wish& wish : wishes_) {
    if (wish.number == 0) {
      jobs_.erase(wish.session);
    } else {
      Job& job = jobs_[wish.session];
      job = {};
      job.number = wish.number;
      job.next = wish.begin;
    }
  }
  wishes_.clear();
  Wake();
}

ReportArchive::Answer ReportRecall::Find(SessionId session, uint64_t seq,
                                         const ResendStore::Slot*& slot) {
  const auto found = taken_.find(session);
  RINGWAY_CHECK(found != taken_.end(), "a report is asked for before Begin()");
  Taken& taken = found->second;
  if (seq == taken.first + taken.reports.size()) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return Answer::kComing;
    PassWishes();
    Job& job = jobs_.at(session);
    if (job.filled.empty()) return job.lost ? Answer::kLost : Answer::kComing;
    taken.first = seq;
    taken.reports.swap(job.filled);
    job.filled.clear();
    Wake();
  }
  RINGWAY_CHECK(seq - taken.first < taken.reports.size(), "reports are asked for in order");
  slot = &taken.reports[seq - taken.first];
  return Answer::kHere;
}

void ReportRecall::Run() {
  std::vector<Task> tasks;
  // All pair with the stores before Wake().
  while (!stopping_.load(std::memory_order_acquire)) {
    const int wakes = wakes_.load(std::memory_order_acquire);
    if (!TakeTasks(tasks)) {
      wakes_.wait(wakes, std::memory_order_acquire);
      continue;
    }
    bool found_any = false;
    for (const Task& task : tasks) {
      absl::StatusOr<Chunk> chunk = Read(task);
      if (!chunk.ok()) TellWhy(task, chunk.status());
      found_any |= !chunk.ok() || chunk->more || !chunk->reports.empty();
      const std::lock_guard lock(mutex_);
      HandOver(task, std::move(chunk));
      if (stopping_.load(std::memory_order_acquire)) return;
    }
    if (!found_any) std::this_thread::sleep_for(kLook);
  }
}

// False: there is nothing to look for.
bool ReportRecall::TakeTasks(std::vector<Task>& tasks) {
  tasks.clear();
  const std::lock_guard lock(mutex_);
  std::erase_if(places_, [this](const auto& place) {
    const auto job = jobs_.find(place.first);
    return job == jobs_.end() || job->second.number != place.second.number;
  });
  for (const auto& [session, job] : jobs_) {
    if (job.filled.empty() && !job.lost) {
      tasks.push_back({session, job.number, job.next, job.from});
    }
  }
  return !tasks.empty();
}

void ReportRecall::TellWhy(const Task& task, const absl::Status& why) const {
  if (!report_) return;
  const std::string whose =
      absl::StrCat("session ", task.session, ": its reports from number ", task.next, " on ");
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

void ReportRecall::HandOver(const Task& task, absl::StatusOr<Chunk> chunk) {
  const auto found = jobs_.find(task.session);
  if (found == jobs_.end() || found->second.number != task.number) return;  // it gave up meanwhile
  Job& job = found->second;
  if (!chunk.ok()) {
    job.lost = true;
    return;
  }
  job.next += chunk->reports.size();
  job.from = chunk->from;
  job.filled = std::move(chunk->reports);
}

absl::StatusOr<ReportRecall::Chunk> ReportRecall::Read(const Task& task) {
  auto kept = places_.find(task.session);
  if (kept == places_.end()) {
    absl::StatusOr<Place> place = OpenPlace(task);
    if (!place.ok()) return place.status();
    kept = places_.emplace(task.session, *std::move(place)).first;
  }
  absl::StatusOr<Chunk> chunk = ReadFrom(kept->second, task);
  // A reader that has reached the end, or records that are not durable, cannot continue.
  const bool goes_on = chunk.ok() && (chunk->more || chunk->reports.size() == kChunkReports);
  if (!goes_on || places_.size() > kPlacesMax) places_.erase(kept);
  return chunk;
}

absl::StatusOr<ReportRecall::Place> ReportRecall::OpenPlace(const Task& task) const {
  absl::StatusOr<std::unique_ptr<FileSource>> source =
      FileSource::Open(directory_, memory_directory_);
  if (!source.ok()) return source.status();
  Place place{task.number, *std::move(source), nullptr, {}};
  if (task.from) {
    place.reader = std::make_unique<JournalReader>(*place.source);
    if (absl::Status opened = place.reader->Open(task.from); !opened.ok()) return opened;
    return place;
  }
  if (const auto segment = index_.Find(task.session, task.next)) {
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

absl::StatusOr<ReportRecall::Chunk> ReportRecall::ReadFrom(Place& place, const Task& task) {
  // The writer is ahead of the files: only a record that was durable before it was read counts.
  const uint64_t durable = storage_.durable();
  Chunk chunk{.reports = {}, .from = task.from};
  JournalRecord record;
  for (uint32_t records = 0; chunk.reports.size() < kChunkReports; ++records) {
    if (records == kSliceRecords) {
      chunk.more = true;
      break;
    }
    if (chunk.from && chunk.from->position >= durable) break;
    const JournalReader::Result result = place.reader->Next(record);
    if (result == JournalReader::Result::kFailed) return place.reader->status();
    if (result == JournalReader::Result::kEnd || record.end() > durable) break;
    chunk.from = record.cursor();
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
      if (effect.id != task.session) continue;
      const uint64_t wanted = task.next + chunk.reports.size();
      if (effect.seq == wanted) chunk.reports.push_back(SlotOf(effect));
      if (effect.seq > wanted) {
        return absl::NotFoundError(absl::StrCat("report ", wanted, " of session ", task.session,
                                                " is older than the journal's oldest record"));
      }
    }
  }
  return chunk;
}

}  // namespace ringway
