// Sends the command line's question to a running gateway.
//
// One line to the gateway's admin socket, one answer back (gateway/admin/admin_server.h has the
// protocol). Blocks, for at most kPatienceS. Thread rule: any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace ringway {

inline constexpr int kAdminPatienceS = 10;

// The answer's body. Errors: Unavailable when no gateway listens at `socket_path`; PermissionDenied
// when it belongs to another user; FailedPrecondition with the gateway's words when it refused;
// DeadlineExceeded; DataLoss when the answer is cut off or malformed.
absl::StatusOr<std::string> AskGateway(const std::string& socket_path, const std::string& line);

}  // namespace ringway
