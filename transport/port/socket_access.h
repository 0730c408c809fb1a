// Who may connect to a socket file, as the file system sees it.
//
// A listener refuses users that are not allowed by itself; what is seen to here is that those who
// are allowed can reach it. Thread rule: set-up code.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

namespace ringway {

// Lets these users connect to the socket file at `path`, whatever its group is, by its access list
// (acl(5)). Answers what stands in the way all the same, a sentence each with the remedy: a file
// system without access lists, a folder that a user may not enter.
std::vector<std::string> GrantSocketAccess(const std::string& path, std::span<const uid_t> users);

}  // namespace ringway
