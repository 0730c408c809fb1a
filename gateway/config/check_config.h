// --check-config and `ringway check-config`: find everything that a start would find wrong.
#pragma once

#include <string>

namespace ringway {

// Prints "OK" and the effective configuration to stdout, or to stderr every error in the file, or
// if there is none, every fault of what it needs of this machine. Returns the exit status, 0 or 1.
// Run it as the user who will run the gateway: others may have access to other files.
int CheckConfigFile(const std::string& path);

}  // namespace ringway
