// The keys of an exchange's members: which gateway may log on under which number.
//
// A folder holds one file per member, NUMBER.key, in the format of a session's key file (`ringway
// keygen` makes one). Thread rule: set-up only.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "msg/auth.h"

namespace ringway::exchange {

using MemberKeys = std::map<uint64_t, SessionKey>;  // by the member's number

// Errors: why the folder cannot be read; InvalidArgument naming each file whose name is no member
// number, that is no key (SessionKey::FromFile), or that holds another member's key; NotFound
// without a key.
absl::StatusOr<MemberKeys> ReadMemberKeys(const std::string& folder);

}  // namespace ringway::exchange
