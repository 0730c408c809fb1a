// The explicit list of the backends in this build. A new port adds its header and one name here.
#pragma once

#include "transport/port/shm.h"
#include "transport/port/verbs.h"

namespace ringway {

template <class... B>
struct BackendList {};

using Backends = BackendList<ShmBackend, VerbsBackend>;

}  // namespace ringway
