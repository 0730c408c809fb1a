// A venue that speaks FIX to one client, for tests: it takes requests as its dialect says, and
// everything else happens when a test says so.
//
// It keeps what it said and sends it again when it is asked. Thread rule: one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gateway/connector/fix/fix_dialect.h"
#include "gateway/connector/testing/scripted_network.h"
#include "protocol/fix/session.h"
#include "transport/stream/byte_stream.h"

namespace ringway {

class ScriptedFixVenue final : public fix::SessionHandler {
 public:
  struct Order {
    std::vector<std::string> names;  // ClOrdIDs, the last is that of now
    std::string venue_id;
    std::string side;
    std::string symbol;
    std::string account;
    std::string price;
    uint64_t qty = 0;
    uint64_t cum = 0;
    bool alive = true;
    char status = '0';

    const std::string& name() const { return names.back(); }
    uint64_t leaves() const { return alive ? qty - std::min(qty, cum) : 0; }
  };
  struct Fill {
    std::string name;
    std::string exec_id;
    uint64_t qty = 0;
  };

  ScriptedFixVenue(FixVersion version, ScriptedNetwork& network)
      : version_(version), network_(network) {
    Begin();
  }

  // --- Turns ---
  void DoWork() {
    if (network_.far != nullptr) {
      HangUp();
      stream_ = std::move(network_.far);
      if (!refusal_.empty()) {
        Inject("35=5|34=1|49=VENUE|56=GATE|52=" + Time() + "|58=" + refusal_ + "|");
        return HangUp();
      }
      if (!session_->Connect(network_.now_ns)) return HangUp();
    }
    if (stream_ == nullptr) return;
    for (bool more = true; more;) {
      std::array<std::byte, 4096> bytes;
      const StreamIo io = stream_->Read(bytes);
      input_.append(reinterpret_cast<const char*>(bytes.data()), io.bytes);
      if (swallows_test_requests) SwallowTestRequests();
      input_.erase(0, session_->Receive(network_.now_ns, input_));
      more = io.status == StreamStatus::kOk;
      if (!more && io.status != StreamStatus::kWouldBlock) return HangUp();
    }
    session_->Tick(network_.now_ns);
    while (talks && !waiting_.empty()) {
      const Said& said = waiting_.front();
      const fix::Sent sent = session_->Send(network_.now_ns, said.type,
                                            [&](fix::Writer& to) { to.Fields(said.body); });
      if (sent.status != fix::SendStatus::kOk) break;
      said_[sent.sequence] = {said.type, said.body, network_.now_ns};
      waiting_.pop_front();
    }
    while (!session_->output().empty()) {
      const std::string_view out = session_->output();
      const StreamIo io = stream_->Write(std::as_bytes(std::span(out.data(), out.size())));
      session_->Consumed(io.bytes);
      if (io.status != StreamStatus::kOk) break;
    }
    if (session_->state() == fix::SessionState::kClosing) HangUp();
  }
  void HangUp() {
    session_->Disconnected();
    if (stream_ != nullptr) stream_->Close();
    stream_.reset();
    input_.clear();
  }
  // It loses its numbers, and what it said.
  void Forget() {
    HangUp();
    said_.clear();
    waiting_.clear();
    Begin();
  }
  bool live() const { return session_->state() == fix::SessionState::kActive; }
  const fix::Session& session() const { return *session_; }

  // --- What happens there ---
  // A message in '|' for SOH.
  void Say(std::string_view type, std::string fields) {
    std::ranges::replace(fields, '|', fix::kSoh);
    waiting_.push_back({std::string(type), std::move(fields), 0});
  }
  // A message from MsgType (35) on, past the session.
  void Inject(std::string body) {
    std::ranges::replace(body, '|', fix::kSoh);
    std::string whole = "8=" + std::string(fix::BeginStringOf(SessionVersionOf(version_))) +
                        fix::kSoh + "9=" + std::to_string(body.size()) + fix::kSoh + body;
    std::array<char, 3> sum;
    fix::FormatThree(fix::CheckSum(whole), sum.data());
    whole += "10=" + std::string(sum.data(), sum.size()) + fix::kSoh;
    EXPECT_EQ(stream_->Write(std::as_bytes(std::span(whole.data(), whole.size()))).bytes,
              whole.size());
  }
  // A Reject of the session, of the message with this number.
  void Reject(uint64_t number) {
    Inject("35=3|34=" + std::to_string(session_->numbers().next_out) +
           "|49=VENUE|56=GATE|52=" + Time() + "|45=" + std::to_string(number) + "|373=5|58=no|");
    SkipNumber();
  }
  // Its next message has the number behind one that was injected.
  void SkipNumber() {
    fix::Numbers numbers = session_->numbers();
    ++numbers.next_out;
    session_->Restore(numbers);
  }
  void DropWhatIsToBeSaid() { waiting_.clear(); }
  // Answers each Logon with a Logout; empty: no longer.
  void RefuseLogons(std::string_view words) { refusal_ = words; }
  std::string NextExecId() { return "E" + std::to_string(++exec_id_); }
  std::string About(const Order& order, std::string_view exec_type, char status,
                    std::string_view exec_id, std::string_view trans = "0") const {
    return "37=" + order.venue_id + "|17=" + std::string(exec_id) + "|" +
           (is_42() ? "20=" + std::string(trans) + "|" : "") + "150=" + std::string(exec_type) +
           "|39=" + status + "|55=" + order.symbol + "|54=" + order.side +
           "|38=" + std::to_string(order.qty) + "|" +
           (order.price.empty() ? "" : "44=" + order.price + "|") +
           (order.account.empty() ? "" : "1=" + order.account + "|") +
           "151=" + std::to_string(order.leaves()) + "|14=" + std::to_string(order.cum) +
           "|6=0|60=" + Time() + "|";
  }
  void Report(const Order& order, std::string_view exec_type, std::string_view more = "") {
    Say("8", "11=" + order.name() + "|" + About(order, exec_type, order.status, NextExecId()) +
                 std::string(more));
  }
  void Trade(Order& order, uint64_t qty, std::string_view price = "10",
             std::string_view more = "") {
    ASSERT_TRUE(order.alive && qty <= order.leaves());
    order.cum += qty;
    order.alive = order.cum != order.qty;
    order.status = order.alive ? '1' : '2';
    const std::string exec_id = NextExecId();
    fills.push_back({order.name(), exec_id, qty});
    const std::string type = !is_42() ? "F" : order.alive ? "1" : "2";
    Say("8", "11=" + order.name() + "|" + About(order, type, order.status, exec_id) + "32=" +
                 std::to_string(qty) + "|31=" + std::string(price) + "|" + std::string(more));
  }
  void TakeOff(Order& order, bool expired = false) {
    order.alive = false;
    order.status = expired ? 'C' : '4';
    Report(order, expired ? "C" : "4");
  }
  Order* Find(std::string_view name) {
    for (Order& order : orders) {
      if (std::ranges::find(order.names, name) != order.names.end()) return &order;
    }
    return nullptr;
  }
  std::string Time() const {
    fix::TimestampWriter format(fix::TimePrecision::kMillis);
    std::array<char, fix::TimestampWriter::kBytesMax> text;
    return {text.data(), format.Format(network_.now_ns, text.data())};
  }
  bool is_42() const { return version_ == FixVersion::k42; }

  std::deque<Order> orders;
  std::vector<Fill> fills;
  std::vector<std::string> heard;      // application messages, with '|'
  std::map<std::string, int> entered;  // NewOrderSingles by ClOrdID
  std::string reject_next;             // by a report, with this 103; and cancels and replaces
  bool talks = true;                   // says what there is to say
  bool original_names = false;         // a canceled order is reported by its own name alone
  bool answers_status = true;
  bool knows_requests = true;  // otherwise they are business-rejected
  std::string business_reason = "3";
  std::string status_exec_id = "0";  // of its answers to status requests
  bool ignores_next = false;         // message of the application
  bool swallows_test_requests = false;
  uint32_t logons_with_reset = 0;
  uint32_t asked = 0;

 private:
  struct Said {
    std::string type;
    std::string body;
    int64_t time_ns = 0;
  };

  static fix::SessionConfig Config(FixVersion version) {
    fix::SessionConfig config;
    config.role = fix::Role::kAcceptor;
    config.version = SessionVersionOf(version);
    config.sender_comp_id = "VENUE";
    config.target_comp_id = "GATE";
    config.message_bytes_max = 4096;
    config.output_bytes = 64 << 10;
    return config;
  }
  void Begin() { session_ = std::make_unique<fix::Session>(Config(version_), tags_, *this); }

  void OnNumbers(const fix::Numbers& numbers) noexcept override {
    if (numbers.generation == generation_) return;
    generation_ = numbers.generation;
    said_.clear();
  }
  void OnGap(uint64_t, uint64_t) noexcept override {}
  std::string_view OnLogon(const fix::Message& logon) noexcept override {
    logons_with_reset += FindField(logon.frame, 141) == "Y";
    return {};
  }
  fix::Recalled OnRecall(uint64_t sequence, uint64_t last) noexcept override {
    const auto found = said_.lower_bound(sequence);
    if (found == said_.end() || found->first > last) return {.through = last};
    if (found->first != sequence) return {.through = found->first - 1};
    return {.kind = fix::Recalled::Kind::kResend,
            .through = sequence,
            .msg_type = found->second.type,
            .body = found->second.body,
            .sending_time_ns = found->second.time_ns};
  }
  bool OnMessage(const fix::Message& message) noexcept override {
    std::string text(message.frame.message);
    std::ranges::replace(text, fix::kSoh, '|');
    heard.push_back(text);
    const auto get = [&](uint32_t tag) { return std::string(FindField(message.frame, tag)); };
    if (std::exchange(ignores_next, false)) return true;
    if (message.type == "D") {
      Enter(get);
    } else if (!knows_requests) {
      Say("j", "45=" + std::to_string(message.sequence) + "|372=" + std::string(message.type) +
                   "|380=" + business_reason + "|58=no|");
    } else if (message.type == "F") {
      Cancel(get);
    } else if (message.type == "G") {
      Replace(get);
    } else if (message.type == "H") {
      ++asked;
      if (answers_status) Status(get);
    } else {
      ADD_FAILURE() << text;
    }
    return true;
  }

  void SwallowTestRequests() {
    const size_t at = input_.find(std::string(1, fix::kSoh) + "35=1" + fix::kSoh);
    if (at != std::string::npos) input_.erase(input_.rfind("8=FIX", at));
  }
  template <class Get>
  void Enter(const Get& get) {
    const std::string name = get(11);
    ++entered[name];
    EXPECT_EQ(entered[name], 1) << "an order was sent again: " << name;
    Order order{.names = {name},
                .venue_id = "V" + std::to_string(orders.size() + 1),
                .side = get(54),
                .symbol = get(55),
                .account = get(1),
                .price = get(44),
                .qty = std::stoull(get(38))};
    if (!reject_next.empty()) {
      order.alive = false;
      order.status = '8';
      const std::string reason = std::exchange(reject_next, {});
      Say("8",
          "11=" + name + "|" + About(order, "8", '8', NextExecId()) + "103=" + reason + "|58=no|");
      return;
    }
    orders.push_back(order);
    Report(orders.back(), "0");
  }
  template <class Get>
  bool Refuses(const Get& get, const Order* order, char response) {
    const char* reason = order == nullptr ? "1" : !order->alive ? "0" : nullptr;
    std::string wanted = std::exchange(reject_next, {});
    if (reason == nullptr && wanted.empty()) return false;
    Say("9", "37=" + (order == nullptr ? std::string("NONE") : order->venue_id) + "|11=" + get(11) +
                 "|41=" + get(41) + "|39=" + (order == nullptr ? '8' : order->status) +
                 "|434=" + response + "|102=" + (reason != nullptr ? reason : wanted) + "|");
    return true;
  }
  template <class Get>
  void Cancel(const Get& get) {
    Order* const order = Find(get(41));
    if (order != nullptr) {
      EXPECT_EQ(get(55), order->symbol);
      EXPECT_EQ(get(54), order->side);
    }
    if (Refuses(get, order, '1')) return;
    order->alive = false;
    order->status = '4';
    const std::string names =
        original_names ? "11=" + order->name() + "|" : "11=" + get(11) + "|41=" + get(41) + "|";
    Say("8", names + About(*order, "4", '4', NextExecId()));
  }
  template <class Get>
  void Replace(const Get& get) {
    Order* const order = Find(get(41));
    if (Refuses(get, order, '2')) return;
    const uint64_t qty = std::stoull(get(38));
    order->names.push_back(get(11));
    order->qty = std::max(qty, order->cum);
    order->price = get(44);
    order->alive = order->cum < order->qty;
    order->status = !order->alive ? '2' : order->cum != 0 ? '1' : '0';
    Say("8",
        "11=" + get(11) + "|41=" + get(41) + "|" + About(*order, "5", order->status, NextExecId()));
  }
  template <class Get>
  void Status(const Get& get) {
    const Order* const order = Find(get(11));
    const std::string request = get(790).empty() ? "" : "790=" + get(790) + "|";
    if (order == nullptr) {
      Order none{};
      none.names = {get(11)};
      none.venue_id = "NONE";
      none.side = get(54);
      none.symbol = get(55);
      none.alive = false;
      Say("8", "11=" + get(11) + "|" + About(none, is_42() ? "8" : "I", '8', status_exec_id, "3") +
                   request + "103=5|");
      return;
    }
    const std::string type = is_42() ? std::string(1, order->status) : "I";
    const std::string names =
        "11=" + order->name() + "|" + (is_42() ? "41=" + order->names.front() + "|" : "");
    Say("8", names + About(*order, type, order->status, status_exec_id, "3") + request);
  }

  const FixVersion version_;
  ScriptedNetwork& network_;
  const fix::WantedTags tags_;
  std::unique_ptr<fix::Session> session_;
  std::unique_ptr<ByteStream> stream_;
  std::string input_;
  std::string refusal_;
  std::map<uint64_t, Said> said_;  // by sequence
  std::deque<Said> waiting_;
  uint64_t generation_ = 0;
  uint64_t exec_id_ = 0;
};

}  // namespace ringway
