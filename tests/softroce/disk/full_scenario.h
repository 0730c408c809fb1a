// The scenarios of a full disk under the journal, for any small file system.
#pragma once

#include <string>

namespace ringway::disk {

// Both fill the file system of `folder` with their own file, up to three of the journal's segments.
// They fail the test that calls them.

// Orders are refused when the disk is full, cancels pass, orders are accepted again once there is
// room, and everything acknowledged is there after a SIGKILL.
void OrdersWaitForRoom(const std::string& folder);

// A strategy that ignores refusals is refused, or waits, for as long as it continues: the gateway
// stays up and answers operators. Once killed, it refuses to start while the disk is full, says
// why, and has lost nothing.
void SendingOnHarmsNobody(const std::string& folder);

}  // namespace ringway::disk
