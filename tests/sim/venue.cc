// The simulated venue: how it records, spoils and lies.
#include "tests/sim/venue.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "tests/sim/clock.h"
#include "tests/sim/strategy.h"

namespace ringway::sim {
namespace {

constexpr uint64_t kRoomForLies = 64;  // reports that the exchange itself may still need
constexpr uint64_t kHalfBytes = 8;     // of a report: its root word, and no data

exchange::ExchangeOptions MakeOptions(const Plan& plan, uint32_t number) {
  exchange::ExchangeOptions options;
  options.venue = static_cast<uint16_t>(number);
  for (uint32_t i = 0; i != plan.instruments; ++i) {
    options.instruments.push_back({.id = kFirstInstrument + i,
                                   .tick = kTickPrice,
                                   .opening_price = kMiddleTicks * kTickPrice});
  }
  if (plan.has(Fault::kTradingDay) && plan.venues_end_days) {
    options.day_end_ns = kDaySecond * kNsPerS + plan.day_ends_after_ns;
  }
  options.orders_max = 1'024;
  options.levels_per_side_max = 256;
  options.positions_max = 32;
  options.closed_ids_max = 1'024;
  options.members_max = kSitesMax;
  options.member_queue_reports = plan.has(Fault::kSmallQueues) ? 256 : 2'048;
  return options;
}

}  // namespace

// --- The link ---

Claim VenueLink::TryClaim(uint32_t bytes) noexcept {
  halved_ = spoil_.half_report && bytes > kHalfBytes + kWordBytes;
  claim_ = link_->TryClaim(halved_ ? kHalfBytes : bytes);
  if (!claim_ || !halved_) return claim_;
  scratch_bytes_ = bytes;
  return Claim{scratch_.data(), bytes, SendStatus::kOk};
}

SendStatus VenueLink::Commit(uint8_t type, Publish publish) noexcept {
  const auto frame = static_cast<FrameType>(type);
  const std::span<std::byte> payload =
      halved_ ? std::span(scratch_.data(), scratch_bytes_) : claim_.payload();
  Say(frame, payload);
  if (halved_) {
    recorder_.AddNumbers(EventKind::kVenueDisturbed, venue_, 0);
    halved_ = false;
    std::memcpy(claim_.data, scratch_.data(), kHalfBytes);
    spoil_.half_report = false;
  }
  return link_->Commit(type, publish);
}

void VenueLink::Took(const Record& record) {
  const auto type = static_cast<FrameType>(record.type);
  if (type == FrameType::kLogon || type == FrameType::kHeartbeat) return;
  recorder_.Add(EventKind::kVenueTook, venue_, next_took_++, type, record.payload);
}

// Records the truth, then spoils what is to be spoiled.
void VenueLink::Say(FrameType type, std::span<std::byte> payload) {
  if (type == FrameType::kLogonAck) {
    LogonAck ack;
    RINGWAY_CHECK(Decode(payload, ack) == DecodeStatus::kOk, "the exchange encodes what it sends");
    next_said_ = ack.next_seq_out;
    next_took_ = ack.next_seq_in;
    recorder_.Add(EventKind::kVenueLogon, venue_, next_said_, FrameType{}, {}, next_took_);
    if (!spoil_.wrong_logon) return;
    spoil_.wrong_logon = false;
    recorder_.AddNumbers(EventKind::kVenueDisturbed, venue_, 0);
    ack.next_seq_out += 5;
    if (PayloadBytes(ack) == payload.size()) Encode(ack, payload.data());
  } else if (type == FrameType::kHeartbeat) {
    Heartbeat heartbeat;
    RINGWAY_CHECK(Decode(payload, heartbeat) == DecodeStatus::kOk,
                  "the exchange encodes what it sends");
    if (!spoil_.wrong_heartbeat) return;
    spoil_.wrong_heartbeat = false;
    recorder_.AddNumbers(EventKind::kVenueDisturbed, venue_, 0);
    heartbeat.next_seq_in += 1'000'000;
    if (PayloadBytes(heartbeat) == payload.size()) Encode(heartbeat, payload.data());
  } else if (type != FrameType::kLogonReject) {
    recorder_.Add(EventKind::kVenueSaid, venue_, next_said_++, type, payload);
  }
}

// --- The venue ---

Venue::Venue(const Plan& plan, uint32_t number, Recorders& recorders)
    : number_(number), recorders_(recorders), admitted_epoch_(1 + kSitesMax) {
  auto exchange = exchange::Exchange::Create(MakeOptions(plan, number));
  RINGWAY_CHECK(exchange.ok(), "the simulator's exchange options are right");
  exchange_ = *std::move(exchange);
  for (uint32_t site = 0; site != plan.gateways(); ++site) {
    members_.push_back(*exchange_->Admit(plan.member(site)));
  }
  exchange::ServerOptions options;
  options.guests_max = 8;
  options.burst = 16;
  options.confirm_ns = kNsPerMs;
  options.logon_timeout_ns = 20 * kNsPerMs;
  options.takeover_ns = plan.takeover_ns;
  const auto admit = [this](uint64_t member, uint32_t epoch) {
    if (epoch <= admitted_epoch_[member]) return false;
    admitted_epoch_[member] = epoch;
    return true;
  };
  server_ = std::make_unique<exchange::ExchangeServer<VenueLink>>(*exchange_, options, admit);
}

void Venue::Accept(std::unique_ptr<SimLink> link, uint32_t site, int64_t now_ns) {
  server_->Accept(now_ns,
                  std::make_unique<VenueLink>(std::move(link), number_, recorders_[site], spoil_));
}

void Venue::Turn(int64_t now_ns) {
  if (!stopped(now_ns)) server_->DoWork(now_ns);
}

const exchange::Order* Venue::AnyOpenOrder(uint64_t draw, uint32_t site) const {
  const exchange::Book& book = exchange_->book();
  const auto capacity = book.capacity();
  for (uint32_t i = 0; i != capacity; ++i) {
    const exchange::Order& order = book.order(static_cast<uint32_t>((draw + i) % capacity));
    if (order.active && order.leaves != 0 && order.member == members_[site]) return &order;
  }
  return nullptr;
}

void Venue::AddLie(ExecutionReport report, uint32_t site, int64_t now_ns) {
  if (report.exec_id == 0) report.exec_id = kLieExecIdBit | ++lies_;
  report.transact_time = static_cast<uint64_t>(now_ns);
  report.venue = static_cast<uint16_t>(number_);
  exchange_->reports(members_[site]).Keep(report);
}

void Venue::Lie(Fault fault, uint64_t draw, uint32_t site, int64_t now_ns) {
  if (exchange_->spare(members_[site]) < kRoomForLies) return;
  // The reports of the past that the gateway has heard, or will hear, of this venue.
  const auto said = [&](auto&& fits) -> ExecutionReport {
    const std::vector<Event>& events = recorders_[site].events();
    const size_t first = events.size() - std::min<size_t>(events.size(), 1 + draw % 3'000);
    for (size_t i = first; i != events.size(); ++i) {
      ExecutionReport report;
      if (events[i].kind == EventKind::kVenueSaid && events[i].id == number_ &&
          events[i].type == FrameType::kExecutionReport &&
          Decode(events[i].bytes(), report) == DecodeStatus::kOk &&
          (report.exec_id & kLieExecIdBit) == 0 && fits(report)) {
        return report;
      }
    }
    return {};
  };
  ExecutionReport lie;
  switch (fault) {
    case Fault::kUnknownReport:
      lie.cl_ord_id = draw | 1;
      lie.exec_type = ExecType::kFill;
      lie.last_qty = 10;
      lie.last_price = kMiddleTicks * kTickPrice;
      return AddLie(lie, site, now_ns);
    case Fault::kOverfill: {
      const exchange::Order* order = AnyOpenOrder(draw, site);
      if (order == nullptr) return;
      lie.cl_ord_id = order->cl_ord_id;
      lie.last_qty = order->leaves + 1 + draw % 50;
      break;
    }
    case Fault::kLateFill: {
      const ExecutionReport ended = said([](const ExecutionReport& report) {
        return report.leaves_qty == 0 && (report.ord_status == OrdStatus::kFilled ||
                                          report.ord_status == OrdStatus::kExpired);
      });
      if (ended.cl_ord_id == 0) return;
      lie.cl_ord_id = ended.cl_ord_id;
      lie.last_qty = 1 + draw % 50;
      break;
    }
    case Fault::kDuplicateReport: {
      lie = said([](const ExecutionReport&) { return true; });
      if (lie.exec_id == 0) return;
      exchange_->reports(members_[site]).Keep(lie);
      return;
    }
    case Fault::kMalformedReport: {
      const exchange::Order* order = AnyOpenOrder(draw, site);
      if (order == nullptr) return;
      lie.cl_ord_id = order->cl_ord_id;
      lie.exec_type = draw % 2 == 0 ? ExecType::kFill : static_cast<ExecType>(200);
      return AddLie(lie, site, now_ns);  // a fill of nothing, or no known kind
    }
    default:
      RINGWAY_CHECK(false, "no lie of a venue");
  }
  lie.exec_type = ExecType::kFill;
  lie.ord_status = OrdStatus::kFilled;
  lie.last_price = kMiddleTicks * kTickPrice;
  lie.exec_id = kLieExecIdBit | ++lies_;
  AddLie(lie, site, now_ns);
  false_fills_.emplace_back(site, lie);
}

void Venue::TakeLiesBack(int64_t now_ns) {
  for (auto [site, lie] : false_fills_) {
    lie.exec_type = ExecType::kBusted;
    lie.exec_id = 0;
    AddLie(lie, site, now_ns);
  }
  false_fills_.clear();
}

void Venue::Probe(uint32_t site) const {
  const auto is_its = [site](uint32_t account) { return account / kAccountsOfSite == 1 + site; };
  Recorder& recorder = recorders_[site];
  const exchange::Book& book = exchange_->book();
  for (uint32_t slot = 0; slot != book.capacity(); ++slot) {
    const exchange::Order& open = book.order(slot);
    if (!open.active || !is_its(open.account)) continue;
    OpenOrder order;
    order.cl_ord_id = open.cl_ord_id;
    order.instrument = exchange_->options().instruments[open.instrument].id;
    order.account = open.account;
    order.side = open.side;
    order.price = open.price;
    order.leaves_qty = open.leaves;
    order.cum_qty = open.cum;
    recorder.Add(EventKind::kVenueOrder, number_, 0, order);
  }
  for (const exchange::Position& position : exchange_->ledger().positions()) {
    if (!is_its(position.account)) continue;
    recorder.AddPlain(EventKind::kVenuePosition, number_,
                      Holding{.account = position.account,
                              .instrument = position.instrument,
                              .quantity = static_cast<int64_t>(position.bought - position.sold)});
  }
}

}  // namespace ringway::sim
