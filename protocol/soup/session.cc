#include "protocol/soup/session.h"

#include <algorithm>

#include "base/big_endian.h"

namespace ringway::soup {
namespace {

// Data leaves this much of the output free, so that a login's answer, a logout and the end of the
// session always have room.
constexpr std::size_t kControlBytes = 64;
static_assert(kControlBytes >= kHeaderBytes + LoginRequest::kBytes);

Options Sound(Options options) noexcept {
  options.payload_bytes_max =
      std::clamp(options.payload_bytes_max, LoginRequest::kBytes, kPayloadBytesMax);
  const std::size_t packet_bytes = kHeaderBytes + options.payload_bytes_max;
  options.input_bytes = std::max(options.input_bytes, packet_bytes);
  options.output_bytes = std::max(options.output_bytes, packet_bytes + kControlBytes);
  return options;
}

enum class From : uint8_t { kNobody, kClient, kServer, kBoth };

struct Shape {
  From from = From::kNobody;
  std::size_t payload_bytes = SIZE_MAX;  // SIZE_MAX: any
};

constexpr Shape ShapeOf(PacketType type) noexcept {
  switch (type) {
    case PacketType::kDebug:
      return {From::kBoth};
    case PacketType::kLoginAccepted:
      return {From::kServer, LoginAccepted::kBytes};
    case PacketType::kLoginRejected:
      return {From::kServer, 1};
    case PacketType::kSequenced:
      return {From::kServer};
    case PacketType::kServerHeartbeat:
      return {From::kServer, 0};
    case PacketType::kEndOfSession:
      return {From::kServer, 0};
    case PacketType::kLoginRequest:
      return {From::kClient, LoginRequest::kBytes};
    case PacketType::kUnsequenced:
      return {From::kBoth};
    case PacketType::kClientHeartbeat:
      return {From::kClient, 0};
    case PacketType::kLogoutRequest:
      return {From::kClient, 0};
  }
  return {};
}

}  // namespace

std::string_view Name(State state) noexcept {
  switch (state) {
    case State::kNone:
      return "not connected";
    case State::kLoginAwaited:
      return "login awaited";
    case State::kLoginHeard:
      return "login heard";
    case State::kLoginSent:
      return "login sent";
    case State::kLive:
      return "live";
    case State::kLeaving:
      return "leaving";
    case State::kOver:
      return "over";
  }
  return "unknown";
}

std::string_view Name(End end) noexcept {
  switch (end) {
    case End::kNone:
      return "it has not ended";
    case End::kConnectionLost:
      return "the connection was lost";
    case End::kLoggedOut:
      return "the client logged out";
    case End::kEndOfSession:
      return "the server ended the session";
    case End::kNotAuthorized:
      return "the login was rejected: user or password is wrong (A)";
    case End::kNoSuchSession:
      return "the login was rejected: no such session or number (S)";
    case End::kRejected:
      return "the login was rejected for an unknown reason";
    case End::kSilent:
      return "the other end was silent for too long";
    case End::kLoginTooSlow:
      return "the login took too long";
    case End::kZeroLength:
      return "the other end sent a packet without a type";
    case End::kTooLong:
      return "the other end sent a packet longer than is allowed";
    case End::kWrongLength:
      return "the other end sent a packet whose type has another length";
    case End::kUnknownType:
      return "the other end sent a packet of no known type";
    case End::kUnexpectedType:
      return "the other end sent a packet that it may not send then";
    case End::kBadLogin:
      return "a field of the login is malformed";
    case End::kOtherSession:
      return "the server logged on to another session than was asked for";
    case End::kOtherSequence:
      return "the server starts from another number than was asked for";
    case End::kStoredTooLong:
      return "a stored message is longer than is allowed";
  }
  return "unknown";
}

Session::Session(const Options& options)
    : options_(Sound(options)), input_(options_.input_bytes), output_(options_.output_bytes) {}

void Session::Reset(int64_t now_ns, State state) noexcept {
  input_.Clear();
  output_.Clear();
  state_ = state;
  end_ = End::kNone;
  unread_ = false;
  now_ns_ = since_ns_ = turned_ns_ = heard_ns_ = sent_ns_ = now_ns;
}

void Session::Connect(int64_t now_ns) noexcept { Reset(now_ns, State::kLoginAwaited); }

void Session::Connect(int64_t now_ns, const LoginRequest& login) noexcept {
  Reset(now_ns, State::kLoginSent);
  login_ = login;
  Write(output_.end() + kHeaderBytes, login);
  Commit(PacketType::kLoginRequest, LoginRequest::kBytes);
}

void Session::Disconnected() noexcept {
  output_.Clear();
  if (state_ == State::kNone || over()) return;
  Finish(state_ == State::kLeaving ? End::kLoggedOut : End::kConnectionLost);
}

void Session::Finish(End end, LastWords last_words) noexcept {
  if (last_words == LastWords::kDropped) output_.Clear();
  state_ = State::kOver;
  end_ = end;
}

// --- What arrives ---

Session::Packet Session::NextPacket() noexcept {
  while (!over() && state_ != State::kNone) {
    const std::span<const std::byte> bytes = input_.bytes();
    if (bytes.size() < sizeof(uint16_t)) return {};
    const std::size_t length = LoadBig<uint16_t>(bytes.data());
    if (length == 0) return Fault(End::kZeroLength);
    const std::size_t payload_bytes = length - 1;
    if (payload_bytes > options_.payload_bytes_max) return Fault(End::kTooLong);
    if (bytes.size() < kHeaderBytes) return {};
    // Judged by its head: what can never be right is not waited for.
    const auto type = static_cast<PacketType>(bytes[2]);
    const Shape shape = ShapeOf(type);
    if (shape.from == From::kNobody) return Fault(End::kUnknownType);
    const From sender = options_.role == Role::kClient ? From::kServer : From::kClient;
    if (shape.from != From::kBoth && shape.from != sender) return Fault(End::kUnexpectedType);
    if (shape.payload_bytes != SIZE_MAX && shape.payload_bytes != payload_bytes)
      return Fault(End::kWrongLength);
    if (bytes.size() < kHeaderBytes + payload_bytes) return {};

    heard_ns_ = now_ns_;
    const Packet packet = Judge(type, bytes.subspan(kHeaderBytes, payload_bytes));
    if (packet.kind != Kind::kNothing) return packet;
    if (!over()) input_.Pop(kHeaderBytes + payload_bytes);
  }
  return {};
}

Session::Packet Session::Judge(PacketType type, std::span<const std::byte> payload) noexcept {
  if (type == PacketType::kDebug) return {Kind::kDebug, payload};
  return options_.role == Role::kClient ? JudgeAtClient(type, payload)
                                        : JudgeAtServer(type, payload);
}

Session::Packet Session::JudgeAtClient(PacketType type,
                                       std::span<const std::byte> payload) noexcept {
  if (type == PacketType::kServerHeartbeat) return {};
  if (type == PacketType::kEndOfSession) return Fault(End::kEndOfSession);
  if (state_ == State::kLoginSent) return JudgeAnswer(type, payload);
  if (type == PacketType::kSequenced) return {Kind::kSequenced, payload};
  if (type == PacketType::kUnsequenced) return {Kind::kUnsequenced, payload};
  return Fault(End::kUnexpectedType);
}

Session::Packet Session::JudgeAnswer(PacketType type, std::span<const std::byte> payload) noexcept {
  if (type == PacketType::kLoginRejected) {
    switch (static_cast<RejectReason>(payload[0])) {
      case RejectReason::kNotAuthorized:
        return Fault(End::kNotAuthorized);
      case RejectReason::kSessionUnavailable:
        return Fault(End::kNoSuchSession);
    }
    return Fault(End::kRejected);
  }
  if (type != PacketType::kLoginAccepted) return Fault(End::kUnexpectedType);
  if (!Read(payload, accepted_)) return Fault(End::kBadLogin);
  if (!login_.session.blank() && !login_.session.Names(accepted_.session))
    return Fault(End::kOtherSession);
  // From another number on, messages would be missed or come twice.
  if (accepted_.sequence == 0 || (login_.sequence != 0 && accepted_.sequence != login_.sequence))
    return Fault(End::kOtherSequence);
  session_ = accepted_.session;
  next_ = accepted_.sequence;
  state_ = State::kLive;
  since_ns_ = now_ns_;
  return {Kind::kAccepted, payload};
}

Session::Packet Session::JudgeAtServer(PacketType type,
                                       std::span<const std::byte> payload) noexcept {
  if (type == PacketType::kLogoutRequest) return Fault(End::kLoggedOut);
  if (type == PacketType::kClientHeartbeat) return {};
  if (state_ == State::kLoginAwaited && type == PacketType::kLoginRequest)
    return JudgeLogin(payload);
  if (state_ == State::kLive && type == PacketType::kUnsequenced)
    return {Kind::kUnsequenced, payload};
  return Fault(End::kUnexpectedType);
}

Session::Packet Session::JudgeLogin(std::span<const std::byte> payload) noexcept {
  if (!Read(payload, login_)) {
    Reject(RejectReason::kNotAuthorized);
    end_ = End::kBadLogin;
    return {};
  }
  state_ = State::kLoginHeard;
  return {Kind::kLogin, payload};
}

// --- What leaves ---

bool Session::Accept(const SessionId& session, uint64_t first, uint64_t next) noexcept {
  uint64_t wanted = login_.sequence;
  if (wanted == 0) wanted = std::max(first, next - 1);
  const bool same = login_.session.blank() || login_.session.Names(session);
  if (!same || wanted < first || wanted > next) {
    Reject(RejectReason::kSessionUnavailable);
    return false;
  }
  session_ = session;
  next_ = wanted;
  Write(output_.end() + kHeaderBytes, LoginAccepted{session, wanted});
  Commit(PacketType::kLoginAccepted, LoginAccepted::kBytes);
  state_ = State::kLive;
  since_ns_ = now_ns_;
  return true;
}

void Session::Reject(RejectReason reason) noexcept {
  output_.end()[kHeaderBytes] = static_cast<std::byte>(reason);
  Commit(PacketType::kLoginRejected, 1);
  Finish(reason == RejectReason::kNotAuthorized ? End::kNotAuthorized : End::kNoSuchSession,
         LastWords::kKept);
}

SendStatus Session::Claim(std::size_t bytes, std::byte*& at) noexcept {
  if (!live()) return SendStatus::kNotLive;
  if (bytes > options_.payload_bytes_max) return SendStatus::kTooLong;
  if (output_.room() < kHeaderBytes + bytes + kControlBytes) return SendStatus::kBackPressured;
  at = output_.end() + kHeaderBytes;
  return SendStatus::kOk;
}

void Session::Commit(PacketType type, std::size_t bytes) noexcept {
  WriteHeader(output_.end(), type, bytes);
  output_.Push(kHeaderBytes + bytes);
  sent_ns_ = now_ns_;
}

void Session::Say(PacketType type) noexcept { Commit(type, 0); }

SendStatus Session::ClaimUnsequenced(std::size_t bytes, std::byte*& at) noexcept {
  return Claim(bytes, at);
}

SendStatus Session::SendUnsequenced(std::span<const std::byte> payload) noexcept {
  std::byte* at;
  const SendStatus status = Claim(payload.size(), at);
  if (status != SendStatus::kOk) return status;
  std::copy(payload.begin(), payload.end(), at);
  Commit(PacketType::kUnsequenced, payload.size());
  return status;
}

SendStatus Session::SendDebug(std::span<const std::byte> text) noexcept {
  std::byte* at;
  const SendStatus status = Claim(text.size(), at);
  if (status != SendStatus::kOk) return status;
  std::copy(text.begin(), text.end(), at);
  Commit(PacketType::kDebug, text.size());
  return status;
}

SendStatus Session::Logout() noexcept {
  if (!live() || options_.role != Role::kClient) return SendStatus::kNotLive;
  if (output_.room() < kHeaderBytes) return SendStatus::kBackPressured;
  Say(PacketType::kLogoutRequest);
  state_ = State::kLeaving;
  return SendStatus::kOk;
}

SendStatus Session::EndSession() noexcept {
  if (!live() || options_.role != Role::kServer) return SendStatus::kNotLive;
  if (output_.room() < kHeaderBytes) return SendStatus::kBackPressured;
  Say(PacketType::kEndOfSession);
  Finish(End::kEndOfSession, LastWords::kKept);
  return SendStatus::kOk;
}

void Session::Maintain(int64_t now_ns) noexcept {
  now_ns_ = now_ns;
  // A third of the limit without a turn: this end was stopped, and could not hear.
  if (now_ns - turned_ns_ > options_.silence_max_ns / 3 || unread_ || input_.room() == 0)
    heard_ns_ = now_ns;
  turned_ns_ = now_ns;
  switch (state_) {
    case State::kNone:
    case State::kOver:
      return;
    case State::kLoginAwaited:
    case State::kLoginHeard:
    case State::kLoginSent:
      if (now_ns - since_ns_ > options_.login_max_ns) Finish(End::kLoginTooSlow);
      return;
    case State::kLive:
    case State::kLeaving:
      break;
  }
  if (now_ns - heard_ns_ > options_.silence_max_ns) {
    Finish(state_ == State::kLeaving ? End::kLoggedOut : End::kSilent);
    return;
  }
  // What waits to be written is a sign of life by itself once it goes.
  const bool heartbeat_due = now_ns - sent_ns_ >= options_.heartbeat_ns && output_.size() == 0;
  if (heartbeat_due && live()) {
    Say(options_.role == Role::kClient ? PacketType::kClientHeartbeat
                                       : PacketType::kServerHeartbeat);
  }
}

}  // namespace ringway::soup
