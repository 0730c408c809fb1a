// What must hold when the room for the journal ends, on any small file system?
#pragma once

#include <string>

namespace ringway::disk {

// Both use up the room of the file system that `folder` is on, to three of the journal's segments,
// by a file of their own. They fail the test that calls them.

// Orders are refused when it ends, cancels go on, orders are taken again once there is room, and
// what was acknowledged is there after a SIGKILL.
void OrdersWaitForRoom(const std::string& folder);

// A strategy that does not heed refusals is refused, or waits, for as long as it goes on: the
// gateway stays, and is heard by operators. Killed, it refuses to start while the disk is full,
// says why, and has lost nothing.
void SendingOnHarmsNobody(const std::string& folder);

}  // namespace ringway::disk
