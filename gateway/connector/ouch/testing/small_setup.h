// A small OUCH venue for tests: one instrument, RING, id 7; days begin at midnight UTC.
#pragma once

#include <cstdint>

#include "gateway/connector/ouch/ouch_connector.h"

namespace ringway {

inline OuchSetup SmallOuchSetup(OuchVersion version, uint32_t slots) {
  InstrumentConfig instrument;
  instrument.id = 7;
  instrument.symbol = "RING";
  OuchSetup setup{.venue = 1,
                  .ouch = {},
                  .login = {},
                  .days = *TradingCalendar::Parse("00:00 UTC"),
                  .instruments = {instrument},
                  .slots = slots};
  setup.ouch.version = version;
  return setup;
}

}  // namespace ringway
