// Set-up of the exchange, its members' connections, and the reference prices it publishes.
#include "exchange/matching.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ringway::exchange {

absl::StatusOr<std::unique_ptr<Exchange>> Exchange::Create(const ExchangeOptions& options) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  return std::unique_ptr<Exchange>(new Exchange(options));
}

Exchange::Exchange(const ExchangeOptions& options)
    : options_(options),
      book_(options),
      index_(options.orders_max, options.closed_ids_max, options.hash_seed),
      expiries_(book_),
      ledger_(options.positions_max),
      last_exec_id_(options.ids_after),
      last_match_id_(options.ids_after) {
  members_.reserve(options.members_max);
  for (const InstrumentOptions& instrument : options.instruments) {
    const uint64_t index = instruments_.size();
    instrument_by_id_.push_back((uint64_t{instrument.id} << 32) | index);
    instruments_.push_back({.options = instrument,
                            .of_tick = Multiple(static_cast<uint64_t>(instrument.tick)),
                            .of_lot = Multiple(instrument.lot)});
  }
  std::sort(instrument_by_id_.begin(), instrument_by_id_.end());
}

absl::StatusOr<uint32_t> Exchange::Admit(uint64_t id) {
  for (uint32_t member = 0; member != members_.size(); ++member) {
    if (members_[member].id == id) return member;
  }
  if (members_.size() == options_.members_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("member ", id, " finds the exchange full: it takes ", options_.members_max,
                     " members, see members_max"));
  }
  members_.push_back({.id = id, .queue = Outbound(options_.member_queue_reports)});
  members_.back().queue.TouchMemory();
  return static_cast<uint32_t>(members_.size() - 1);
}

uint32_t Exchange::Disown(uint32_t member, uint64_t known) noexcept {
  Member& anew = members_[member];
  anew.ids_after = anew.last_id;
  anew.tells_ids = anew.last_id != 0;
  if (anew.disown_slot == kNoSlot) {
    ++disowning_;
    anew.known = known;
  } else {
    anew.known = std::min(anew.known, known);
  }
  anew.disowned = anew.requests;
  anew.disown_slot = 0;
  return anew.open_orders;
}

bool Exchange::Connect(int64_t now_ns, uint32_t member) {
  Member& joining = members_[member];
  if (!HasRoom(member) || joining.disown_slot != kNoSlot) return false;
  now_ns_ = now_ns;
  joining.connected = true;
  if (joining.tells_ids) {
    joining.tells_ids = false;
    Tell(joining, GapFill{.new_seq = joining.last_id + (joining.last_id != UINT64_MAX)});
  }
  VenueStatus status;
  status.transact_time = static_cast<uint64_t>(now_ns);
  status.venue = options_.venue;
  status.state = VenueState::kUp;
  Tell(joining, status);
  // The new member has no reference prices: all of them are due.
  for (Instrument& instrument : instruments_) instrument.published_ns = 0;
  return true;
}

void Exchange::Disconnect(uint32_t member) noexcept { members_[member].connected = false; }

void Exchange::OnTimer(int64_t now_ns) noexcept {
  now_ns_ = now_ns;
  // What could not be settled continues at the next call.
  if (Settle() && disowning_ != 0) CancelDisowned();
  // Instruments per call, in turn, so that a large venue's timer call stays short.
  constexpr size_t kInstrumentsPerCallMax = 256;
  const size_t count = std::min(kInstrumentsPerCallMax, instruments_.size());
  for (size_t i = 0; i != count; ++i) {
    const uint16_t instrument = static_cast<uint16_t>(next_reference_);
    next_reference_ = next_reference_ + 1 == instruments_.size() ? 0 : next_reference_ + 1;
    if (now_ns - instruments_[instrument].published_ns >= options_.reference_repeat_ns) {
      PublishReference(instrument);
    } else {
      MaybePublishReference(instrument);
    }
  }
}

int64_t Exchange::ReferenceOf(uint16_t instrument) const noexcept {
  const Instrument& traded = instruments_[instrument];
  if (traded.last_trade != 0) return traded.last_trade;
  const int64_t bid = book_.BestPrice(instrument, true);
  const int64_t offer = book_.BestPrice(instrument, false);
  if (bid != 0 && offer != 0) return bid + (offer - bid) / 2;
  // Not back to the opening price when a side empties: the last mid is the better guess.
  return traded.published != 0 ? traded.published : traded.options.opening_price;
}

void Exchange::MaybePublishReference(uint16_t instrument) noexcept {
  const Instrument& traded = instruments_[instrument];
  if (now_ns_ - traded.published_ns < options_.reference_interval_min_ns) return;
  if (ReferenceOf(instrument) != traded.published) PublishReference(instrument);
}

void Exchange::PublishReference(uint16_t instrument) noexcept {
  Instrument& traded = instruments_[instrument];
  const int64_t price = ReferenceOf(instrument);
  if (price == 0) return;
  traded.published = price;
  traded.published_ns = now_ns_;
  ReferencePrice message;
  message.transact_time = static_cast<uint64_t>(now_ns_);
  message.price = price;
  message.instrument = traded.options.id;
  for (Member& member : members_) {
    if (!member.connected) continue;
    if (member.queue.store().room() < member.queue.store().capacity() / 2 ||
        member.queue.store().room() <= member.open_orders + kReportsPerStepMax) {
      ++ledger_.counters.references_skipped;
    } else {
      Tell(member, message);
      ++ledger_.counters.references;
    }
  }
}

}  // namespace ringway::exchange
