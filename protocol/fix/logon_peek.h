// Reads who logs on from a connection's first message, so that an acceptor with many sessions can
// choose the one that the connection is for.
//
// Nothing is verified but that the message is a whole one: the chosen session reads it again and
// judges it. Thread rule: pure function. Nothing allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringway::fix {

struct LogonPeek {
  enum class Kind : uint8_t {
    kLogon,
    kIncomplete,  // more bytes are needed
    kNoLogon,     // anything else: the connection is closed without an answer
  };
  Kind kind = Kind::kIncomplete;
  // Of a kLogon, in the caller's buffer.
  std::string_view begin_string = {};
  std::string_view sender_comp_id = {};  // the peer
  std::string_view target_comp_id = {};
  std::string_view username = {};  // empty: none
};

LogonPeek PeekLogon(std::string_view input, size_t message_bytes_max) noexcept;

}  // namespace ringway::fix
