// The hook that writes queued log lines when a failed CHECK ends the process.
//
// Thread rule: any thread.
#pragma once

namespace ringway {

// CheckFailed() (base/check.h) waits at most this long for a stderr that nobody reads.
inline constexpr unsigned kLastWordsS = 2;

// Called once by CheckFailed() before it writes its own line: writes what is still queued for the
// log. It must not wait for long. Null: nothing.
using LastWordsHook = void (*)() noexcept;
void SetLastWordsHook(LastWordsHook hook) noexcept;

}  // namespace ringway
