// Session: one end of a SoupBinTCP 3.00 connection, the client's or the server's.
//
// Pure: bytes and time go in, bytes and events come out; sockets, threads and files are the
// caller's. It frames, logs on, counts sequenced messages, heartbeats and judges whether the other
// end lives. One object serves one connection after another.
//
// A turn of the caller: read the socket into InputRoom() and say Received(); Poll(); the sends of
// this turn; Maintain(); write Output() to the socket and say Sent(). At over(): write what
// Output() still holds, close the socket.
//
// **What must be persisted so that nothing is lost or doubled across a kill at any instant.**
//  - A client: the pair (session, number) of the last message that it processed, *in the same
//    atomic record as what the message changed*. It logs on with that session and number + 1. A
//    message whose record is not durable comes again under the same number; one whose record is
//    durable never does. If effects can only be recorded on their own, each carries the number, and
//    a message up to the recorded number is skipped. The first logon of a day asks for a blank
//    session and 1; the session that LoginAccepted names is recorded before or with message 1.
//  - A server: every sequenced message, *before* SendSequenced() can read it, under the number that
//    it keeps for ever. A message that was sent and then lost would let another one take its
//    number, which the client would skip.
//  - Unsequenced messages are delivered at most once and never sent again by this class. Whether
//    one that was sent before a connection ended has arrived is not known here: the protocol inside
//    says so (OUCH ignores a repeated request).
//
// Thread rule: one thread. Nothing allocates after construction, nothing throws. A sink may call
// everything but Poll(), InputRoom(), Received(), Connect() and Disconnected().
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "protocol/soup/byte_queue.h"
#include "protocol/soup/packet.h"

namespace ringway::soup {

enum class Role : uint8_t { kClient, kServer };

enum class State : uint8_t {
  kNone,          // there is no connection yet
  kLoginAwaited,  // server: the client has not said who it is
  kLoginHeard,    // server: Accept() or Reject() is due
  kLoginSent,     // client: the server has not answered
  kLive,
  kLeaving,  // client: asked to be logged out; what arrives is still taken
  kOver,     // end() says why; Output() may hold last words
};

// Why a connection ended.
enum class End : uint8_t {
  kNone,
  kConnectionLost,  // Disconnected() without a reason before it
  kLoggedOut,       // the client asked for it
  kEndOfSession,    // the server has no more messages for ever
  kNotAuthorized,   // login rejected, 'A'
  kNoSuchSession,   // login rejected, 'S'
  kRejected,        // login rejected for a reason that the specification has not
  kSilent,          // nothing complete came from the other end for too long
  kLoginTooSlow,    // no login, or no answer to it, in time
  kZeroLength,      // a packet without a type
  kTooLong,         // a packet beyond payload_bytes_max
  kWrongLength,     // not the length that its type has
  kUnknownType,     // no type of SoupBinTCP
  kUnexpectedType,  // not from that end, or not in this state
  kBadLogin,        // a field of a login packet is none
  kOtherSession,    // the server logged the client on to another session than it asked for
  kOtherSequence,   // ... from another number than it asked for
  kStoredTooLong,   // SendSequenced() read a message beyond payload_bytes_max
};
std::string_view Name(End end) noexcept;
std::string_view Name(State state) noexcept;

enum class SendStatus : uint8_t { kOk, kBackPressured, kNotLive, kTooLong };

struct Options {
  Role role = Role::kClient;
  int64_t heartbeat_ns = 1'000'000'000;  // §2.2, §2.3: at most a second without a packet
  int64_t silence_max_ns = 15'000'000'000;
  int64_t login_max_ns = 10'000'000'000;  // until the login has come, was decided, was answered
  std::size_t payload_bytes_max = 2048;   // of a packet, both ways; 46 to 65,534
  std::size_t input_bytes = 65'536;       // raised to what one packet needs
  std::size_t output_bytes = 65'536;
};

// What a sink gets; payloads are valid until On() returns. The data's On() returns whether the
// message was taken: one that was not comes first at the next Poll().
struct Sequenced {
  uint64_t number;
  std::span<const std::byte> payload;
};
struct Unsequenced {
  std::span<const std::byte> payload;
};
struct Debug {
  std::span<const std::byte> text;  // from the peer, any bytes
};

template <class S>
concept Sink = requires(S& sink, const Sequenced& sequenced, const Unsequenced& unsequenced,
                        const Debug& debug, const LoginRequest& login,
                        const LoginAccepted& accepted) {
  { sink.On(sequenced) } -> std::same_as<bool>;  // at a client
  { sink.On(unsequenced) } -> std::same_as<bool>;
  sink.On(debug);
  sink.On(login);     // at a server: Accept() or Reject(), now or later
  sink.On(accepted);  // at a client: it is live
};

class Session {
 public:
  explicit Session(const Options& options);

  State state() const noexcept { return state_; }
  bool live() const noexcept { return state_ == State::kLive; }
  bool over() const noexcept { return state_ == State::kOver; }
  End end() const noexcept { return end_; }
  // Client: the number of the next message to arrive. Server: of the next one to send.
  uint64_t next_sequence() const noexcept { return next_; }
  const SessionId& session() const noexcept { return session_; }

  // --- The connection ---

  // Server: a client has connected.
  void Connect(int64_t now_ns) noexcept;
  // Client: the connection stands; logs on.
  void Connect(int64_t now_ns, const LoginRequest& login) noexcept;
  // The connection is gone, and with it what was not polled: poll until nothing is left, unless the
  // sink refuses for good. A client is sent again what it did not take, a server is not.
  void Disconnected() noexcept;

  // --- Bytes ---

  // Where to read the socket to; empty while the sink takes nothing: read no more then.
  std::span<std::byte> InputRoom() noexcept { return {input_.end(), input_.room()}; }
  void Received(std::size_t bytes) noexcept { input_.Push(bytes); }
  // What to write to the socket; valid until the next call. Sent(): how much of it was taken.
  std::span<const std::byte> Output() const noexcept { return output_.bytes(); }
  void Sent(std::size_t bytes) noexcept { output_.Pop(bytes); }

  // Gives complete packets to the sink, `budget` at most, and returns how many it took.
  template <Sink S>
  uint32_t Poll(int64_t now_ns, S& sink, uint32_t budget) noexcept;
  // Heartbeats and time limits. Call it every few milliseconds. Silence counts only while this end
  // could notice it: not while its process was stopped or its sink took nothing.
  void Maintain(int64_t now_ns) noexcept;

  // --- Sending: whatever is refused has changed nothing ---

  [[nodiscard]] SendStatus SendUnsequenced(std::span<const std::byte> payload) noexcept;
  // The same in place: at kOk, write up to `bytes` to `at`, then Commit() with how many.
  [[nodiscard]] SendStatus ClaimUnsequenced(std::size_t bytes, std::byte*& at) noexcept;
  void CommitUnsequenced(std::size_t bytes) noexcept { Commit(PacketType::kUnsequenced, bytes); }
  [[nodiscard]] SendStatus SendDebug(std::span<const std::byte> text) noexcept;

  // Client: asks to be logged out; Disconnected() follows.
  [[nodiscard]] SendStatus Logout() noexcept;

  // Server: the answer to On(LoginRequest). `first` and `next` bound the numbers that the store can
  // read: [first, next). Rejects with 'S' what asks for another session or for a number that the
  // store has not and `next` is not; returns whether the client is live.
  // REQUIRES: state() is kLoginHeard; 1 <= first <= next.
  bool Accept(const SessionId& session, uint64_t first, uint64_t next) noexcept;
  // REQUIRES: state() is kLoginHeard.
  void Reject(RejectReason reason) noexcept;
  // Server: sends stored messages, from where the client asked on, as long as there is room and at
  // most `budget`; returns how many. `read(number)` returns the payload, or nothing: that number is
  // not at hand (yet). Call it in every turn: new messages leave by it as well.
  template <class Read>
  requires std::is_invocable_r_v<std::optional<std::span<const std::byte>>, Read&, uint64_t>
      uint32_t SendSequenced(Read&& read, uint32_t budget) noexcept;
  // Server: the session is finished for ever. Call it after its last message was sent.
  [[nodiscard]] SendStatus EndSession() noexcept;

 private:
  enum class Kind : uint8_t { kNothing, kLogin, kAccepted, kSequenced, kUnsequenced, kDebug };
  struct Packet {
    Kind kind = Kind::kNothing;
    std::span<const std::byte> payload;
  };

  // The next packet that is the sink's business. Deals with the others, and ends the connection at
  // the first that is wrong.
  Packet NextPacket() noexcept;
  Packet Judge(PacketType type, std::span<const std::byte> payload) noexcept;
  Packet JudgeAtClient(PacketType type, std::span<const std::byte> payload) noexcept;
  Packet JudgeAtServer(PacketType type, std::span<const std::byte> payload) noexcept;
  Packet JudgeAnswer(PacketType type, std::span<const std::byte> payload) noexcept;
  Packet JudgeLogin(std::span<const std::byte> payload) noexcept;
  Packet Fault(End end) noexcept {
    Finish(end);
    return {};
  }
  enum class LastWords : uint8_t { kDropped, kKept };
  void Finish(End end, LastWords last_words = LastWords::kDropped) noexcept;
  void Reset(int64_t now_ns, State state) noexcept;

  SendStatus Claim(std::size_t bytes, std::byte*& at) noexcept;
  void Commit(PacketType type, std::size_t bytes) noexcept;
  void Say(PacketType type) noexcept;

  const Options options_;
  ByteQueue input_;
  ByteQueue output_;
  State state_ = State::kNone;
  End end_ = End::kNone;
  bool unread_ = false;  // the last Poll() left packets
  int64_t now_ns_ = 0;
  int64_t since_ns_ = 0;  // of the state
  int64_t turned_ns_ = 0;
  int64_t heard_ns_ = 0;
  int64_t sent_ns_ = 0;
  uint64_t next_ = 1;
  SessionId session_;
  LoginRequest login_;  // sent, or heard
  LoginAccepted accepted_;
};

template <Sink S>
uint32_t Session::Poll(int64_t now_ns, S& sink, uint32_t budget) noexcept {
  now_ns_ = now_ns;
  unread_ = false;
  uint32_t taken = 0;
  for (; !over(); ++taken) {
    if (taken == budget) {
      unread_ = input_.size() != 0;
      break;
    }
    const Packet packet = NextPacket();
    if (packet.kind == Kind::kNothing) break;
    switch (packet.kind) {
      case Kind::kSequenced:
        unread_ = !sink.On(Sequenced{next_, packet.payload});
        next_ += unread_ ? 0 : 1;
        break;
      case Kind::kUnsequenced:
        unread_ = !sink.On(Unsequenced{packet.payload});
        break;
      case Kind::kDebug:
        sink.On(Debug{packet.payload});
        break;
      case Kind::kLogin:
        sink.On(login_);
        break;
      case Kind::kAccepted:
        sink.On(accepted_);
        break;
      case Kind::kNothing:
        break;
    }
    if (unread_) break;
    input_.Pop(kHeaderBytes + packet.payload.size());
  }
  return taken;
}

template <class Read>
requires std::is_invocable_r_v<std::optional<std::span<const std::byte>>, Read&, uint64_t> uint32_t
Session::SendSequenced(Read&& read, uint32_t budget) noexcept {
  uint32_t sent = 0;
  while (sent < budget && live() && options_.role == Role::kServer) {
    const std::optional<std::span<const std::byte>> payload = read(next_);
    if (!payload) break;
    std::byte* at;
    const SendStatus status = Claim(payload->size(), at);
    if (status == SendStatus::kTooLong) Finish(End::kStoredTooLong);
    if (status != SendStatus::kOk) break;
    if (!payload->empty()) std::memcpy(at, payload->data(), payload->size());
    Commit(PacketType::kSequenced, payload->size());
    ++next_;
    ++sent;
  }
  return sent;
}

}  // namespace ringway::soup
