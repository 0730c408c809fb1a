// How the model keeps what is certain apart from what is pending, and which states are tried.
#include "gateway/journal/testing/disk_states.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace ringway::testing {
namespace {

constexpr std::size_t kSectorBytes = DiskModel::kSectorBytes;

uint64_t Mix(uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t HashOf(std::string_view bytes, uint64_t seed) noexcept {
  uint64_t hash = Mix(seed + 0x9e3779b97f4a7c15u);
  while (!bytes.empty()) {
    uint64_t word = 0;
    const std::size_t count = std::min(sizeof(word), bytes.size());
    std::memcpy(&word, bytes.data(), count);
    hash = std::rotl(hash ^ (word * 0x9e3779b97f4a7c15u), 29) * 0xbf58476d1ce4e5b9u;
    bytes.remove_prefix(count);
  }
  return Mix(hash);
}

// 0 where it is all zeros: a file's sum does not depend on how much of it was never written.
uint64_t SectorSum(uint64_t index, std::string_view bytes) noexcept {
  while (!bytes.empty() && bytes.back() == '\0') bytes.remove_suffix(1);
  return bytes.empty() ? 0 : HashOf(bytes, index);
}

std::string_view SectorOf(const std::string& file, uint64_t index) noexcept {
  const uint64_t begin = index * kSectorBytes;
  if (begin >= file.size()) return {};
  return std::string_view(file).substr(begin, kSectorBytes);
}

}  // namespace

std::string Describe(const DiskOperation& operation) {
  using Kind = DiskOperation::Kind;
  switch (operation.kind) {
    case Kind::kMakeFolder:
      return "mkdir";
    case Kind::kCreate:
      return absl::StrCat("create ", operation.name, " (file ", operation.file, ")");
    case Kind::kWrite:
      return absl::StrCat("write file ", operation.file, " [", operation.offset, ", ",
                          operation.offset + operation.bytes.size(), ")");
    case Kind::kRename:
      return absl::StrCat("rename ", operation.name, " to ", operation.to);
    case Kind::kUnlink:
      return absl::StrCat("unlink ", operation.name);
    case Kind::kSyncFile:
      return absl::StrCat("sync file ", operation.file);
    case Kind::kSyncFolder:
      return "sync the folder";
    case Kind::kSyncParent:
      return "sync the folder above";
  }
  return "?";
}

// --- The model ---

DiskModel::DiskModel(const DiskImage& base) : folder_(base.exists) {
  for (const auto& [name, bytes] : base.files) {
    names_[name] = static_cast<uint32_t>(files_.size());
    File file{.certain = bytes, .sum = 0, .current = bytes};
    for (uint64_t i = 0; i * kSectorBytes < bytes.size(); ++i) {
      file.sum += SectorSum(i, SectorOf(bytes, i));
    }
    files_.push_back(std::move(file));
  }
  current_ = names_;
}

void DiskModel::Apply(const DiskOperation& operation) {
  using Kind = DiskOperation::Kind;
  const auto settle = [this](auto which) {
    for (const DiskChange& change : pending_) {
      if (which(change)) Settle(change);
    }
    std::erase_if(pending_, which);
  };
  switch (operation.kind) {
    case Kind::kMakeFolder:
      pending_.push_back(
          {.kind = DiskChange::Kind::kFolder, .operation = applied_, .sector = {}, .names = {}});
      break;
    case Kind::kCreate:
      RINGWAY_CHECK(operation.file == files_.size(), "files are numbered as they are made");
      files_.emplace_back();
      AddNames({{operation.name, operation.file}});
      break;
    case Kind::kWrite:
      Write(operation);
      break;
    case Kind::kRename:
      AddNames({{operation.name, std::nullopt}, {operation.to, current_.at(operation.name)}});
      break;
    case Kind::kUnlink:
      AddNames({{operation.name, std::nullopt}});
      break;
    case Kind::kSyncFile:
      settle([&](const DiskChange& change) {
        return change.file == operation.file &&
               (change.kind == DiskChange::Kind::kSize || change.kind == DiskChange::Kind::kSector);
      });
      break;
    case Kind::kSyncFolder:
      settle([](const DiskChange& change) { return change.kind == DiskChange::Kind::kNames; });
      break;
    case Kind::kSyncParent:
      settle([](const DiskChange& change) { return change.kind == DiskChange::Kind::kFolder; });
      break;
  }
  ++applied_;
}

void DiskModel::AddNames(std::vector<std::pair<std::string, std::optional<uint32_t>>> names) {
  for (const auto& [name, file] : names) {
    if (file.has_value()) {
      current_[name] = *file;
    } else {
      current_.erase(name);
    }
  }
  pending_.push_back({.kind = DiskChange::Kind::kNames,
                      .operation = applied_,
                      .sector = {},
                      .names = std::move(names)});
}

// What does not change is no change: a page is written again with each batch that ends in it.
void DiskModel::Write(const DiskOperation& operation) {
  File& file = files_[operation.file];
  const uint64_t end = operation.offset + operation.bytes.size();
  if (end > file.current.size()) {
    file.current.resize(end);
    pending_.push_back({.kind = DiskChange::Kind::kSize,
                        .operation = applied_,
                        .file = operation.file,
                        .at = end,
                        .sector = {},
                        .names = {}});
  }
  uint64_t at = operation.offset;
  while (at < end) {
    const uint64_t index = at / kSectorBytes;
    const uint64_t stop = std::min(end, (index + 1) * kSectorBytes);
    const char* const from = operation.bytes.data() + (at - operation.offset);
    if (std::memcmp(file.current.data() + at, from, stop - at) != 0) {
      std::memcpy(file.current.data() + at, from, stop - at);
      std::string sector(SectorOf(file.current, index));
      const uint64_t sum = SectorSum(index, sector);
      pending_.push_back({.kind = DiskChange::Kind::kSector,
                          .operation = applied_,
                          .file = operation.file,
                          .at = index,
                          .sector = std::move(sector),
                          .sum = sum,
                          .names = {}});
    }
    at = stop;
  }
}

void DiskModel::Settle(const DiskChange& change) {
  switch (change.kind) {
    case DiskChange::Kind::kFolder:
      folder_ = true;
      break;
    case DiskChange::Kind::kNames:
      for (const auto& [name, names_file] : change.names) {
        if (names_file.has_value()) {
          names_[name] = *names_file;
        } else {
          names_.erase(name);
        }
      }
      break;
    case DiskChange::Kind::kSize:
      files_[change.file].certain.resize(change.at);
      break;
    case DiskChange::Kind::kSector: {
      File& file = files_[change.file];
      file.sum += change.sum - SectorSum(change.at, SectorOf(file.certain, change.at));
      std::memcpy(file.certain.data() + change.at * kSectorBytes, change.sector.data(),
                  change.sector.size());
      break;
    }
  }
}

DiskModel::Chosen DiskModel::Choose(const DiskChoice& choice) const {
  RINGWAY_CHECK(choice.size() == pending_.size(), "a choice is of all pending changes");
  Chosen chosen{.folder = folder_, .names = names_, .sizes = {}, .sectors = {}};
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (!choice[i]) continue;
    const DiskChange& change = pending_[i];
    switch (change.kind) {
      case DiskChange::Kind::kFolder:
        chosen.folder = true;
        break;
      case DiskChange::Kind::kNames:
        for (const auto& [name, file] : change.names) {
          if (file.has_value()) {
            chosen.names[name] = *file;
          } else {
            chosen.names.erase(name);
          }
        }
        break;
      case DiskChange::Kind::kSize:
        chosen.sizes[change.file] = change.at;
        break;
      case DiskChange::Kind::kSector:
        chosen.sectors[{change.file, change.at}] = &change;
        break;
    }
  }
  return chosen;
}

uint64_t DiskModel::SizeOf(const Chosen& chosen, uint32_t file) const {
  const auto found = chosen.sizes.find(file);
  return found == chosen.sizes.end() ? files_[file].certain.size() : found->second;
}

DiskImage DiskModel::Make(const DiskChoice& choice) const {
  const Chosen chosen = Choose(choice);
  DiskImage image;
  image.exists = chosen.folder;
  if (!image.exists) return image;
  for (const auto& [name, file] : chosen.names) {
    std::string bytes = files_[file].certain;
    bytes.resize(SizeOf(chosen, file));
    for (auto at = chosen.sectors.lower_bound({file, 0});
         at != chosen.sectors.end() && at->first.first == file; ++at) {
      const uint64_t begin = at->first.second * kSectorBytes;
      if (begin >= bytes.size()) continue;
      const std::string& sector = at->second->sector;
      std::memcpy(bytes.data() + begin, sector.data(),
                  std::min<uint64_t>(sector.size(), bytes.size() - begin));
    }
    image.files[name] = std::move(bytes);
  }
  return image;
}

uint64_t DiskModel::Hash(const DiskChoice& choice) const {
  const Chosen chosen = Choose(choice);
  if (!chosen.folder) return 0;
  uint64_t hash = 1;
  for (const auto& [name, file] : chosen.names) {
    const uint64_t size = SizeOf(chosen, file);
    uint64_t sum = files_[file].sum;
    for (auto at = chosen.sectors.lower_bound({file, 0});
         at != chosen.sectors.end() && at->first.first == file; ++at) {
      const uint64_t index = at->first.second;
      if (index * kSectorBytes >= size) continue;
      const std::string_view cut =
          std::string_view(at->second->sector).substr(0, size - index * kSectorBytes);
      sum += (cut.size() == at->second->sector.size() ? at->second->sum : SectorSum(index, cut)) -
             SectorSum(index, SectorOf(files_[file].certain, index));
    }
    hash += HashOf(name, Mix(sum) + size);
  }
  return hash;
}

// --- States ---

namespace {

// pending[begin, end) are of one operation.
struct Group {
  std::size_t begin;
  std::size_t end;
};

std::vector<Group> GroupsOf(const std::vector<DiskChange>& pending) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    if (i == 0 || pending[i].operation != pending[i - 1].operation) groups.push_back({i, i});
    groups.back().end = i + 1;
  }
  return groups;
}

void Set(DiskChoice& choice, std::size_t begin, std::size_t end, bool is_there) {
  std::fill(choice.begin() + static_cast<std::ptrdiff_t>(begin),
            choice.begin() + static_cast<std::ptrdiff_t>(end), is_there);
}

}  // namespace

void ForEachState(const DiskModel& model, const StatesOptions& options, Random& random,
                  const std::function<void(const DiskChoice&)>& visit) {
  const std::size_t count = model.pending().size();
  const std::vector<Group> groups = GroupsOf(model.pending());
  // Ordered.
  DiskChoice choice(count, false);
  visit(choice);
  for (const Group& group : groups) {
    Set(choice, group.begin, (group.begin + group.end) / 2, true);
    visit(choice);
    Set(choice, group.begin, group.end, true);
    visit(choice);
  }
  // Unordered.
  if (count <= options.subsets_of_max) {
    for (uint64_t bits = 0; bits < uint64_t{1} << count; ++bits) {
      for (std::size_t i = 0; i < count; ++i) choice[i] = (bits >> i & 1) != 0;
      visit(choice);
    }
    return;
  }
  if (groups.size() <= options.subsets_of_max) {
    for (uint64_t bits = 0; bits < uint64_t{1} << groups.size(); ++bits) {
      for (std::size_t i = 0; i < groups.size(); ++i) {
        Set(choice, groups[i].begin, groups[i].end, (bits >> i & 1) != 0);
      }
      visit(choice);
    }
  }
  const auto alone_and_missing = [&](std::size_t begin, std::size_t end) {
    for (const bool is_there : {true, false}) {
      choice.assign(count, !is_there);
      Set(choice, begin, end, is_there);
      visit(choice);
    }
  };
  for (const auto& [begin, end] : groups) {
    const std::size_t middle = (begin + end) / 2;
    alone_and_missing(begin, end);
    if (end - begin < 2) continue;
    alone_and_missing(begin, middle);
    alone_and_missing(middle, end);
  }
  if (count <= options.each_max) {
    for (std::size_t i = 0; i < count; ++i) alone_and_missing(i, i + 1);
  }
  constexpr double kChances[] = {0.5, 0.9, 0.1};
  for (std::size_t i = 0; i < options.random_subsets; ++i) {
    for (std::size_t j = 0; j < count; ++j) choice[j] = random.Chance(kChances[i % 3]);
    visit(choice);
  }
}

std::string Describe(const DiskModel& model, const DiskChoice& choice) {
  std::string text;
  for (const auto& [begin, end] : GroupsOf(model.pending())) {
    std::string bits;
    for (std::size_t i = begin; i < end; ++i) bits += choice[i] ? '1' : '0';
    absl::StrAppend(&text, " ", model.pending()[begin].operation, ":", bits);
  }
  return absl::StrCat("of the pending operations (number:parts that are there)",
                      text.empty() ? std::string(" none") : text);
}

}  // namespace ringway::testing
