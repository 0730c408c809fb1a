// `ringway journal verify DIR` and `ringway journal dump DIR`: what does a journal say, and is it
// whole?
//
// Both read only, also while a gateway writes: then what has reached the disk. Thread rule: any.
#pragma once

#include <cstdio>
#include <span>
#include <string>

namespace ringway {

inline constexpr const char* kJournalArguments = "verify DIR | dump DIR [--from SEQ] [--limit N]";

// `words`: what follows `journal`. Answers the exit status: 0 the journal is whole (a torn tail is
// cut and told), 1 damaged or unreadable (the cause is on `err`), 2 wrong usage.
int RunJournalCommand(std::span<const std::string> words, std::FILE* out, std::FILE* err);

}  // namespace ringway
