// Converts state to bytes and back, by one list of members for both directions.
//
// A component has one template
//
//   template <class Self, class A>
//   static void Archive(Self& self, A& archive) {
//     archive(self.a_, self.b_);
//   }
//
// which Save runs with a StateWriter and Load with a StateReader: a member that is in the list is
// in both. Plain bytes, little-endian, in their memory layout; the last 8 bytes are the CRC-32C of
// everything before, and zero. A reader never reads beyond its bytes. The first invalid value makes
// it Fail(); from then on it returns zeros, so that callers need not check every step.
//
// State refers to things by index, in the order of a configuration that may differ by now. Numbers
// translates: the writer saves which numbers were configured, the reader finds their present
// indices.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/crc32c.h"

namespace ringway {

inline constexpr size_t kArchiveTrailerBytes = 8;

// The configured items of one kind: the saved order and the present index of each.
struct Numbers {
  static constexpr uint32_t kGone = UINT32_MAX;
  std::string_view kind;        // "session", for errors
  std::vector<uint32_t> saved;  // numbers, in the order of the saved indices
  std::vector<uint32_t> now;    // by saved index: the index in this configuration, or kGone
  bool same = true;             // saved and present configuration agree
};

class StateWriter {
 public:
  static constexpr bool kLoads = false;
  using Sink = std::function<void(std::span<const std::byte>)>;

  explicit StateWriter(const Sink& sink) : sink_(sink) {}

  template <class... T>
  void operator()(const T&... values) {
    (Value(values), ...);
  }
  // An array of plain records.
  template <class R>
  void Records(const R& records) {
    using T = std::remove_cvref_t<decltype(records[0])>;
    static_assert(std::has_unique_object_representations_v<T>, "padding has no defined content");
    Bytes(std::as_bytes(std::span(records)));
  }
  // The number of elements that follow. The writer returns `count`, the reader the saved number.
  size_t Count(size_t count, size_t /*max*/, std::string_view /*what*/) {
    Value(uint64_t{count});
    return count;
  }
  void Require(bool, std::string_view) const noexcept {}
  bool ok() const noexcept { return true; }

  template <class Config>
  Numbers NumbersOf(std::string_view kind, const std::vector<Config>& ids) {
    Numbers numbers{kind, {}, {}, true};
    for (const Config& id : ids) {
      numbers.now.push_back(static_cast<uint32_t>(numbers.saved.size()));
      numbers.saved.push_back(id);
    }
    Value(uint64_t{numbers.saved.size()});
    Records(numbers.saved);
    return numbers;
  }

  void Finish() {
    const std::array<uint32_t, 2> trailer{crc_ = Crc32c(crc_, {buffer_.data(), used_}), 0};
    std::memcpy(buffer_.data() + used_, trailer.data(), kArchiveTrailerBytes);
    sink_({buffer_.data(), used_ + kArchiveTrailerBytes});
    used_ = 0;
  }

 private:
  template <class T>
  void Value(const T& value) {
    if constexpr (requires { T::Archive(value, *this); }) {
      T::Archive(value, *this);
    } else {
      static_assert(std::has_unique_object_representations_v<T>, "padding has no defined content");
      Bytes(std::as_bytes(std::span(&value, 1)));
    }
  }
  void Bytes(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const size_t part = std::min(bytes.size(), kBufferBytes - used_);
      std::memcpy(buffer_.data() + used_, bytes.data(), part);
      used_ += part;
      bytes = bytes.subspan(part);
      if (used_ != kBufferBytes) continue;
      crc_ = Crc32c(crc_, {buffer_.data(), used_});
      sink_({buffer_.data(), used_});
      used_ = 0;
    }
  }

  static constexpr size_t kBufferBytes = 64 << 10;
  const Sink& sink_;
  uint32_t crc_ = 0;
  size_t used_ = 0;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kBufferBytes + kArchiveTrailerBytes);
};

class StateReader {
 public:
  static constexpr bool kLoads = true;

  explicit StateReader(std::span<const std::byte> bytes) {
    std::array<uint32_t, 2> trailer{};
    if (bytes.size() < kArchiveTrailerBytes) {
      Fail("it is cut short");
      return;
    }
    rest_ = bytes.first(bytes.size() - kArchiveTrailerBytes);
    std::memcpy(trailer.data(), bytes.data() + rest_.size(), kArchiveTrailerBytes);
    if (trailer[1] != 0 || trailer[0] != Crc32c(0, rest_)) {
      Fail("its checksum is wrong: it is damaged or cut short");
    }
  }

  template <class... T>
  void operator()(T&... values) {
    (Value(values), ...);
  }
  template <class R>
  void Records(R&& records) {
    using T = std::remove_cvref_t<decltype(records[0])>;
    static_assert(std::has_unique_object_representations_v<T>, "padding has no defined content");
    Bytes(std::as_writable_bytes(std::span(records)));
  }
  size_t Count(size_t /*count*/, size_t max, std::string_view what) {
    uint64_t count = 0;
    Value(count);
    if (count <= max) return count;
    Fail(std::string(what) + ": " + std::to_string(count) + ", there is room for " +
         std::to_string(max));
    return 0;
  }
  void Require(bool holds, std::string_view what) {
    if (!holds) Fail(std::string(what));
  }

  template <class Config>
  Numbers NumbersOf(std::string_view kind, const std::vector<Config>& ids) {
    Numbers numbers{kind, {}, {}, true};
    numbers.saved.resize(Count(0, rest_.size() / sizeof(uint32_t), kind));
    Records(numbers.saved);
    std::unordered_map<uint32_t, uint32_t> index;
    for (const Config& id : ids) index.emplace(id, static_cast<uint32_t>(index.size()));
    for (const uint32_t id : numbers.saved) {
      const auto found = index.find(id);
      numbers.now.push_back(found == index.end() ? Numbers::kGone : found->second);
    }
    numbers.same = std::equal(numbers.saved.begin(), numbers.saved.end(), ids.begin(), ids.end());
    for (const uint32_t at : numbers.now) {
      // Each number once: otherwise two saved items would become one.
      if (at == Numbers::kGone) continue;
      Require(index.erase(ids[at]) == 1, "a configured number is there twice");
    }
    return numbers;
  }

  // Requires that every byte was read and nothing was wrong.
  void Finish() { Require(rest_.empty(), "there is more than belongs to it"); }
  bool ok() const noexcept { return error_.empty(); }
  // The error of the first failure.
  const std::string& error() const noexcept { return error_; }

  void Fail(std::string error) {
    if (error_.empty()) error_ = std::move(error);
    rest_ = {};
  }
  void FailGone(const Numbers& numbers, size_t saved_index) {
    Fail("it refers to " + std::string(numbers.kind) + " " +
         std::to_string(numbers.saved[saved_index]) +
         ", which is not configured: configure it again");
  }
  // The present index of the item with this saved index; 0 after a failure.
  uint32_t IndexOf(const Numbers& numbers, uint64_t saved_index) {
    if (saved_index >= numbers.saved.size()) {
      Fail("an index of a " + std::string(numbers.kind) + " is out of range");
      return 0;
    }
    if (numbers.now[saved_index] == Numbers::kGone) {
      FailGone(numbers, saved_index);
      return 0;
    }
    return numbers.now[saved_index];
  }

 private:
  template <class T>
  void Value(T& value) {
    if constexpr (requires { T::Archive(value, *this); }) {
      T::Archive(value, *this);
    } else if constexpr (std::is_same_v<T, bool>) {
      uint8_t byte = 0;
      Value(byte);
      Require(byte <= 1, "a flag is neither 0 nor 1");
      value = byte == 1;
    } else {
      static_assert(std::has_unique_object_representations_v<T>, "padding has no defined content");
      T read{};
      Bytes(std::as_writable_bytes(std::span(&read, 1)));
      if constexpr (requires { IsKnown(read); }) {
        if (!IsKnown(read)) {
          Fail("a value has no meaning");
          read = T{};
        }
      }
      value = read;
    }
  }
  void Bytes(std::span<std::byte> bytes) {
    if (bytes.empty()) return;
    if (bytes.size() > rest_.size()) {
      Fail("it ends too early");
      std::memset(bytes.data(), 0, bytes.size());
      return;
    }
    std::memcpy(bytes.data(), rest_.data(), bytes.size());
    rest_ = rest_.subspan(bytes.size());
  }

  std::span<const std::byte> rest_;
  std::string error_;
};

// A table indexed by configured items, whose elements archive(element) lists. Elements of items
// that are no longer configured must be as in a new engine, `unused(element)`, or nothing is
// loaded.
template <class A, class Table, class Each, class Unused>
void ArchiveTable(A& archive, const Numbers& numbers, Table& table, Each each, Unused unused) {
  for (size_t at = 0; at < numbers.saved.size() && archive.ok(); ++at) {
    if (numbers.now[at] != Numbers::kGone) {
      each(table[numbers.now[at]]);
      continue;
    }
    if constexpr (A::kLoads) {
      std::remove_cvref_t<decltype(table[0])> gone{};
      each(gone);
      if (archive.ok() && !unused(gone)) archive.FailGone(numbers, at);
    }
  }
}

}  // namespace ringway
