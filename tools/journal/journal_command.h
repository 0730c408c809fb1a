// `ringway journal verify DIR`, `dump DIR` and `replay DIR`: is a journal whole, what does it say,
// and does an engine that is given its inputs again do the same?
//
// These read only, also while a gateway writes: then what has reached the disk. Where the oldest
// segments are gone a replay begins with the oldest snapshot; it arrives at the state of every
// snapshot that it comes by, or fails; with `--what-if` it lists the decisions that another
// configuration would have taken (what_if.h). `snapshot DIR` makes one of all that is on the disk,
// while no gateway writes. Thread rule: any.
#pragma once

#include <cstdio>
#include <span>
#include <string>

namespace ringway {

inline constexpr const char* kJournalArguments =
    "verify DIR | dump DIR [--from SEQ] [--limit N] | replay DIR [--what-if CONFIG.toml] | "
    "snapshot DIR";

// `words`: what follows `journal`. Answers the exit status: 0 the journal is whole (a torn tail is
// cut and told), 1 damaged, unreadable or replayed to another end (the cause is on `err`), 2 wrong
// usage.
int RunJournalCommand(std::span<const std::string> words, std::FILE* out, std::FILE* err);

}  // namespace ringway
