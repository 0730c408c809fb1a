// The kinds of venues (gateway/connector/venue_kind.h), one line each.
#pragma once

#include <variant>

#include "gateway/connector/fix/fix_venue.h"
#include "gateway/connector/in_process/in_process_venue.h"
#include "gateway/connector/link/link_venue.h"
#include "gateway/connector/ouch/ouch_venue.h"

namespace ringway {

using VenueKinds = std::variant<InProcessVenue,  //
                                LinkVenue,       //
                                OuchVenue,       //
                                FixVenue>;

}  // namespace ringway
