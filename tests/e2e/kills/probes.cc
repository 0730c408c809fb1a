// Implements probes.h: reads the notes of an ELF file.
#include "tests/e2e/kills/probes.h"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringway::kills {
namespace {

constexpr uint32_t kProbeNote = 3;
constexpr std::string_view kOwner = "stapsdt";

uint64_t RoundUpTo4(uint64_t bytes) { return (bytes + 3) & ~uint64_t{3}; }

// An ELF file in memory; every access is by offset and bounds-checked.
class ElfFile {
 public:
  explicit ElfFile(std::vector<char> bytes) : bytes_(std::move(bytes)) {}

  template <class T>
  bool Get(uint64_t offset, T& out) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return false;
    std::memcpy(&out, bytes_.data() + offset, sizeof(T));
    return true;
  }
  std::string_view Text(uint64_t offset) const {
    if (offset >= bytes_.size()) return {};
    return {bytes_.data() + offset, strnlen(bytes_.data() + offset, bytes_.size() - offset)};
  }

  // The section's header; false if there is none of this name.
  bool Find(std::string_view name, Elf64_Shdr& out) const {
    Elf64_Ehdr head;
    Elf64_Shdr names;
    if (!Get(0, head) || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != ELFCLASS64 ||
        !Get(head.e_shoff + uint64_t{head.e_shstrndx} * sizeof(names), names)) {
      return false;
    }
    for (uint32_t i = 0; i != head.e_shnum; ++i) {
      if (!Get(head.e_shoff + uint64_t{i} * sizeof(out), out)) return false;
      if (Text(names.sh_offset + out.sh_name) == name) return true;
    }
    return false;
  }

 private:
  std::vector<char> bytes_;
};

}  // namespace

absl::StatusOr<ProbePlaces> ReadProbes(const std::string& program) {
  std::ifstream file(program, std::ios::binary);
  const ElfFile elf({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
  Elf64_Ehdr head;
  if (!file || !elf.Get(0, head)) {
    return absl::InvalidArgumentError(absl::StrCat(program, " cannot be read as an ELF file"));
  }
  Elf64_Shdr notes;
  Elf64_Shdr base;
  if (!elf.Find(".note.stapsdt", notes) || !elf.Find(".stapsdt.base", base)) {
    return absl::NotFoundError(
        absl::StrCat(program, " has no probes: build it with base/probe.h as it is"));
  }
  ProbePlaces places;
  uint64_t at = notes.sh_offset;
  for (Elf64_Nhdr note; at < notes.sh_offset + notes.sh_size && elf.Get(at, note);) {
    const uint64_t owner = at + sizeof(note);
    const uint64_t body = owner + RoundUpTo4(note.n_namesz);
    // The probe's address, the link-time address of the section .stapsdt.base, a semaphore; then
    // two names.
    std::array<uint64_t, 3> words;
    if (note.n_type == kProbeNote && elf.Text(owner) == kOwner && elf.Get(body, words)) {
      const std::string_view provider = elf.Text(body + sizeof(words));
      const std::string_view name = elf.Text(body + sizeof(words) + provider.size() + 1);
      if (provider == "ringway") {
        places[std::string(name)].push_back(words[0] + base.sh_addr - words[1]);
      }
    }
    at = body + RoundUpTo4(note.n_descsz);
  }
  return places;
}

}  // namespace ringway::kills
