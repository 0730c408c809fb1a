// Implements lobster.h: turns bytes, compressed or not, into lines, and lines into events.
#include "tools/replay/lobster.h"

#include <lzma.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/clock.h"

namespace ringway::flow {
namespace {

constexpr size_t kFieldCount = 6;
constexpr size_t kNsDecimals = 9;
constexpr size_t kDecimalsMax = 18;  // as many as fit a 64-bit integer
constexpr size_t kLineBytesMax = 4096;
constexpr size_t kBlockBytes = 64 * 1024;
constexpr uint64_t kDecoderMemoryBytesMax = uint64_t{256} << 20;
// Source: The .xz File Format, 2.1.1.1 Header Magic Bytes.
constexpr std::string_view kXzMagic(
    "\xFD"
    "7zXZ\0",
    6);
constexpr size_t kMagicBytesMax = 6;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kQuotedBytesMax = 100;

// Other file formats, recognised by their first bytes, and how to convert them.
struct Foreign {
  std::string_view magic;
  const char* what;
  const char* remedy;
};
constexpr std::array<Foreign, 7> kForeign = {{
    {"\x1F\x8B", "gzip data", "unpack it with gunzip"},
    {"BZh", "bzip2 data", "unpack it with bunzip2"},
    {"\x28\xB5\x2F\xFD", "zstd data", "unpack it with unzstd"},
    {"PK\x03\x04", "a zip archive", "unpack it with unzip"},
    {"7z\xBC\xAF\x27\x1C", "a 7z archive", "unpack it with 7z x, as LOBSTER delivers it"},
    {"\xFF\xFE", "text in UTF-16", "save it as UTF-8"},
    {"\xFE\xFF", "text in UTF-16", "save it as UTF-8"},
}};

struct FileCloser {
  void operator()(FILE* file) const { fclose(file); }
};
using File = std::unique_ptr<FILE, FileCloser>;

// Cuts a stream of blocks into lines.
class LineCutter {
 public:
  explicit LineCutter(const std::function<absl::Status(uint64_t, std::string_view)>& on_line)
      : on_line_(on_line) {}

  absl::Status Take(std::string_view block) {
    while (!block.empty()) {
      const size_t end = block.find('\n');
      partial_.append(block.substr(0, end));
      if (partial_.size() > kLineBytesMax) {
        return absl::InvalidArgumentError(absl::StrCat("line ", line_ + 1, " is longer than ",
                                                       kLineBytesMax,
                                                       " bytes: this is no LOBSTER message file"));
      }
      if (end == std::string_view::npos) return absl::OkStatus();
      block.remove_prefix(end + 1);
      if (absl::Status status = Emit(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // The last line may lack its newline.
  absl::Status Finish() { return partial_.empty() ? absl::OkStatus() : Emit(); }

 private:
  absl::Status Emit() {
    if (!partial_.empty() && partial_.back() == '\r') partial_.pop_back();
    const absl::Status status = on_line_(++line_, partial_);
    partial_.clear();
    return status;
  }

  const std::function<absl::Status(uint64_t, std::string_view)>& on_line_;
  std::string partial_;
  uint64_t line_ = 0;
};

struct Decoder {
  lzma_stream stream = LZMA_STREAM_INIT;
  ~Decoder() { lzma_end(&stream); }
};

absl::Status Decompress(FILE* file, LineCutter& lines) {
  Decoder decoder;
  if (lzma_stream_decoder(&decoder.stream, kDecoderMemoryBytesMax, LZMA_CONCATENATED) != LZMA_OK) {
    return absl::ResourceExhaustedError("liblzma cannot start a decoder");
  }
  std::vector<uint8_t> in(kBlockBytes);
  std::vector<uint8_t> out(kBlockBytes);
  lzma_action action = LZMA_RUN;
  for (;;) {
    if (decoder.stream.avail_in == 0 && action == LZMA_RUN) {
      decoder.stream.next_in = in.data();
      decoder.stream.avail_in = fread(in.data(), 1, in.size(), file);
      if (ferror(file) != 0) return absl::ErrnoToStatus(errno, "read");
      if (feof(file) != 0) action = LZMA_FINISH;
    }
    decoder.stream.next_out = out.data();
    decoder.stream.avail_out = out.size();
    const lzma_ret result = lzma_code(&decoder.stream, action);
    const std::string_view block(reinterpret_cast<const char*>(out.data()),
                                 out.size() - decoder.stream.avail_out);
    if (absl::Status status = lines.Take(block); !status.ok()) return status;
    if (result == LZMA_STREAM_END) return absl::OkStatus();
    if (result == LZMA_BUF_ERROR) {
      return absl::DataLossError(
          "the xz data ends too early: the file was cut; copy or download it again (`xz -t` tests "
          "it)");
    }
    if (result == LZMA_MEMLIMIT_ERROR) {
      return absl::ResourceExhaustedError(
          absl::StrCat("its xz data takes more than ", kDecoderMemoryBytesMax >> 20,
                       " MiB to unpack: unpack it with unxz, and replay the .csv"));
    }
    if (result != LZMA_OK) {
      return absl::DataLossError(absl::StrCat("corrupt xz data (liblzma error ",
                                              static_cast<int>(result),
                                              "): copy or download it again (`xz -t` tests it)"));
    }
  }
}

absl::Status ReadPlain(FILE* file, LineCutter& lines) {
  std::vector<char> block(kBlockBytes);
  for (;;) {
    const size_t bytes = fread(block.data(), 1, block.size(), file);
    if (ferror(file) != 0) return absl::ErrnoToStatus(errno, "read");
    if (bytes == 0) return absl::OkStatus();
    if (absl::Status status = lines.Take({block.data(), bytes}); !status.ok()) return status;
  }
}

template <class Integer>
bool ParseInteger(std::string_view text, Integer& out) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, out);
  return result.ec == std::errc() && result.ptr == end;
}

// Seconds with decimals. Decimals after the ninth are artefacts of printing a binary fraction
// (LOBSTER's files have such lines) and are dropped.
bool ParseTimeNs(std::string_view text, int64_t& out) {
  const size_t dot = text.find('.');
  uint64_t seconds = 0;
  if (!ParseInteger(text.substr(0, dot), seconds) || seconds > 7 * 24 * 3600) return false;
  uint64_t fraction_ns = 0;
  if (dot != std::string_view::npos) {
    const std::string_view decimals = text.substr(dot + 1);
    uint64_t all_of_them = 0;
    if (decimals.size() > kDecimalsMax || !ParseInteger(decimals, all_of_them)) return false;
    const std::string_view kept = decimals.substr(0, kNsDecimals);
    ParseInteger(kept, fraction_ns);
    for (size_t i = kept.size(); i < kNsDecimals; ++i) fraction_ns *= 10;
  }
  out = static_cast<int64_t>(seconds) * kNsPerS + static_cast<int64_t>(fraction_ns);
  return true;
}

absl::Status Bad(std::string_view what, std::string_view text) {
  const bool cut = text.size() > kQuotedBytesMax;
  const std::string quoted = absl::CHexEscape(std::string(text.substr(0, kQuotedBytesMax)));
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(what), ", but it is \"", quoted, cut ? "...\"" : "\""));
}

// Whether the line holds column names: six words without digits.
bool IsHeader(std::string_view line) {
  return static_cast<size_t>(std::count(line.begin(), line.end(), ',')) + 1 == kFieldCount &&
         line.find_first_of("0123456789") == std::string_view::npos;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

absl::StatusOr<LobsterEvent> ParseLobsterLine(std::string_view line) {
  std::array<std::string_view, kFieldCount> fields;
  std::string_view rest = line;
  for (size_t i = 0; i < kFieldCount; ++i) {
    const size_t comma = rest.find(',');
    if ((comma == std::string_view::npos) != (i + 1 == kFieldCount)) {
      return Bad("a line is six fields, time,type,order_id,size,price,direction", line);
    }
    fields[i] = rest.substr(0, comma);
    if (comma != std::string_view::npos) rest.remove_prefix(comma + 1);
  }

  LobsterEvent event;
  if (!ParseTimeNs(fields[0], event.time_ns)) {
    return Bad("the time must be seconds after midnight, as 34200.004241176", fields[0]);
  }
  uint32_t type = 0;
  if (!ParseInteger(fields[1], type) || type < 1 || type > 7) {
    return Bad("the type must be 1 to 7", fields[1]);
  }
  event.type = static_cast<LobsterType>(type);
  const bool of_visible_order = event.type <= LobsterType::kVisibleExecution;
  if (!ParseInteger(fields[2], event.order_id) || (of_visible_order && event.order_id == 0)) {
    return Bad("the order id must be a whole number above 0", fields[2]);
  }
  if (!ParseInteger(fields[3], event.size) || (of_visible_order && event.size == 0)) {
    return Bad("the size must be a whole number above 0", fields[3]);
  }
  if (!ParseInteger(fields[4], event.price) || (of_visible_order && event.price <= 0) ||
      event.price > INT64_MAX / kPriceUnitsPerLobsterUnit) {
    return Bad("the price must be a whole number of 1/10,000 dollars above 0", fields[4]);
  }
  if (fields[5] != "1" && fields[5] != "-1") return Bad("the direction must be 1 or -1", fields[5]);
  event.buy = fields[5] == "1";
  return event;
}

absl::Status ForEachLine(const std::string& path,
                         const std::function<absl::Status(uint64_t, std::string_view)>& on_line) {
  const File file(fopen(path.c_str(), "rbe"));
  if (file == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  std::array<char, kMagicBytesMax> first{};
  const std::string_view magic(first.data(), fread(first.data(), 1, first.size(), file.get()));
  if (ferror(file.get()) != 0 || fseek(file.get(), 0, SEEK_SET) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  for (const Foreign& foreign : kForeign) {
    if (magic.starts_with(foreign.magic)) {
      return absl::InvalidArgumentError(absl::StrCat("this is ", foreign.what, ": ", foreign.remedy,
                                                     "; .csv and .csv.xz are read"));
    }
  }
  LineCutter lines(on_line);
  const bool compressed = magic == kXzMagic;
  absl::Status status = compressed ? Decompress(file.get(), lines) : ReadPlain(file.get(), lines);
  if (status.ok()) status = lines.Finish();
  return status;
}

std::string LobsterNotes::Text() const {
  std::vector<std::string> parts;
  if (byte_order_mark) parts.push_back("a byte order mark");
  if (header) parts.push_back("a line of column names");
  if (blank_lines != 0) {
    parts.push_back(absl::StrCat(blank_lines, " blank line", blank_lines == 1 ? "" : "s"));
  }
  return parts.empty() ? "" : absl::StrCat("skipped ", absl::StrJoin(parts, ", "));
}

absl::StatusOr<std::vector<LobsterEvent>> ReadLobsterFile(const std::string& path,
                                                          uint64_t events_max,
                                                          LobsterNotes* notes) {
  LobsterNotes unread;
  LobsterNotes& passed_over = notes == nullptr ? unread : *notes;
  std::vector<LobsterEvent> events;
  absl::flat_hash_set<uint64_t> introduced;
  const absl::Status status = ForEachLine(path, [&](uint64_t number, std::string_view line) {
    if (events.size() == events_max) return absl::CancelledError("enough");
    if (number == 1 && line.starts_with(kByteOrderMark)) {
      line.remove_prefix(kByteOrderMark.size());
      passed_over.byte_order_mark = true;
    }
    if (IsBlank(line)) {
      ++passed_over.blank_lines;
      return absl::OkStatus();
    }
    if (events.empty() && !passed_over.header && IsHeader(line)) {
      passed_over.header = true;
      return absl::OkStatus();
    }
    absl::StatusOr<LobsterEvent> event = ParseLobsterLine(line);
    const auto at_line = [number](std::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", std::string(what)));
    };
    if (!event.ok()) return at_line(std::string(event.status().message()));
    if (!events.empty() && event->time_ns < events.back().time_ns) {
      return at_line("time goes back");
    }
    if (event->type == LobsterType::kNewOrder && !introduced.insert(event->order_id).second) {
      return at_line(absl::StrCat("order ", event->order_id, " was introduced before"));
    }
    event->line = number;
    events.push_back(*event);
    return absl::OkStatus();
  });
  if (!status.ok() && !absl::IsCancelled(status)) {
    return absl::Status(status.code(), absl::StrCat(path, ": ", std::string(status.message())));
  }
  if (events.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": no event in it"));
  return events;
}

}  // namespace ringway::flow
