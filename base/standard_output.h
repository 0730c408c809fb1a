// How a program makes sure that what it printed has arrived.
//
// For the last line of a main: a full disk or a closed pipe behind stdout is otherwise found out by
// nobody, and a script takes half a text for the whole.
#pragma once

namespace ringway {

// Flushes stdout. Answers `status`; or, where something that was printed could not be written, 1
// after a line on stderr that begins with `program`.
int FinishOutput(const char* program, int status) noexcept;

}  // namespace ringway
