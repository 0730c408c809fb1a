// The kinds of venues, one line each.
#pragma once

#include <variant>

#include "gateway/connector/in_process/in_process_venue.h"
#include "gateway/connector/link/link_venue.h"

namespace ringway {

using VenueKinds = std::variant<InProcessVenue,  //
                                LinkVenue>;

}  // namespace ringway
