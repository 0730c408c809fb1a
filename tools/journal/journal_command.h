// The commands `ringway journal verify DIR`, `dump DIR` and `replay DIR`: they check a journal,
// print it, and check that an engine with the same inputs does the same again.
//
// They only read, even while a gateway writes: then what has reached the disk. If the oldest
// segments are gone, a replay starts from the oldest snapshot; it must reach the state of every
// snapshot that it encounters, or it fails; with `--what-if` it lists the decisions that another
// configuration would have taken (what_if.h). `snapshot DIR` makes a snapshot of everything on the
// disk, while no gateway writes. Thread rule: any.
#pragma once

#include <cstdio>
#include <span>
#include <string>

namespace ringway {

inline constexpr const char* kJournalArguments =
    "verify DIR | dump DIR [--from SEQ] [--limit N] | replay DIR [--what-if CONFIG.toml] | "
    "snapshot DIR";

// `words`: what follows `journal`. Returns the exit status: 0 the journal is whole (a torn tail is
// cut and reported), 1 damaged, unreadable or replayed to another state (the cause is on `err`), 2
// wrong usage.
int RunJournalCommand(std::span<const std::string> words, std::FILE* out, std::FILE* err);

}  // namespace ringway
