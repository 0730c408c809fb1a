// Connected pairs of streams of every kind, by which one suite tests all of them.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_dialer.h"
#include "transport/stream/stream_listener.h"
#include "transport/stream/testing/memory_stream.h"
#include "transport/stream/testing/test_certificates.h"

namespace ringway {

struct StreamPair {
  std::unique_ptr<ByteStream> near;
  std::unique_ptr<ByteStream> far;
};

// Repeats `step` until it returns true. A test that hangs fails; nothing depends on the time.
template <class F>
[[nodiscard]] bool Within(F&& step, int64_t limit_ns = 60 * kNsPerS) {
  const int64_t deadline_ns = MonotonicNowNs() + limit_ns;
  while (!step()) {
    if (MonotonicNowNs() > deadline_ns) return false;
  }
  return true;
}

inline StreamDialState DialOnce(StreamDialer& dialer, std::unique_ptr<ByteStream>& stream) {
  dialer.Start();
  StreamDialState state = StreamDialState::kUnderWay;
  EXPECT_TRUE(Within([&] {
    state = dialer.Poll(stream);
    if (state == StreamDialState::kUnderWay) usleep(1000);
    return state != StreamDialState::kUnderWay;
  }));
  return state;
}

inline std::unique_ptr<ByteStream> AcceptOne(StreamListener& listener) {
  std::unique_ptr<ByteStream> stream;
  EXPECT_TRUE(Within([&] {
    stream = listener.TryAccept();
    if (stream == nullptr) usleep(1000);
    return stream != nullptr;
  }));
  return stream;
}

// Over sockets: the dialer and the listener of this folder make the pairs.
class SocketPairs {
 public:
  // Below TLS, which would say goodbye: a socket that is dissolved sends a reset (connect(2)).
  static void Reset(ByteStream& stream) {
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    EXPECT_EQ(connect(stream.fd(), &nobody, sizeof(nobody)), 0);
    stream.Close();
  }

  StreamPair Make() {
    StreamPair pair;
    if (dialer_ == nullptr || listener_ == nullptr) return pair;
    dialer_->Settle();
    EXPECT_EQ(DialOnce(*dialer_, pair.near), StreamDialState::kConnected) << dialer_->last_error();
    pair.far = AcceptOne(*listener_);
    return pair;
  }

 protected:
  void Open(StreamOptions dial, const StreamListenOptions& listen) {
    auto listener = StreamListener::Listen(listen);
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    dial.addresses = {"localhost:" + std::to_string(listener_->address().port())};
    auto dialer = StreamDialer::Create(dial, 1, [](const HostPort& where) {
      return ResolveTcp({"127.0.0.1", where.port});
    });
    ASSERT_TRUE(dialer.ok()) << dialer.status();
    dialer_ = *std::move(dialer);
  }

 private:
  std::unique_ptr<StreamListener> listener_;
  std::unique_ptr<StreamDialer> dialer_;
};

struct TcpPairs : SocketPairs {
  static constexpr const char* kName = "Tcp";
  TcpPairs() { Open({}, {.address = "127.0.0.1:0", .per_source_max = 100, .tls = {}}); }
};

struct TlsPairs : SocketPairs {
  static constexpr const char* kName = "Tls";
  TlsPairs() : ca_(folder_, "ca") {
    const TestCertificate own = ca_.Issue("server", "DNS:localhost");
    StreamOptions dial;
    dial.tls = {.enabled = true,
                .server_name = {},
                .ca_file = ca_.ca_file(),
                .certificate_file = {},
                .key_file = {}};
    Open(dial, {.address = "127.0.0.1:0",
                .per_source_max = 100,
                .tls = {.enabled = true,
                        .certificate_file = own.certificate_file,
                        .key_file = own.key_file,
                        .client_ca_file = {}}});
  }

 private:
  TestFolder folder_;
  TestCa ca_;
};

struct MemoryPairs {
  static constexpr const char* kName = "Memory";
  static void Reset(ByteStream& stream) { static_cast<MemoryStream&>(stream).Reset(); }
  StreamPair Make() {
    MemoryStreams made = MakeMemoryStreams({}, {}, now_ns_);
    return {std::move(made.near), std::move(made.far)};
  }

 private:
  int64_t now_ns_ = 0;
};

// As bad as a stream can be that is still whole.
struct FaultyMemoryPairs {
  static constexpr const char* kName = "FaultyMemory";
  static void Reset(ByteStream& stream) { static_cast<MemoryStream&>(stream).Reset(); }
  StreamPair Make() {
    const StreamFaults faults{.seed = ++seed_,
                              .buffer_bytes = 5000,
                              .short_read = 0.5,
                              .short_write = 0.5,
                              .would_block = 0.2};
    MemoryStreams made = MakeMemoryStreams(faults, faults, now_ns_);
    return {std::move(made.near), std::move(made.far)};
  }

 private:
  int64_t now_ns_ = 0;
  uint64_t seed_ = 0;
};

}  // namespace ringway
