// StreamDialer: gets a connector a byte stream without the engine's thread ever waiting.
//
// Whatever blocks happens on the dialer's own thread: names are resolved, addresses tried in order,
// TCP and TLS set up, the stack asked, and closed streams freed. An attempt is one round over all
// addresses. The pause before a round grows from the second one on (RetryPauses), and is spent on
// the dialer's thread too, so that the caller starts the next attempt whenever the last one failed.
//
// Thread rule: the functions belong to the engine's thread, and take no lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "base/hand_over_list.h"
#include "base/random.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_address.h"
#include "transport/stream/stream_options.h"
#include "transport/stream/tls.h"
#include "transport/unique_fd.h"

namespace ringway {

// How long to pause before each round: nothing, then `min`, doubled each time up to `max`. Each is
// shortened by up to half of it, so that clients of one venue do not all return at once.
class RetryPauses {
 public:
  // REQUIRES: 0 < min_ns <= max_ns.
  RetryPauses(int64_t min_ns, int64_t max_ns, uint64_t seed) noexcept
      : min_ns_(min_ns), max_ns_(max_ns), random_(seed) {}

  int64_t Next() noexcept;
  void Settle() noexcept { next_ns_ = 0; }

 private:
  const int64_t min_ns_;
  const int64_t max_ns_;
  int64_t next_ns_ = 0;
  Random random_;
};

enum class StreamDialState : uint8_t { kIdle, kUnderWay, kConnected, kFailed };

class StreamDialer {
 public:
  // Reads TLS's files. `resolve`: the system's unless a test has its own. `seed`: of the pauses'
  // chance. Errors: InvalidArgument with the first fault of the options; those of TlsContext; the
  // system has no room for its thread.
  static absl::StatusOr<std::unique_ptr<StreamDialer>> Create(const StreamOptions& options,
                                                              uint64_t seed,
                                                              Resolve resolve = ResolveTcp);
  // Ends an attempt under way, but waits for the name server if a name is being resolved.
  ~StreamDialer();
  StreamDialer(const StreamDialer&) = delete;
  StreamDialer& operator=(const StreamDialer&) = delete;

  // Begins one attempt. REQUIRES: none is under way.
  void Start() noexcept;
  // The state of the attempt. kConnected hands over the stream; after it and kFailed comes kIdle.
  StreamDialState Poll(std::unique_ptr<ByteStream>& stream) noexcept;
  // The last stream was of use, a session began on it: the next attempt begins without a pause.
  // REQUIRES: no attempt is under way.
  void Settle() noexcept { pauses_.Settle(); }
  // Takes back a stream, closes it, and frees it.
  void Discard(std::unique_ptr<ByteStream> stream) noexcept;
  // Why the last attempt failed: a sentence for each address. REQUIRES: none is under way.
  const std::string& last_error() const noexcept { return last_error_; }

 private:
  StreamDialer(const StreamOptions& options, uint64_t seed, Resolve resolve);
  void Wake() noexcept;
  void Run();
  void Attempt();
  absl::StatusOr<std::unique_ptr<ByteStream>> Connect(const std::string& address);
  absl::StatusOr<std::unique_ptr<ByteStream>> ConnectTo(const std::string& name,
                                                        const HostPort& where,
                                                        const TcpAddress& to);
  // Waits until `fd` (-1: none) is ready for `events`, or `deadline_ns` has passed, or this object
  // ends. True: it is ready.
  bool WaitUntil(int64_t deadline_ns, int fd = -1, short events = 0);
  void FreeDiscarded() noexcept;

  const StreamOptions options_;
  const Resolve resolve_;
  std::shared_ptr<const TlsContext> tls_;  // null: no TLS
  UniqueFd wake_fd_;                       // an eventfd
  std::atomic<bool> stopping_ = false;
  // While an attempt is under way, the dialing thread's, and so are the three below; else the
  // engine's.
  std::atomic<StreamDialState> state_ = StreamDialState::kIdle;
  std::unique_ptr<ByteStream> stream_;
  std::string last_error_;
  RetryPauses pauses_;
  HandOverList<ByteStream, &ByteStream::next_discarded> discarded_;  // owned
  std::thread thread_;
};

}  // namespace ringway
