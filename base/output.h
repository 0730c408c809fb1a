// EndOutput() flushes what a program printed and reports whether it arrived.
//
// Thread rule: main's thread.
#pragma once

namespace ringway {

// Flushes stdout. Returns the exit status: 0, or 1 if the output was lost (a full device, a closed
// pipe), with the cause on stderr after the program's name.
int EndOutput(const char* program) noexcept;

}  // namespace ringway
