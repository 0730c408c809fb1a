// Prepares the host for the process: a core of its own, locked memory, orderly signals.
//
// What is not granted is a warning with its remedy, not an end: the gateway then runs less evenly,
// but it runs. Thread rule: called by main's thread, in main's order.
#pragma once

#include <string>
#include <vector>

#include "gateway/config/config.h"

namespace ringway {

// From now on SIGTERM, SIGINT and SIGHUP only set what StopSignal() returns; a SIGHUP that was
// ignored when the process began (nohup) stays ignored. SIGPIPE and SIGXFSZ are ignored: the write
// that caused them fails with EPIPE or EFBIG. Threads that are started while signals are held do
// not get any.
void HoldSignals();
void ReleaseSignals();
// The signal that requested a stop, or 0. Also detects one that arrived while signals are held, at
// the price of a system call then.
int StopSignal() noexcept;

// Locks memory and pins the calling thread as configured; the process's other threads keep off its
// core if they have another. Returns the warnings.
std::vector<std::string> ApplyHostConfig(const HostConfig& host);

}  // namespace ringway
