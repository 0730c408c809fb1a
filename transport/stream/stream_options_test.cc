// Addresses, options and their keys.
#include "transport/stream/stream_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/config/config_reader.h"
#include "base/config/config_table.h"
#include "transport/stream/stream_address.h"

namespace ringway {
namespace {

struct Config {
  StreamOptions stream;
  StreamListenOptions listen;
};
template <class V>
void Fields(V& v, Config& config) {
  v.Section("stream", config.stream, "");
  v.Section("listen", config.listen, "");
}

std::vector<ConfigError> Read(const std::string& toml, Config& config) {
  return ReadConfig(toml, config, [](Config&, ConfigFindings&) {});
}

StreamOptions Good() {
  StreamOptions options;
  options.addresses = {"192.0.2.1:9878"};
  return options;
}

bool HasFault(const std::vector<StreamFault>& faults, const std::string& key) {
  return std::any_of(faults.begin(), faults.end(), [&](const StreamFault& fault) {
    return fault.key == key && !fault.what.empty() && !fault.remedy.empty();
  });
}

TEST(StreamAddress, HostsAndPortsAreTakenApart) {
  EXPECT_EQ(ParseHostPort("fix.example.com:9878")->host, "fix.example.com");
  EXPECT_EQ(ParseHostPort("fix.example.com:9878")->port, 9878);
  EXPECT_EQ(ParseHostPort("192.0.2.1:0")->port, 0);
  EXPECT_EQ(ParseHostPort("[2001:db8::1]:65535")->host, "2001:db8::1");
  EXPECT_EQ(NumericAddress("2001:db8::1", 7)->Text(), "[2001:db8::1]:7");
  EXPECT_EQ(NumericAddress("192.0.2.1", 7)->Text(), "192.0.2.1:7");
  EXPECT_FALSE(NumericAddress("fix.example.com", 7).has_value());
}

TEST(StreamAddress, WhatIsNoAddressIsRefusedWithTheRemedy) {
  for (const char* text : {"", "host", ":1", "host:", "host:65536", "host:-1", "host:+1", "host:1x",
                           "2001:db8::1:9", "[2001:db8::1]", "[]:1", "[host]:1", "[192.0.2.1]:1",
                           "a b:1", "a/b:1", "host:99999999999"}) {
    const auto parsed = ParseHostPort(text);
    EXPECT_FALSE(parsed.ok()) << text;
    EXPECT_NE(std::string(parsed.status().message()).find("Remedy"), std::string::npos) << text;
  }
}

TEST(StreamOptions, EveryKeyReachesItsField) {
  Config config;
  const auto errors = Read(R"(
    [stream]
    addresses = ["a.example:1", "[::1]:2"]
    source_address = "192.0.2.9"
    connect_timeout = "2s"
    user_timeout = "3s"
    retry_pause_min = "10ms"
    retry_pause_max = "1s"
    acceleration = "vma"
    require_acceleration = true
    on_acceleration_loss = "stop"
    [stream.tls]
    enabled = true
    verify = "certificate"
    server_name = "b.example"
    ca_file = "ca"
    certificate_file = "c"
    key_file = "k"
    [listen]
    address = "192.0.2.1:9"
    handshake_timeout = "4s"
    user_timeout = "5s"
    pending_max = 6
    per_source_max = 7
    [listen.tls]
    enabled = true
    certificate_file = "lc"
    key_file = "lk"
    client_ca_file = "lca"
  )",
                           config);
  ASSERT_TRUE(errors.empty()) << errors[0].what;
  const StreamOptions& stream = config.stream;
  EXPECT_EQ(stream.addresses, (std::vector<std::string>{"a.example:1", "[::1]:2"}));
  EXPECT_EQ(stream.source_address, "192.0.2.9");
  EXPECT_EQ(stream.connect_timeout_ns, 2 * kNsPerS);
  EXPECT_EQ(stream.user_timeout_ns, 3 * kNsPerS);
  EXPECT_EQ(stream.retry_pause_min_ns, 10 * kNsPerMs);
  EXPECT_EQ(stream.retry_pause_max_ns, kNsPerS);
  EXPECT_EQ(stream.acceleration, AccelerationChoice::kVma);
  EXPECT_TRUE(stream.require_acceleration);
  EXPECT_EQ(stream.on_acceleration_loss, OnAccelerationLoss::kStop);
  EXPECT_TRUE(stream.tls.enabled);
  EXPECT_EQ(stream.tls.verify, TlsVerify::kCertificate);
  EXPECT_EQ(stream.tls.server_name + stream.tls.ca_file + stream.tls.certificate_file +
                stream.tls.key_file,
            "b.examplecack");
  EXPECT_EQ(config.listen.address, "192.0.2.1:9");
  EXPECT_EQ(config.listen.handshake_timeout_ns, 4 * kNsPerS);
  EXPECT_EQ(config.listen.user_timeout_ns, 5 * kNsPerS);
  EXPECT_EQ(config.listen.pending_max, 6u);
  EXPECT_EQ(config.listen.per_source_max, 7u);
  EXPECT_TRUE(config.listen.tls.enabled);
  EXPECT_EQ(config.listen.tls.certificate_file + config.listen.tls.key_file +
                config.listen.tls.client_ca_file,
            "lclklca");
  EXPECT_TRUE(FaultsOf(stream).empty());
  EXPECT_TRUE(FaultsOf(config.listen).empty());
  // What is printed reads back.
  Config again;
  EXPECT_TRUE(Read(PrintToml(DescribeConfig(config)), again).empty());
  EXPECT_EQ(PrintToml(DescribeConfig(again)), PrintToml(DescribeConfig(config)));
}

TEST(StreamOptions, AWordThatIsNoChoiceIsAnError) {
  Config config;
  EXPECT_EQ(Read("[stream]\nacceleration = \"on\"\n[stream.tls]\nverify = \"no\"", config).size(),
            2u);
}

TEST(StreamOptions, FaultsNameKeyCauseAndRemedy) {
  EXPECT_TRUE(FaultsOf(Good()).empty());
  StreamOptions options = Good();
  options.addresses = {};
  EXPECT_TRUE(HasFault(FaultsOf(options), "addresses"));
  options.addresses = {"a:1", "b"};
  EXPECT_TRUE(HasFault(FaultsOf(options), "addresses"));
  options.addresses = {"a:0"};
  EXPECT_TRUE(HasFault(FaultsOf(options), "addresses"));
  options = Good();
  options.source_address = "eth0";
  EXPECT_TRUE(HasFault(FaultsOf(options), "source_address"));
  options = Good();
  options.retry_pause_max_ns = options.retry_pause_min_ns - 1;
  EXPECT_TRUE(HasFault(FaultsOf(options), "retry_pause_max"));
  options = Good();
  options.require_acceleration = true;
  EXPECT_TRUE(HasFault(FaultsOf(options), "require_acceleration"));
  options = Good();
  options.tls.certificate_file = "c";
  EXPECT_TRUE(HasFault(FaultsOf(options), "tls"));

  StreamListenOptions listen;
  EXPECT_TRUE(HasFault(FaultsOf(listen), "address"));
  listen.address = "localhost:1";
  EXPECT_TRUE(HasFault(FaultsOf(listen), "address"));
  listen.address = "127.0.0.1:1";
  EXPECT_TRUE(FaultsOf(listen).empty());
  listen.tls.enabled = true;
  EXPECT_TRUE(HasFault(FaultsOf(listen), "tls"));
}

}  // namespace
}  // namespace ringway
