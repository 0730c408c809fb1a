// What does the process ask of its host: a core of its own, memory that stays, signals in order?
//
// What is not granted is a warning with its remedy, not an end: the gateway then runs less evenly,
// but it runs. Thread rule: called by main's thread, in main's order.
#pragma once

#include <string>
#include <vector>

#include "gateway/config.h"

namespace ringway {

// SIGTERM and SIGINT from now on only set what StopSignal() answers; SIGPIPE is ignored. Threads
// that are started while signals are held do not get any.
void HoldSignals();
void ReleaseSignals();
// The signal that asked for an end, or 0.
int StopSignal() noexcept;

// Locks memory and pins the calling thread as configured. Answers the warnings.
std::vector<std::string> ApplyHostConfig(const HostConfig& host);

}  // namespace ringway
