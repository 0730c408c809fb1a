// The end of what a program prints.
//
// Thread rule: main's thread.
#pragma once

namespace ringway {

// Flushes stdout. Answers the exit status: 0, or 1 where what was printed did not arrive (a full
// device, a closed pipe), with the cause on stderr after the program's name.
int EndOutput(const char* program) noexcept;

}  // namespace ringway
