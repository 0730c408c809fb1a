#include "protocol/fix/logon_peek.h"

#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/tags.h"

namespace ringway::fix {

LogonPeek PeekLogon(std::string_view input, size_t message_bytes_max) noexcept {
  LogonPeek peek;
  const Frame frame = NextFrame(input, message_bytes_max);
  if (frame.kind == Frame::Kind::kIncomplete) return peek;
  peek.kind = LogonPeek::Kind::kNoLogon;
  if (frame.kind != Frame::Kind::kMessage || FindField(frame, kTagMsgType) != kMsgLogon)
    return peek;
  peek.begin_string = frame.begin_string;
  peek.sender_comp_id = FindField(frame, kTagSenderCompId);
  peek.target_comp_id = FindField(frame, kTagTargetCompId);
  peek.username = FindField(frame, kTagUsername);
  peek.kind = LogonPeek::Kind::kLogon;
  return peek;
}

}  // namespace ringway::fix
