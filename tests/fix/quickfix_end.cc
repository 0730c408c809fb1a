#include "tests/fix/quickfix_end.h"

#ifndef RINGWAY_HAVE_QUICKFIX

namespace ringway {
namespace fix {
std::unique_ptr<QuickFixEnd> StartQuickFix(const QuickFixOptions&) { return nullptr; }
}  // namespace fix
}  // namespace ringway

#else

#include <mutex>
#include <sstream>

#include "quickfix/Application.h"
#include "quickfix/MessageStore.h"
#include "quickfix/Session.h"
#include "quickfix/SocketAcceptor.h"
#include "quickfix/SocketInitiator.h"

namespace ringway {
namespace fix {
namespace {

class End : public QuickFixEnd, public FIX::Application {
 public:
  explicit End(const QuickFixOptions& options)
      : settings_(Settings(options)), id_(options.begin_string, "QUICK", "RINGWAY") {
    if (options.initiator) {
      initiator_.reset(new FIX::SocketInitiator(*this, stores_, settings_));
      initiator_->start();
    } else {
      acceptor_.reset(new FIX::SocketAcceptor(*this, stores_, settings_));
      acceptor_->start();
    }
  }
  ~End() override {
    if (initiator_) initiator_->stop(true);
    if (acceptor_) acceptor_->stop(true);
  }

  bool logged_on() override { return session()->isLoggedOn(); }
  void Send(const std::string& cl_ord_id) override { Send("D", "11=" + cl_ord_id + "|55=AAPL|"); }
  void Send(const std::string& type, const std::string& fields) override {
    FIX::Message message;
    message.getHeader().setField(FIX::FIELD::MsgType, type);
    std::stringstream each(fields);
    for (std::string field; std::getline(each, field, '|');) {
      const std::size_t equals = field.find('=');
      message.setField(std::stoi(field), field.substr(equals + 1));
    }
    FIX::Session::sendToTarget(message, id_);
  }
  std::vector<std::string> messages() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return messages_;
  }
  std::vector<std::string> received() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return received_;
  }
  void Logout() override { session()->logout("bye"); }
  int next_out() override { return session()->getExpectedSenderNum(); }
  int next_in() override { return session()->getExpectedTargetNum(); }

 private:
  static FIX::SessionSettings Settings(const QuickFixOptions& options) {
    std::stringstream text;
    text << "[DEFAULT]\nConnectionType=" << (options.initiator ? "initiator" : "acceptor")
         << "\nHeartBtInt=30\nReconnectInterval=1\nStartTime=00:00:00\nEndTime=00:00:00\n"
         << "UseDataDictionary=N\nSocketNodelay=Y\nSocketReuseAddress=Y\n"
         << "SocketAcceptHost=127.0.0.1\nSocketConnectHost=127.0.0.1\n"
         << "SocketAcceptPort=" << options.port << "\nSocketConnectPort=" << options.port
         << "\nResetOnLogon=" << (options.reset_on_logon ? "Y" : "N")
         << "\n[SESSION]\nBeginString=" << options.begin_string
         << "\nSenderCompID=QUICK\nTargetCompID=RINGWAY\n";
    if (options.begin_string == "FIXT.1.1") text << "DefaultApplVerID=FIX.5.0SP2\n";
    return FIX::SessionSettings(text);
  }
  FIX::Session* session() { return FIX::Session::lookupSession(id_); }

  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override {}
  void onLogout(const FIX::SessionID&) override {}
  void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
  void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}
  void fromAdmin(const FIX::Message&,
                 const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                              FIX::IncorrectTagValue, FIX::RejectLogon) override {}
  void fromApp(const FIX::Message& message,
               const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                            FIX::IncorrectTagValue,
                                            FIX::UnsupportedMessageType) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string text = message.toString();
    for (char& each : text) each = each == '\001' ? '|' : each;
    messages_.push_back(text);
    received_.push_back(message.isSetField(FIX::FIELD::ClOrdID)
                            ? message.getField(FIX::FIELD::ClOrdID)
                            : std::string());
  }

  FIX::SessionSettings settings_;
  FIX::SessionID id_;
  FIX::MemoryStoreFactory stores_;
  std::mutex mutex_;
  std::vector<std::string> messages_;
  std::vector<std::string> received_;
  std::unique_ptr<FIX::SocketInitiator> initiator_;
  std::unique_ptr<FIX::SocketAcceptor> acceptor_;
};

}  // namespace

std::unique_ptr<QuickFixEnd> StartQuickFix(const QuickFixOptions& options) {
  return std::unique_ptr<QuickFixEnd>(new End(options));
}

}  // namespace fix
}  // namespace ringway

#endif
