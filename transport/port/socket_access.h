// File-system access to a socket file for the users that may connect.
//
// The listener itself refuses users that are not allowed; this ensures that allowed users can reach
// it. Thread rule: set-up code.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

namespace ringway {

// Lets these users connect to the socket file at `path`, whatever its group, through its access
// list (acl(5)). Returns the remaining obstacles, a sentence each with the remedy: a file system
// without access lists, a folder that a user may not enter.
std::vector<std::string> GrantSocketAccess(const std::string& path, std::span<const uid_t> users);

}  // namespace ringway
