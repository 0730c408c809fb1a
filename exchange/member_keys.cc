// Reads the folder of member keys.
#include "exchange/member_keys.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ringway::exchange {
namespace {

// 0: the file's name is not NUMBER.key.
uint64_t MemberOf(const std::filesystem::path& file) {
  uint32_t number = 0;
  const std::string stem = file.stem().string();
  return file.extension() == ".key" && absl::SimpleAtoi(stem, &number) &&
                 stem == absl::StrCat(number)
             ? number
             : 0;
}

}  // namespace

absl::StatusOr<MemberKeys> ReadMemberKeys(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    files.push_back(entry->path());
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrCat("cannot read the folder of member keys ", folder, ": ", error.message()));
  }
  std::sort(files.begin(), files.end());
  MemberKeys keys;
  std::vector<std::string> faults;
  for (const std::filesystem::path& file : files) {
    const uint64_t member = MemberOf(file);
    if (member == 0) {
      faults.push_back(absl::StrCat(file.string(),
                                    ": not a member's key; name it NUMBER.key, with the gateway's "
                                    "member_id, or remove it"));
      continue;
    }
    absl::StatusOr<SessionKey> key = SessionKey::FromFile(file.string());
    if (!key.ok()) {
      faults.push_back(std::string(key.status().message()));
      continue;
    }
    for (const auto& [other, other_key] : keys) {
      if (!std::ranges::equal(other_key.bytes(), key->bytes())) continue;
      faults.push_back(absl::StrCat(file.string(), ": it is also the key of member ", other,
                                    ", who could log on as this one; make another with `ringway "
                                    "keygen FILE`"));
    }
    keys.emplace(member, *std::move(key));
  }
  if (!faults.empty()) return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
  if (keys.empty()) {
    return absl::NotFoundError(absl::StrCat("no member key in ", folder,
                                            ": make one for each gateway with `ringway keygen ",
                                            folder, "/MEMBER_ID.key`"));
  }
  return keys;
}

}  // namespace ringway::exchange
