// What each fault does to a site when it strikes.
#include <array>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "msg/auth.h"
#include "msg/session_protocol.h"
#include "tests/sim/site.h"

namespace ringway::sim {
namespace {

constexpr uint32_t kStrangeSession = 77;  // not configured

}  // namespace

void Site::Disturb(EventKind kind, uint32_t id, int64_t until_ns) {
  recorder_.AddNumbers(kind, id, 0, static_cast<uint64_t>(until_ns));
}

void Site::StrikeLink(Fault fault, uint32_t session) {
  FaultyWire* wire = session_wires_[session - 1].get();
  if (wire == nullptr) return;
  Disturb(EventKind::kSessionDisturbed, session);
  Network::Cut(*wire, fault == Fault::kLinkCut      ? Break::kTold
                      : fault == Fault::kLinkSilent ? Break::kSilent
                                                    : Break::kOneWay);
}

void Site::CutVenue(uint32_t index, Break how) {
  if (venue_wires_[index] == nullptr) return;
  Disturb(EventKind::kVenueDisturbed, index + 1);
  Network::Cut(*venue_wires_[index], how);
}

void Site::StrikeVenue(Fault fault, Venue& venue, uint64_t draw) {
  const int64_t now_ns = timeline_.now_ns;
  const uint32_t index = venue.number() - 1;
  switch (fault) {
    case Fault::kVenueCut:
      return CutVenue(index, Break::kTold);
    case Fault::kVenueSilent:
      return CutVenue(index, draw % 2 == 0 ? Break::kSilent : Break::kOneWay);
    case Fault::kDialFails:
      CutVenue(index, Break::kTold);
      dial_fails_until_ns_[index] = now_ns + Within(draw, kNsPerMs, 40 * kNsPerMs);
      return Disturb(EventKind::kVenueDisturbed, venue.number(), dial_fails_until_ns_[index]);
    case Fault::kHalfReport:
      venue.spoil().half_report = true;
      return;
    case Fault::kWrongSequence:
      if (draw % 2 == 0) {
        venue.spoil().wrong_heartbeat = true;
      } else {
        venue.spoil().wrong_logon = true;
        CutVenue(index, Break::kTold);
      }
      return;
    default:
      return venue.Lie(fault, draw, number_, now_ns);
  }
}

void Site::Strike(const ringway::sim::Strike& strike) {
  const uint64_t draw = strike.draw >> 8;
  const auto target = static_cast<uint32_t>(strike.draw & 0xff);
  const uint32_t session = 1 + target % plan_.sessions;
  Strategy& strategy = *strategies_[session - 1];
  const int64_t now_ns = timeline_.now_ns;
  switch (strike.fault) {
    case Fault::kLinkCut:
    case Fault::kLinkSilent:
    case Fault::kLinkOneWay:
      return StrikeLink(strike.fault, session);
    case Fault::kDeadEpochWrites:
      if (strategy.busy() || session_wires_[session - 1] == nullptr) return;
      Disturb(EventKind::kSessionDisturbed, session);
      Network::Cut(*session_wires_[session - 1], Break::kStranded);
      return strategy.LoseTrust();
    case Fault::kDuplicateLink:
      return LogOnTwice(session, draw);
    case Fault::kStranger:
      return SendStranger(draw);
    case Fault::kSlowStrategy: {
      const int64_t until_ns = now_ns + Within(draw, kNsPerMs, 50 * kNsPerMs);
      Disturb(EventKind::kSessionDisturbed, session, until_ns);
      return strategy.SlowUntil(until_ns);
    }
    case Fault::kStoppedStrategy: {
      const int64_t until_ns = now_ns + Within(draw, kNsPerMs, 60 * kNsPerMs);
      Disturb(EventKind::kSessionDisturbed, session, until_ns);
      return strategy.StopUntil(until_ns);
    }
    case Fault::kStrategyForgets:
    case Fault::kStrategyResumes:
      if (strategy.busy()) return;
      // A killed process' writes that its card has taken arrive all the same, now and then.
      if (FaultyWire* wire = session_wires_[session - 1].get()) {
        draw % 2 == 0 ? wire->Kill(0, true) : wire->Strand(0);
      }
      return strategy.Die(strike.fault == Fault::kStrategyResumes, draw % 4);
    case Fault::kGatewayStopped:
      return StopGateway(now_ns + Within(draw, kNsPerMs, 60 * kNsPerMs));
    case Fault::kGatewayCrash:
      return StrikeGateway(false, draw);
    case Fault::kPowerLoss:
      return StrikeGateway(true, draw);
    case Fault::kKillSwitch: {
      const KillScope scope = draw % 3 == 0   ? KillScope::kAll
                              : draw % 3 == 1 ? KillScope::kSession
                                              : KillScope::kAccount;
      const uint32_t id = scope == KillScope::kAll       ? 0
                          : scope == KillScope::kSession ? session
                                                         : AccountOf(number_, session);
      if (!gateway_is_up()) return;
      // The second time it is armed again.
      (void)gateway_->SetKill(scope, id, !gateway_->killed(scope, id));
      return;
    }
    case Fault::kKillAndCancel:
    case Fault::kAdjustment:
    case Fault::kLimitChange:
    case Fault::kRestriction:
      if (gateway_is_up()) (void)gateway_->Operate(DrawCommand(strike.fault, session, draw));
      return;
    default:
      return StrikeVenue(strike.fault, *venues_[target % plan_.venues], draw);
  }
}

// What an operator says; of a switch that is latched, that it is armed again.
AdminCommand Site::DrawCommand(Fault fault, uint32_t session, uint64_t draw) const {
  const uint32_t account = AccountOf(number_, session);
  const uint32_t instrument =
      kFirstInstrument + static_cast<uint32_t>(draw / 5 % plan_.instruments);
  AdminCommand command;
  switch (fault) {
    case Fault::kKillAndCancel: {
      const auto venue = 1 + static_cast<uint32_t>(draw / 5 % plan_.venues);
      const std::array scopes = {
          std::pair(KillScope::kAll, 0u), std::pair(KillScope::kSession, session),
          std::pair(KillScope::kAccount, account), std::pair(KillScope::kVenue, venue),
          std::pair(KillScope::kInstrument, instrument)};
      std::tie(command.scope, command.id) = scopes[draw % scopes.size()];
      command.verb =
          gateway_->killed(command.scope, command.id) ? AdminVerb::kArm : AdminVerb::kKillAndCancel;
      return command;
    }
    case Fault::kAdjustment:
      command.verb = AdminVerb::kPosition;
      command.position.account = account;
      command.position.instrument = instrument;
      command.position.quantity = Within(draw / 100, -60, 60);
      command.position.sets = draw % 4 == 0;
      return command;
    case Fault::kLimitChange:
      command.verb = AdminVerb::kLimit;
      command.limit.owner = draw % 2 == 0 ? LimitOwner::kSession : LimitOwner::kAccount;
      command.limit.id = draw % 2 == 0 ? session : account;
      command.limit.limit = LimitKind::kQuantityMax;
      command.limit.value = draw % 5 == 0 ? kNoLimit : Within(draw / 100, 1, 120);
      return command;
    default:
      command.verb = draw % 3 == 0 ? AdminVerb::kPermit : AdminVerb::kRestrict;
      command.restriction.account = account;
      command.restriction.instrument = instrument;
      command.restriction.restricted = command.verb == AdminVerb::kRestrict;
      return command;
  }
}

// A second process of the session, which has its key: it takes the session over, and goes again.
void Site::LogOnTwice(uint32_t session, uint64_t draw) {
  if (strategies_[session - 1]->busy()) return;
  if (draw % 2 == 0) {  // the same process, twice
    Disturb(EventKind::kSessionDisturbed, session);
    return strategies_[session - 1]->LoseTrust();
  }
  if (!gateway_is_up()) return;
  Stranger stranger;
  stranger.until_ns = timeline_.now_ns + Within(draw, kNsPerMs, 10 * kNsPerMs);
  Disturb(EventKind::kSessionDisturbed, session);
  Disturb(EventKind::kSessionDisturbed, session, stranger.until_ns);
  uint32_t& dialled = dialled_[session - 1];
  dialled = std::max(dialled, admitted_[session - 1]) + 1;
  LinkPair pair = session_links_.Make(session, dialled, timeline_.now_ns);
  arrivals_.push_back({std::move(pair.listener), timeline_.now_ns});
  stranger.core = std::make_unique<SessionCore<SimLink>>(
      SessionCoreOptions{.session = session,
                         .key = KeyOf(session),
                         .heartbeat_ns = 10 * kNsPerMs,
                         .resend_slots = kResendSlotsMin,
                         .resume = {.incarnation = draw | 1}});
  stranger.core->Attach(std::move(pair.client), timeline_.now_ns);
  strangers_.push_back(std::move(stranger));
}

// Nobody that the gateway knows: no word, bytes that are no logon, or a logon without the key.
void Site::SendStranger(uint64_t draw) {
  if (!gateway_is_up()) return;
  Stranger stranger;
  LinkPair pair = session_links_.Make(kStrangeSession, 1, timeline_.now_ns);
  arrivals_.push_back({std::move(pair.listener), timeline_.now_ns});
  stranger.until_ns = timeline_.now_ns + Within(draw, kNsPerMs, 40 * kNsPerMs);
  stranger.link = std::move(pair.client);
  if (draw % 3 == 1) {
    (void)SendUnnumbered(*stranger.link, NewOrder{.cl_ord_id = 1, .qty = 1});
  } else if (draw % 3 == 2) {
    Logon logon{.session = 1 + static_cast<uint32_t>(draw / 3 % plan_.sessions),
                .version = kSessionProtocolVersion,
                .incarnation = draw | 1};
    Sign(KeyOf(kStrangeSession), {stranger.link->nonces(), stranger.link->epoch()}, logon);
    (void)SendUnnumbered(*stranger.link, logon);
  }
  strangers_.push_back(std::move(stranger));
}

void Site::TurnStrangers() {
  struct Ignore {
  } ignore;
  for (Stranger& stranger : strangers_) {
    if (stranger.core != nullptr) {
      (void)stranger.core->Poll(ignore, 64);
      stranger.core->Maintain(timeline_.now_ns);
    } else {
      (void)stranger.link->Poll([](const Record&) {}, 64);
      (void)stranger.link->Maintain(timeline_.now_ns);
    }
  }
  std::erase_if(strangers_,
                [this](const Stranger& stranger) { return timeline_.now_ns >= stranger.until_ns; });
}

}  // namespace ringway::sim
