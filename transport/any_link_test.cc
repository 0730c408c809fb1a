// Tests that a URI leads to a working link of the right backend, or to a helpful error.
#include "transport/any_link.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include "base/clock.h"
#include "transport/connect_error.h"

namespace ringway {
namespace {

std::string SocketUri(const std::string& name) {
  return "shm:/tmp/ringway_any_link_test." + std::to_string(getpid()) + "." + name;
}

std::optional<AnyLink> AcceptWithin(AnyListener& listener, int64_t limit_ns) {
  const int64_t deadline_ns = MonotonicNowNs() + limit_ns;
  while (MonotonicNowNs() < deadline_ns) {
    if (std::optional<AnyLink> link = listener.TryAccept()) return link;
    std::this_thread::yield();
  }
  return std::nullopt;
}

void SendText(AnyLink& link, std::string_view text) {
  Claim claim = link.TryClaim(static_cast<uint32_t>(text.size()));
  ASSERT_TRUE(claim) << Name(claim.status);
  std::memcpy(claim.data, text.data(), text.size());
  ASSERT_EQ(link.Commit(7, Publish::kNow), SendStatus::kOk);
}

std::string ReceiveText(AnyLink& link) {
  std::string text;
  link.Poll(
      [&](const Record& record) {
        text.assign(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
      },
      1);
  return text;
}

TEST(AnyLinkTest, CarriesRecordsBothWays) {
  const std::string uri = SocketUri("both");
  absl::StatusOr<AnyListener> listener = AnyListener::Listen(uri, {});
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_FALSE(listener->TryAccept().has_value());
  ConnectOptions options;
  options.peer_key = 42;
  absl::StatusOr<AnyLink> client = AnyLink::Connect(uri, options);
  ASSERT_TRUE(client.ok()) << client.status();
  std::optional<AnyLink> server = AcceptWithin(*listener, 5 * kNsPerS);
  ASSERT_TRUE(server.has_value());
  EXPECT_EQ(server->peer_key(), 42u);
  EXPECT_EQ(server->nonces().client, client->nonces().client);
  EXPECT_EQ(server->nonces().listener, client->nonces().listener);
  EXPECT_NE(client->nonces().client, client->nonces().listener);
  SendText(*client, "an order");
  EXPECT_EQ(ReceiveText(*server), "an order");
  SendText(*server, "a report");
  EXPECT_EQ(ReceiveText(*client), "a report");
}

TEST(AnyLinkTest, StaleEpochIsRefusedWithTheAdmittedOne) {
  const std::string uri = SocketUri("epoch");
  absl::StatusOr<AnyListener> listener = AnyListener::Listen(uri, {});
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_TRUE(listener->Admit(42, 7));
  EXPECT_FALSE(listener->Admit(42, 7));
  EXPECT_FALSE(listener->Admit(42, 6));
  ConnectOptions options;
  options.peer_key = 42;
  options.epoch = 7;
  absl::StatusOr<AnyLink> stale = AnyLink::Connect(uri, options);
  ASSERT_FALSE(stale.ok());
  EXPECT_EQ(AdmittedEpochOf(stale.status()), 7u) << stale.status();
  options.epoch = 8;
  EXPECT_TRUE(AnyLink::Connect(uri, options).ok());
  options.peer_key = 43;
  options.epoch = 1;
  EXPECT_TRUE(AnyLink::Connect(uri, options).ok());
}

TEST(AnyLinkTest, UnknownSchemeNamesTheKnownOnes) {
  const absl::StatusOr<AnyLink> link = AnyLink::Connect("pigeon:/loft", {});
  EXPECT_EQ(link.status().message(), "this build has no \"pigeon\" links; it has: shm, rdma");
}

// With a device present, the error is about the address, which nobody has.
TEST(AnyLinkTest, RdmaWithoutADeviceSaysWhatToDo) {
  ConnectOptions options;
  options.timeout_ns = kNsPerS;
  const absl::Status connect = AnyLink::Connect("rdma://192.0.2.1:18515", options).status();
  const absl::Status listen = AnyListener::Listen("rdma://192.0.2.1:18515", {}).status();
  std::error_code none;
  const bool has_device = !std::filesystem::is_empty("/sys/class/infiniband", none) && !none;
  for (const absl::Status& status : {connect, listen}) {
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find("emedy"), absl::string_view::npos) << status;
    if (!has_device) {
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
      EXPECT_NE(status.message().find("no RDMA device"), absl::string_view::npos) << status;
    }
  }
}

TEST(AnyLinkTest, MissingSocketSaysWhatToDo) {
  const absl::StatusOr<AnyLink> link = AnyLink::Connect(SocketUri("missing"), {});
  EXPECT_EQ(link.status().code(), absl::StatusCode::kNotFound) << link.status();
}

}  // namespace
}  // namespace ringway
