// What --check-config and `ringway check-config` do: everything that a start would find wrong.
#pragma once

#include <string>

namespace ringway {

// Prints "OK" and the effective configuration to stdout, or to stderr every error in the file, else
// every fault of what it needs of this machine. Answers the exit status, 0 or 1. As the user who
// will run the gateway: others may be granted other files.
int CheckConfigFile(const std::string& path);

}  // namespace ringway
