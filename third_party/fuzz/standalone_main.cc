// The main() of a fuzz target in everyday tests, without libFuzzer: it runs every seed as it is,
// then a fixed sequence of inputs mutated from the seeds. The same binary and seeds always try the
// same inputs, so a failure repeats.
//
// usage: TARGET [--runs=N] [SEED_FILE...]
//
// On a crash the current input is printed in hex and, under Bazel, written to the test's undeclared
// outputs.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kInputBytesMax = 4096;
constexpr int kMutationsMax = 8;

// The input being tried, for the crash handler. Written before each call, read only in a signal of
// the same thread.
const uint8_t* current_data = nullptr;
size_t current_bytes = 0;
char crash_path[4096] = "";

// xorshift64*: small, and the same on every machine, which std's distributions are not.
class Random {
 public:
  uint64_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1DULL;
  }
  // Uniform enough in [0, limit). REQUIRES: limit > 0.
  size_t Below(size_t limit) { return (Next() >> 11) % limit; }

 private:
  uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

// Only async-signal-safe calls from here to _exit.
void OnCrash(int signal_number) {
  static constexpr char kHex[] = "0123456789abcdef";
  static constexpr char kHead[] = "\nfuzz target crashed on this input (hex): ";
  char line[2 * kInputBytesMax + 1];
  const size_t bytes = std::min(current_bytes, kInputBytesMax);
  for (size_t i = 0; i < bytes; ++i) {
    line[2 * i] = kHex[current_data[i] >> 4];
    line[2 * i + 1] = kHex[current_data[i] & 15];
  }
  line[2 * bytes] = '\n';
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, kHead, sizeof(kHead) - 1);
  written = write(STDERR_FILENO, line, 2 * bytes + 1);
  if (crash_path[0] != '\0') {
    const int file = open(crash_path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    if (file >= 0) {
      written = write(file, current_data, current_bytes);
      close(file);
    }
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void CatchCrashes() {
  if (const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR"); folder != nullptr) {
    std::snprintf(crash_path, sizeof(crash_path), "%s/crash_input.bin", folder);
  }
  for (const int signal_number : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE})
    signal(signal_number, OnCrash);
}

void RunOne(const Bytes& input) {
  // A heap block of the exact size, so that AddressSanitizer sees a read one byte past the end.
  const auto exact = std::make_unique<uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), exact.get());
  current_data = exact.get();
  current_bytes = input.size();
  LLVMFuzzerTestOneInput(exact.get(), input.size());
}

// Makes one random change, of a kind that often turns a valid message into an interesting one.
void MutateOnce(Bytes& input, const std::vector<Bytes>& seeds, Random& random) {
  static constexpr uint64_t kEdges[] = {0,          1,          0x7F,   0x80,       0xFF,
                                        0x7FFF,     0x8000,     0xFFFF, 0x7FFFFFFF, 0x80000000,
                                        0xFFFFFFFF, ~0ULL >> 1, ~0ULL,  64,         4096};
  if (input.empty()) {
    input.resize(1 + random.Below(64));
    for (uint8_t& byte : input) byte = static_cast<uint8_t>(random.Next() >> 56);
    return;
  }
  const size_t at = random.Below(input.size());
  switch (random.Below(7)) {
    case 0:  // Flip a bit.
      input[at] ^= static_cast<uint8_t>(1U << random.Below(8));
      break;
    case 1:  // Set a byte.
      input[at] = static_cast<uint8_t>(random.Next() >> 56);
      break;
    case 2: {  // Put an edge value of 1, 2, 4 or 8 bytes, aligned as fields are.
      const size_t width = size_t{1} << random.Below(4);
      const size_t start = at / width * width;
      const uint64_t value = kEdges[random.Below(std::size(kEdges))];
      std::memcpy(&input[start], &value, std::min(width, input.size() - start));
      break;
    }
    case 3:  // Cut the tail.
      input.resize(at);
      break;
    case 4:  // Grow.
      input.resize(std::min(kInputBytesMax, input.size() + 1 + random.Below(64)));
      break;
    case 5:  // Remove a stretch.
      input.erase(input.begin() + static_cast<ptrdiff_t>(at),
                  input.begin() + static_cast<ptrdiff_t>(at + random.Below(input.size() - at + 1)));
      break;
    default: {  // Continue as another seed does from here.
      const Bytes& other = seeds[random.Below(seeds.size())];
      if (other.size() > at) {
        input.resize(at);
        input.insert(input.end(), other.begin() + static_cast<ptrdiff_t>(at), other.end());
      }
      break;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t runs = 20000;
  std::vector<Bytes> seeds;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (constexpr std::string_view kRuns = "--runs="; argument.starts_with(kRuns)) {
      runs = std::strtoull(argv[i] + kRuns.size(), nullptr, 10);
      continue;
    }
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read seed %s\n", argv[i]);
      return 2;
    }
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  seeds.emplace_back();
  CatchCrashes();

  for (const Bytes& seed : seeds) RunOne(seed);
  Random random;
  for (uint64_t run = 0; run < runs; ++run) {
    Bytes input = seeds[random.Below(seeds.size())];
    const size_t mutations = 1 + random.Below(kMutationsMax);
    for (size_t i = 0; i < mutations; ++i) MutateOnce(input, seeds, random);
    RunOne(input);
  }
  std::printf("%zu seeds and %llu mutated inputs tried\n", seeds.size(),
              static_cast<unsigned long long>(runs));
  return 0;
}
