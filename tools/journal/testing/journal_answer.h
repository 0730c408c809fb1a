// The answer of `ringway journal`, as a test reads it.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "tools/journal/journal_command.h"

namespace ringway {

struct Answer {
  int status;
  std::string out;
  std::string err;
};

inline std::string Contents(std::FILE* file) {
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

inline Answer Call(const std::vector<std::string>& words) {
  std::FILE* const out = std::tmpfile();
  std::FILE* const err = std::tmpfile();
  const int status = RunJournalCommand(words, out, err);
  return {status, Contents(out), Contents(err)};
}

}  // namespace ringway
