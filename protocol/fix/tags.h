// The tags and message types that the session protocol itself uses.
//
// Source: FIX 4.2 (2001-05-01), FIX 4.4 volume 2 and FIXT 1.1, of the FIX Trading Community.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringway::fix {

inline constexpr char kSoh = '\x01';

inline constexpr uint32_t kTagBeginSeqNo = 7;
inline constexpr uint32_t kTagBeginString = 8;
inline constexpr uint32_t kTagBodyLength = 9;
inline constexpr uint32_t kTagCheckSum = 10;
inline constexpr uint32_t kTagEndSeqNo = 16;
inline constexpr uint32_t kTagMsgSeqNum = 34;
inline constexpr uint32_t kTagMsgType = 35;
inline constexpr uint32_t kTagNewSeqNo = 36;
inline constexpr uint32_t kTagPossDupFlag = 43;
inline constexpr uint32_t kTagRefSeqNum = 45;
inline constexpr uint32_t kTagSenderCompId = 49;
inline constexpr uint32_t kTagSenderSubId = 50;
inline constexpr uint32_t kTagSendingTime = 52;
inline constexpr uint32_t kTagTargetCompId = 56;
inline constexpr uint32_t kTagTargetSubId = 57;
inline constexpr uint32_t kTagText = 58;
inline constexpr uint32_t kTagPossResend = 97;
inline constexpr uint32_t kTagEncryptMethod = 98;
inline constexpr uint32_t kTagHeartBtInt = 108;
inline constexpr uint32_t kTagTestReqId = 112;
inline constexpr uint32_t kTagOrigSendingTime = 122;
inline constexpr uint32_t kTagGapFillFlag = 123;
inline constexpr uint32_t kTagResetSeqNumFlag = 141;
inline constexpr uint32_t kTagSenderLocationId = 142;
inline constexpr uint32_t kTagTargetLocationId = 143;
inline constexpr uint32_t kTagRefTagId = 371;
inline constexpr uint32_t kTagRefMsgType = 372;
inline constexpr uint32_t kTagSessionRejectReason = 373;
inline constexpr uint32_t kTagUsername = 553;
inline constexpr uint32_t kTagPassword = 554;
inline constexpr uint32_t kTagNextExpectedMsgSeqNum = 789;
inline constexpr uint32_t kTagDefaultApplVerId = 1137;

inline constexpr std::string_view kMsgHeartbeat = "0";
inline constexpr std::string_view kMsgTestRequest = "1";
inline constexpr std::string_view kMsgResendRequest = "2";
inline constexpr std::string_view kMsgReject = "3";
inline constexpr std::string_view kMsgSequenceReset = "4";
inline constexpr std::string_view kMsgLogout = "5";
inline constexpr std::string_view kMsgLogon = "A";

// Whether a message type belongs to the session protocol: such messages are never resent.
constexpr bool IsAdministrative(std::string_view type) noexcept {
  return type.size() == 1 && ((type[0] >= '0' && type[0] <= '5') || type[0] == 'A');
}

// SessionRejectReason (373), as far as this end gives them.
enum class RejectReason : uint8_t {
  kInvalidTagNumber = 0,
  kRequiredTagMissing = 1,
  kTagWithoutValue = 4,
  kValueIncorrect = 5,
  kIncorrectDataFormat = 6,
  kCompIdProblem = 9,
  kSendingTimeAccuracy = 10,
  kInvalidMsgType = 11,
  kTagAppearsTwice = 13,
};

}  // namespace ringway::fix
