// Implements fuzz_messages.h: the frequencies of messages and of mutations.
#include "tests/e2e/hostile/fuzz_messages.h"

#include <cstring>

#include "base/clock.h"
#include "msg/session_protocol.h"
#include "tests/e2e/hostile/site.h"

namespace ringway::hostile {

// Values at which arithmetic and bounds break, and arbitrary ones.
uint64_t FuzzMessages::Number() {
  constexpr std::array<uint64_t, 14> kEdges = {0,
                                               1,
                                               2,
                                               63,
                                               64,
                                               127,
                                               255,
                                               65'535,
                                               UINT32_MAX,
                                               kSequenceMax,
                                               kSequenceMax + 1,
                                               INT64_MAX,
                                               uint64_t{1} << 63,
                                               UINT64_MAX};
  if (random_.Chance(0.6)) return kEdges[random_.Below(kEdges.size())];
  return random_.Next() >> random_.Below(64);
}

uint64_t FuzzMessages::KnownId() {
  return last_id_ - random_.Below(std::min<uint64_t>(last_id_, 64) + 1);
}

void FuzzMessages::Twist(std::span<std::byte> bytes) {
  if (bytes.size() < 8) return;
  switch (random_.Below(3)) {
    case 0: {
      const uint64_t number = Number();
      std::memcpy(bytes.data() + random_.Below(bytes.size() / 8) * 8, &number, 8);
      return;
    }
    case 1:
      bytes[random_.Below(bytes.size())] = static_cast<std::byte>(Number());
      return;
    default:
      bytes[random_.Below(bytes.size())] ^= static_cast<std::byte>(1u << random_.Below(8));
  }
}

bool FuzzMessages::TwistLogon(Logon& logon) {
  if (random_.Chance(0.6)) return false;
  switch (random_.Below(7)) {
    case 0:
      logon.version = static_cast<uint16_t>(Number());
      break;
    case 1:
      logon.durability = static_cast<Durability>(random_.Below(5));
      break;
    case 2:
      logon.incarnation = Number();
      break;
    case 3:
      logon.next_seq_out = Number();
      break;
    case 4:
      logon.next_seq_in = Number();
      break;
    case 5:
      logon.heartbeat_ns = Number();
      break;
    default:
      logon.cancel_on_disconnect = static_cast<uint8_t>(Number());
  }
  return true;
}

void FuzzMessages::Request(uint32_t session, FuzzMessage& out) {
  const uint64_t draw = random_.Below(100);
  if (last_id_ == 0) last_id_ = random_.Next() >> 24;
  if (draw < 70) {
    const bool rests = random_.Chance(0.1);
    return Fill(
        NewOrder{.cl_ord_id = ++last_id_,
                 .price = random_.Between(90, 110) * kNsPerS,
                 .qty = random_.Below(1'000) + 1,
                 .instrument = kAttackedInstrument,
                 .account = session,
                 .side = random_.Chance(0.5) ? Side::kBuy : Side::kSell,
                 .ord_type = OrdType::kLimit,
                 .time_in_force = rests ? TimeInForce::kDay : TimeInForce::kImmediateOrCancel},
        out);
  }
  if (draw < 85) return Fill(Cancel{.cl_ord_id = ++last_id_, .orig_cl_ord_id = KnownId()}, out);
  if (draw < 99) {
    const uint64_t known = KnownId();
    return Fill(Replace{.cl_ord_id = ++last_id_,
                        .orig_cl_ord_id = known,
                        .price = random_.Between(90, 110) * kNsPerS,
                        .qty = random_.Below(1'000) + 1},
                out);
  }
  Fill(MassCancel{.cl_ord_id = ++last_id_}, out);
}

void FuzzMessages::SessionMessage(uint64_t next_report, FuzzMessage& out) {
  const uint64_t behind = next_report - random_.Below(std::min<uint64_t>(next_report, 8));
  switch (random_.Below(16)) {
    case 0:
      return Fill(ResendRequest{.begin_seq = behind, .end_seq = 0}, out);
    case 1:
      return Fill(GapFill{.new_seq = random_.Chance(0.5) ? Number() : 1}, out);
    case 2:
      return Fill(SessionReject{.ref_seq = Number(), .ref_type = 65}, out);
    default:
      return Fill(Heartbeat{.send_time = Number(), .next_seq_out = 1, .next_seq_in = next_report},
                  out);
  }
}

void FuzzMessages::Draw(uint32_t session, uint64_t next_report, FuzzMessage& out) {
  if (random_.Chance(0.93)) {
    Request(session, out);
  } else {
    SessionMessage(next_report, out);
  }
  // Out of bounds but well-formed. A request with this is refused, no more.
  const bool request = IsRequestType(out.type);
  if (random_.Chance(request ? 0.5 : 0.1)) {
    for (uint64_t twists = random_.Below(3) + 1; twists != 0; --twists) {
      Twist(std::span(out.bytes).subspan(kRootBytes, out.size - kRootBytes));
    }
  }
  // What a session is logged out for if it happens often.
  if (!random_.Chance(0.012)) return;
  switch (random_.Below(4)) {
    case 0:
      Twist(std::span(out.bytes).first(kRootBytes));
      return;
    case 1:
      out.size = static_cast<uint32_t>(random_.Below(out.size + 1));
      return;
    case 2: {
      const auto size = static_cast<uint32_t>(random_.Below(out.bytes.size()));
      for (uint32_t i = out.size; i < size; ++i) {
        out.bytes[i] = static_cast<std::byte>(random_.Next());
      }
      out.size = size;
      return;
    }
    default:
      out.type = static_cast<uint8_t>(random_.Below(kFirstReservedFrameType));
  }
}

}  // namespace ringway::hostile
