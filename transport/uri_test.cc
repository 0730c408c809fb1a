// Tests that link addresses are parsed as written, and refused for the right reason.
#include "transport/uri.h"

#include <gtest/gtest.h>

namespace ringway {
namespace {

TEST(UriTest, TakesPathsAndHosts) {
  const absl::StatusOr<Uri> path = ParseUri("shm:/run/ringway/gw.sock");
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(path->scheme, "shm");
  EXPECT_EQ(path->path, "/run/ringway/gw.sock");
  const absl::StatusOr<Uri> host = ParseUri("rdma://gw7.example:18515");
  ASSERT_TRUE(host.ok()) << host.status();
  EXPECT_EQ(host->host, "gw7.example");
  EXPECT_EQ(host->port, 18515);
  EXPECT_EQ(ParseUri("rdma://[fe80::1]:1")->host, "fe80::1");
  EXPECT_EQ(host->source, "");
  const absl::StatusOr<Uri> source = ParseUri("rdma://gw7:18515?source=[fe80::2]");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->host, "gw7");
  EXPECT_EQ(source->port, 18515);
  EXPECT_EQ(source->source, "fe80::2");
}

TEST(UriTest, PrintsWhatItParsed) {
  for (const char* text :
       {"shm:/a/b", "rdma://h:1", "rdma://[::1]:65535", "rdma://h:1?source=10.9.0.1"}) {
    EXPECT_EQ(ParseUri(text)->ToString(), text);
  }
}

TEST(UriTest, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "no scheme"},
      {"gw.sock", "no scheme"},
      {"SHM:/a", "lower-case"},
      {"shm:gw.sock", "not absolute"},
      {"shm:/", "path is empty"},
      {"rdma://host", "port is missing"},
      {"rdma://:1", "host is missing"},
      {"rdma://a/b:1", "slash"},
      {"rdma://::1:1", "brackets"},
      {"rdma://h:0", "1 to 65535"},
      {"rdma://h:65536", "1 to 65535"},
      {"rdma://h:1x", "1 to 65535"},
      {"rdma://h:1?", "source=ADDRESS"},
      {"rdma://h:1?source=", "source=ADDRESS"},
      {"rdma://h:1?via=a", "source=ADDRESS"},
      {"rdma://h:1?source=a&b=c", "source=ADDRESS"},
  };
  for (const auto& [text, why] : kCases) {
    const absl::Status status = ParseUri(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(status.message().find(why), absl::string_view::npos) << text << ": " << status;
  }
}

}  // namespace
}  // namespace ringway
