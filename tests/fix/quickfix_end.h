// One end of a FIX session that is QuickFIX, for tests of interoperation.
//
// The implementation is compiled as C++14: QuickFIX 1.15's headers need features that C++17
// removed. Thread rule: one thread; QuickFIX has its own threads behind it.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace ringway {
namespace fix {

class QuickFixEnd {
 public:
  virtual ~QuickFixEnd() {}

  virtual bool logged_on() = 0;
  // Sends an order with this ClOrdID (11).
  virtual void Send(const std::string& cl_ord_id) = 0;
  // Sends a message of these fields, "11=A|55=AAPL|".
  virtual void Send(const std::string& type, const std::string& fields) = 0;
  // The messages that came, in order, with '|' for SOH, and their ClOrdIDs.
  virtual std::vector<std::string> messages() = 0;
  virtual std::vector<std::string> received() = 0;
  // Asks for a Logout.
  virtual void Logout() = 0;
  // Numbers of its session.
  virtual int next_out() = 0;
  virtual int next_in() = 0;
};

struct QuickFixOptions {
  bool initiator = false;  // connects to `port`; an acceptor listens there
  int port = 0;
  std::string begin_string;  // "FIX.4.2"
  bool reset_on_logon = false;
};

// Begins at once: SenderCompID QUICK, TargetCompID RINGWAY. Null if QuickFIX was not installed at
// build time.
std::unique_ptr<QuickFixEnd> StartQuickFix(const QuickFixOptions& options);

}  // namespace fix
}  // namespace ringway
