#include "tests/bench/quickfix_peer.h"

#ifndef RINGWAY_HAVE_QUICKFIX

namespace ringway {
namespace bench {
std::vector<int64_t> MeasureQuickFix(uint32_t) { return {}; }
}  // namespace bench
}  // namespace ringway

#else

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <sstream>
#include <thread>

#include "quickfix/Application.h"
#include "quickfix/MessageCracker.h"
#include "quickfix/MessageStore.h"
#include "quickfix/Session.h"
#include "quickfix/SocketAcceptor.h"
#include "quickfix/SocketInitiator.h"
#include "quickfix/fix42/ExecutionReport.h"
#include "quickfix/fix42/NewOrderSingle.h"

namespace ringway {
namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

// The parts of FIX::Application that neither side uses.
class QuietApplication : public FIX::Application {
 public:
  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override {}
  void onLogout(const FIX::SessionID&) override {}
  void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
  void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}
  void fromAdmin(const FIX::Message&,
                 const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                              FIX::IncorrectTagValue, FIX::RejectLogon) override {}
};

class Acceptor : public QuietApplication {
 public:
  void fromApp(const FIX::Message& order,
               const FIX::SessionID& session) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                                    FIX::IncorrectTagValue,
                                                    FIX::UnsupportedMessageType) override {
    FIX::ClOrdID cl_ord_id;
    FIX::Symbol symbol;
    FIX::Side side;
    order.getField(cl_ord_id);
    order.getField(symbol);
    order.getField(side);
    FIX42::ExecutionReport report(FIX::OrderID("1"), FIX::ExecID("1"), FIX::ExecTransType('0'),
                                  FIX::ExecType('0'), FIX::OrdStatus('0'), symbol, side,
                                  FIX::LeavesQty(100), FIX::CumQty(0), FIX::AvgPx(0));
    report.setField(cl_ord_id);
    FIX::Session::sendToTarget(report, session);
  }
};

class Initiator : public QuietApplication {
 public:
  std::atomic<bool> logged_on{false};
  std::atomic<uint32_t> reports{0};

  void onLogon(const FIX::SessionID&) override { logged_on = true; }
  void fromApp(const FIX::Message&,
               const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                            FIX::IncorrectTagValue,
                                            FIX::UnsupportedMessageType) override {
    reports.fetch_add(1, std::memory_order_release);
  }
};

// A TCP port that was free a moment ago.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  bind(fd, reinterpret_cast<sockaddr*>(&address), bytes);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  close(fd);
  return ntohs(address.sin_port);
}

FIX::SessionSettings Settings(const std::string& type, const std::string& sender,
                              const std::string& target, int port) {
  std::stringstream text;
  text << "[DEFAULT]\nConnectionType=" << type
       << "\nHeartBtInt=30\nReconnectInterval=1\nStartTime=00:00:00\nEndTime=00:00:"
          "00\nUseDataDictionary=N\n"
          "SocketNodelay=Y\nSocketAcceptHost=127.0.0.1\nSocketConnectHost=127.0.0."
          "1\nSocketAcceptPort="
       << port << "\nSocketConnectPort=" << port
       << "\n[SESSION]\nBeginString=FIX.4.2\nSenderCompID=" << sender << "\nTargetCompID=" << target
       << "\n";
  return FIX::SessionSettings(text);
}

}  // namespace

std::vector<int64_t> MeasureQuickFix(uint32_t count) {
  const int port = FreePort();
  Acceptor acceptor_application;
  Initiator initiator_application;
  FIX::MemoryStoreFactory stores;
  FIX::SocketAcceptor acceptor(acceptor_application, stores,
                               Settings("acceptor", "GATEWAY", "STRATEGY", port));
  FIX::SocketInitiator initiator(initiator_application, stores,
                                 Settings("initiator", "STRATEGY", "GATEWAY", port));
  acceptor.start();
  initiator.start();
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(10);
  while (!initiator_application.logged_on && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::vector<int64_t> samples;
  if (initiator_application.logged_on) {
    const FIX::SessionID session("FIX.4.2", "STRATEGY", "GATEWAY");
    for (uint32_t i = 0; i < count; ++i) {
      FIX42::NewOrderSingle order(FIX::ClOrdID(std::to_string(i)), FIX::HandlInst('1'),
                                  FIX::Symbol("AAPL"), FIX::Side('1'), FIX::TransactTime(),
                                  FIX::OrdType('2'));
      order.set(FIX::OrderQty(100));
      order.set(FIX::Price(585.25));
      const Clock::time_point start = Clock::now();
      FIX::Session::sendToTarget(order, session);
      while (initiator_application.reports.load(std::memory_order_acquire) <= i &&
             Clock::now() < deadline) {
        std::this_thread::yield();
      }
      if (Clock::now() >= deadline) break;
      samples.push_back(
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
    }
  }
  initiator.stop(true);
  acceptor.stop(true);
  return samples;
}

}  // namespace bench
}  // namespace ringway

#endif
