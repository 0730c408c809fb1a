// An example strategy that keeps a quote in the market: it rests one buy order, replaces it at a
// new price at every step of a small walk, cancels it at the end, and reconnects when the link is
// lost.
//
// usage: quoter URI SESSION KEY_FILE INSTRUMENT ACCOUNT PRICE TICK STEPS
// Prices in units of 1e-9 of the instrument's currency.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "msg/session.h"

namespace {

using ringway::ExecType;
using ringway::SendStatus;
using ringway::Session;
using ringway::SessionState;

class Quoter {
 public:
  Quoter(Session& session, uint32_t instrument, uint32_t account)
      : session_(session), instrument_(instrument), account_(account) {}

  // --- What the session's Poll() calls ---
  void On(const ringway::ExecutionReport& report) {
    filled_ += report.last_qty;
    if (report.exec_type == ExecType::kNew || report.exec_type == ExecType::kReplaced) {
      resting_ = report.cl_ord_id;
      waiting_ = false;
    } else if (report.leaves_qty == 0) {  // filled, canceled or expired
      resting_ = 0;
      waiting_ = false;
    }
  }
  void On(const ringway::OrderReject& reject) {
    const auto reason = Name(reject.reason);
    std::printf("rejected: %.*s\n", static_cast<int>(reason.size()), reason.data());
    waiting_ = false;
  }
  void On(const ringway::CancelReject&) {
    waiting_ = false;
  }  // it was filled meanwhile, as a report said

  // Each returns whether the request was sent; if not, retry after the next Poll().
  bool Quote(int64_t price) {
    if (waiting_) return false;
    const uint64_t id = session_.NextClOrdId();
    const SendStatus status =
        resting_ != 0
            ? session_.Send(ringway::Replace{
                  .cl_ord_id = id, .orig_cl_ord_id = resting_, .price = price, .qty = filled_ + 1})
            : session_.Send(ringway::NewOrder{.cl_ord_id = id,
                                              .price = price,
                                              .qty = 1,
                                              .instrument = instrument_,
                                              .account = account_,
                                              .side = ringway::Side::kBuy,
                                              .ord_type = ringway::OrdType::kLimit,
                                              .post_only = 1});
    if (resting_ == 0) filled_ = 0;
    waiting_ = status == SendStatus::kOk;
    return waiting_;
  }
  bool Withdraw() {
    if (waiting_) return false;
    const SendStatus status = session_.Send(
        ringway::Cancel{.cl_ord_id = session_.NextClOrdId(), .orig_cl_ord_id = resting_});
    waiting_ = status == SendStatus::kOk;
    return waiting_;
  }
  bool waiting() const { return waiting_; }
  bool quoting() const { return resting_ != 0; }

 private:
  Session& session_;
  uint32_t instrument_;
  uint32_t account_;
  uint64_t resting_ = 0;  // clOrdId of the order in the book
  uint64_t filled_ = 0;   // of that order
  bool waiting_ = false;  // for the answer to a request
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fprintf(stderr, "usage: %s URI SESSION KEY_FILE INSTRUMENT ACCOUNT PRICE TICK STEPS\n",
                 argv[0]);
    return 2;
  }
  const auto number = [&](int i) { return std::strtoll(argv[i], nullptr, 10); };
  auto session = Session::Connect(
      {.uri = argv[1], .session = static_cast<uint32_t>(number(2)), .key_file = argv[3]});
  if (!session.ok()) {
    std::fprintf(stderr, "%s\n", session.status().ToString().c_str());
    return 1;
  }
  Quoter quoter(**session, static_cast<uint32_t>(number(4)), static_cast<uint32_t>(number(5)));
  const int64_t steps = number(8);
  int64_t step = 0;
  while (step != steps || quoter.waiting() || quoter.quoting()) {
    // Both sides resend what the other lacks, once: the quoter does not notice.
    if ((*session)->state() == SessionState::kLost && !(*session)->Reconnect().ok()) return 1;
    if ((*session)->state() == SessionState::kLoggedOut) return 1;
    if (step != steps) {
      step += quoter.Quote(number(6) + (step % 5) * number(7));
    } else if (quoter.quoting()) {
      quoter.Withdraw();
    }
    (*session)->WaitAndPoll(quoter, 64);
  }
  (*session)->Logout();
  while ((*session)->state() == SessionState::kLoggingOut) (*session)->WaitAndPoll(quoter, 64);
  return 0;
}
