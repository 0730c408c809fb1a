#include "tests/bench/rdma_contestants.h"

#include <arpa/inet.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/child_process.h"

namespace ringway::bench {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr int64_t kBlindDelayNs = 2'000'000'000;

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::string Text(uint64_t number) { return absl::StrCat(number); }

Ready ListensOn(uint16_t port) {
  Ready ready;
  ready.kind = Ready::Kind::kPort;
  ready.port = port;
  return ready;
}

// --- reading ---

// A peer that could not determine its clock's rate prints 0 or no number.
void Put(Figures& figures, const char* name, double value) {
  if (std::isfinite(value) && value > 0) figures[name] = value;
}

Figures ReadOurs(const PairOutcome& outcome, double) {
  Figures figures;
  std::istringstream words(outcome.server + "\n" + outcome.client);
  for (std::string line; std::getline(words, line);) {
    std::istringstream pair(line);
    std::string name;
    double value = 0;
    if (pair >> name >> value) figures[name] = value;
  }
  return figures;
}

// bytes, iterations, min, max, typical, average, deviation, 99 %, 99.9 %: in ticks, by -C.
Figures ReadPerftestLatency(const PairOutcome& outcome, double ticks_per_ns) {
  Figures figures;
  // The deviation may be printed as nan, which is a number too.
  const std::vector<double> row = LastRow(outcome.client, 9);
  if (row.empty()) return figures;
  Put(figures, "p50_ns", row[4] / ticks_per_ns);
  Put(figures, "mean_ns", row[5] / ticks_per_ns);
  Put(figures, "p99_ns", row[7] / ticks_per_ns);
  return figures;
}

// bytes, iterations, peak, average, million messages a second.
Figures ReadPerftestRate(const PairOutcome& outcome, double) {
  Figures figures;
  const std::vector<double> row = LastRow(outcome.client, 5);
  if (!row.empty()) Put(figures, "message_ns", 1e3 / row[4]);
  return figures;
}

// iterations, percentile, average, overall: microseconds, one way.
Figures ReadUcxLatency(const PairOutcome& outcome, double) {
  Figures figures;
  const std::vector<double> row = LastRow(outcome.client, 8);
  if (row.empty()) return figures;
  Put(figures, "p50_ns", row[1] * 1e3);
  Put(figures, "mean_ns", row[3] * 1e3);
  return figures;
}

// As above; messages a second, average and overall, are the last two.
Figures ReadUcxRate(const PairOutcome& outcome, double) {
  Figures figures;
  const std::vector<double> row = LastRow(outcome.client, 8);
  if (!row.empty()) Put(figures, "message_ns", 1e9 / row[7]);
  return figures;
}

// The last column of the only line that is not a heading.
std::optional<double> LastWordAfter(const std::string& text, const std::string& first) {
  std::optional<double> value;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, last;
    words >> word;
    if (word != first) continue;
    while (words >> word) last = word;
    value = std::strtod(last.c_str(), nullptr);
  }
  return value;
}

// name, bytes, ..., microseconds per transfer: one way.
Figures ReadRstream(const PairOutcome& outcome, double) {
  Figures figures;
  if (const auto us = LastWordAfter(outcome.client, "custom")) Put(figures, "mean_ns", *us * 1e3);
  return figures;
}

// bytes, sent, acknowledged, total, time, MB/s, microseconds per transfer, million transfers a
// second: the first columns carry units.
Figures ReadPingpong(const PairOutcome& outcome, double) {
  Figures figures;
  std::istringstream lines(outcome.client);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream stream(line);
    Words words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.size() == 8 && std::isdigit(static_cast<unsigned char>(words[0][0])))
      Put(figures, "mean_ns", std::strtod(words[6].c_str(), nullptr) * 1e3);
  }
  return figures;
}

// --- starting ---

std::string Bracketed(const std::string& address) {
  return address.find(':') == std::string::npos ? address : absl::StrCat("[", address, "]");
}

RdmaRun OurRun(const RdmaEnds& ends, const Words& job, uint16_t port) {
  const std::string program = FindProgram("rdma_link", "tests/bench").value_or("");
  const std::string uri = absl::StrCat("rdma://", Bracketed(ends.address_b), ":", port);
  RdmaRun run{.command = {}, .read = ReadOurs};
  run.command.server = Words{program, "listen", uri} + job;
  run.command.client =
      Words{program, "connect", absl::StrCat(uri, "?source=", ends.address_a)} + job;
  run.command.ready.text = "listening";
  return run;
}

RdmaRun OurLatency(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return OurRun(ends, {"latency", Text(bytes), Text(count)}, port);
}

RdmaRun OurRate(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return OurRun(ends, {"rate", Text(bytes), Text(count)}, port);
}

// perftest's two sides meet over TCP on this host. -F: no warning about the CPU's frequency.
RdmaRun Perftest(const char* program, const Words& options, const RdmaEnds& ends, uint32_t bytes,
                 uint32_t count, uint16_t port, decltype(RdmaRun::read) read) {
  const auto side = [&](const std::string& device, std::optional<int> gid) {
    Words words{program, "-d",        device, "-s",       Text(bytes),
                "-n",    Text(count), "-p",   Text(port), "-F"};
    if (gid) words = words + Words{"-x", absl::StrCat(*gid)};
    return words + options;
  };
  RdmaRun run{.command = {}, .read = read};
  run.command.server = side(ends.device_b, ends.gid_b);
  run.command.client = side(ends.device_a, ends.gid_a) + Words{"127.0.0.1"};
  run.command.ready = ListensOn(port);
  return run;
}

// -I: inline as our link does, where perftest thinks that the device can.
RdmaRun WriteLatency(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return Perftest("ib_write_lat", {"-C", "-I", "256"}, ends, bytes, count, port,
                  ReadPerftestLatency);
}

RdmaRun SendLatency(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return Perftest("ib_send_lat", {"-C", "-I", "256"}, ends, bytes, count, port,
                  ReadPerftestLatency);
}

RdmaRun WriteRate(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return Perftest("ib_write_bw", {}, ends, bytes, count, port, ReadPerftestRate);
}

// UCX's transport layer, which is nearest to the device; inline up to what our link asks for; no
// warm-up, as the others have none.
RdmaRun Ucx(const char* test, const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port,
            decltype(RdmaRun::read) read) {
  const auto side = [&](const std::string& device, std::optional<int> gid) {
    Words words{"env", "UCX_LOG_LEVEL=error", "UCX_RC_VERBS_TX_MIN_INLINE=256"};
    if (gid) words.push_back(absl::StrCat("UCX_IB_GID_INDEX=", *gid));
    return words + Words{"ucx_perftest", "-f", "-d", device + ":1", "-x", "rc_verbs",
                         "-t",           test, "-s", Text(bytes),   "-n", Text(count),
                         "-w",           "1",  "-p", Text(port)};
  };
  RdmaRun run{.command = {}, .read = read};
  run.command.server = side(ends.device_b, ends.gid_b);
  run.command.client = side(ends.device_a, ends.gid_a) + Words{"127.0.0.1"};
  run.command.ready = ListensOn(port);
  return run;
}

RdmaRun UcxPutLatency(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return Ucx("put_lat", ends, bytes, count, port, ReadUcxLatency);
}

RdmaRun UcxMessageLatency(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return Ucx("am_lat", ends, bytes, count, port, ReadUcxLatency);
}

RdmaRun UcxPutRate(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return Ucx("put_bw", ends, bytes, count, port, ReadUcxRate);
}

RdmaRun UcxMessageRate(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  return Ucx("am_bw", ends, bytes, count, port, ReadUcxRate);
}

RdmaRun Rstream(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  const Words both{"-p", Text(port), "-S", Text(bytes), "-I", Text(count), "-C", "1", "-T", "r"};
  RdmaRun run{.command = {}, .read = ReadRstream};
  run.command.server = Words{"rstream", "-b", ends.address_b} + both;
  run.command.client = Words{"rstream", "-s", ends.address_b, "-b", ends.address_a} + both;
  run.command.ready.kind = Ready::Kind::kDelay;  // it listens in a way that is invisible to us
  run.command.ready.delay_ns = kBlindDelayNs;
  return run;
}

RdmaRun Pingpong(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint16_t port) {
  const Words both{"fi_pingpong", "-p", "verbs",     "-e", "msg",      "-d",
                   ends.device_b, "-S", Text(bytes), "-I", Text(count)};
  RdmaRun run{.command = {}, .read = ReadPingpong};
  run.command.server = both + Words{"-B", Text(port)};
  run.command.client = both + Words{"-P", Text(port), ends.address_b};
  run.command.ready = ListensOn(port);
  return run;
}

// --- devices ---

// The index of the device's RoCE v2 entry for this address, if there is one.
std::optional<int> GidIndexOf(const std::string& device, const std::string& address) {
  std::array<uint8_t, 16> wanted{};
  wanted[10] = wanted[11] = 0xff;  // ::ffff:a.b.c.d
  if (inet_pton(AF_INET, address.c_str(), wanted.data() + 12) != 1 &&
      inet_pton(AF_INET6, address.c_str(), wanted.data()) != 1) {
    return std::nullopt;
  }
  const fs::path port = fs::path("/sys/class/infiniband") / device / "ports/1";
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(port / "gids", error)) {
    const std::string index = entry.path().filename();
    std::string text, type;
    std::ifstream(entry.path()) >> text;
    std::getline(std::ifstream(port / "gid_attrs/types" / index), type);
    std::array<uint8_t, 16> gid{};
    if (inet_pton(AF_INET6, text.c_str(), gid.data()) == 1 && gid == wanted && type == "RoCE v2")
      return std::atoi(index.c_str());
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<RdmaEnds> ReadRdmaEnds() {
  RdmaEnds ends;
  for (const auto& [name, value] :
       {std::pair{"RINGWAY_RDMA_A", &ends.address_a}, std::pair{"RINGWAY_RDMA_B", &ends.address_b},
        std::pair{"RINGWAY_RDMA_DEVICE_A", &ends.device_a},
        std::pair{"RINGWAY_RDMA_DEVICE_B", &ends.device_b}}) {
    const char* const found = std::getenv(name);
    if (found == nullptr || *found == '\0') {
      return absl::InvalidArgumentError(
          absl::StrCat(name,
                       " is not set. Remedy: `./run bench rdma` sets up two Soft-RoCE devices; "
                       "for your own see docs/hardware.md"));
    }
    *value = found;
  }
  for (const std::string& device : {ends.device_a, ends.device_b}) {
    const fs::path folder = fs::path("/sys/class/infiniband") / device;
    if (!fs::exists(folder)) {
      return absl::InvalidArgumentError(absl::StrCat("there is no RDMA device ", device,
                                                     ". Remedy: a name that ibv_devices lists"));
    }
    std::string description;
    std::getline(std::ifstream(folder / "node_desc"), description);
    ends.soft |= description.rfind("rxe", 0) == 0 || description.rfind("siw", 0) == 0;
  }
  ends.gid_a = GidIndexOf(ends.device_a, ends.address_a);
  ends.gid_b = GidIndexOf(ends.device_b, ends.address_b);
  return ends;
}

// Some peers use only one device: ucx_perftest's server takes the client's, and fi_pingpong's
// client, which cannot be given its own address, ends up at the server's.
std::vector<RdmaContestant> LatencyContestants(bool soft) {
  const uint32_t count = soft ? 1'000 : 200'000;
  return {{"link", OurLatency, count},
          {"ib_write_lat", WriteLatency, count},
          {"ib_send_lat", SendLatency, count},
          {"rstream", Rstream, count},
          {"link", OurLatency, count, true},
          {"ib_write_lat", WriteLatency, count, true},
          {"ib_send_lat", SendLatency, count, true},
          {"ucx put_lat, rc_verbs", UcxPutLatency, count, true},
          {"ucx am_lat, rc_verbs", UcxMessageLatency, count, true},
          {"fi_pingpong", Pingpong, count, true}};
}

std::vector<RdmaContestant> RateContestants(bool soft) {
  const uint32_t ours = soft ? 20'000 : 20'000'000;
  const uint32_t count = soft ? 1'000 : 2'000'000;
  return {{"link, gathered", OurRate, ours},
          {"ib_write_bw", WriteRate, count},
          {"link, gathered", OurRate, ours, true},
          {"ucx put_bw, rc_verbs", UcxPutRate, count, true},
          {"ucx am_bw, rc_verbs", UcxMessageRate, count, true}};
}

RdmaRun SpreadRun(const RdmaEnds& ends, uint32_t bytes, uint32_t count, uint32_t links,
                  uint16_t port) {
  return OurRun(ends, {"spread", Text(bytes), Text(count), Text(links)}, port);
}

}  // namespace ringway::bench
