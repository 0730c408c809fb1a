// FixedText: a short text in its own place, for what is said on a thread that must not allocate.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <string_view>

namespace ringway {

template <std::size_t kBytesMax>
class FixedText {
 public:
  FixedText() = default;
  explicit FixedText(std::string_view text) noexcept { Set({text}); }

  // The parts one after another, as far as there is room. REQUIRES: no part is of this text.
  void Set(std::initializer_list<std::string_view> parts) noexcept {
    bytes_ = 0;
    for (const std::string_view part : parts) {
      const std::size_t taken = std::min(part.size(), kBytesMax - bytes_);
      if (taken != 0) std::memcpy(text_.data() + bytes_, part.data(), taken);
      bytes_ += taken;
    }
  }

  std::string_view view() const noexcept { return {text_.data(), bytes_}; }
  bool empty() const noexcept { return bytes_ == 0; }
  friend bool operator==(const FixedText& a, const FixedText& b) noexcept {
    return a.view() == b.view();
  }

 private:
  std::array<char, kBytesMax> text_{};
  std::size_t bytes_ = 0;
};

}  // namespace ringway
