// Implements verbs_quota.h: finds the address with the most pending connections.
#include "transport/port/verbs_quota.h"

#include <cstddef>
#include <map>

namespace ringway {

const PendingHolder* ChooseEvicted(std::span<const PendingHolder> holders, const Gid& newcomer) {
  std::map<Gid, std::size_t> counts;
  for (const PendingHolder& holder : holders) ++counts[holder.source];
  const std::size_t own = counts.contains(newcomer) ? counts.at(newcomer) : 0;
  const PendingHolder* chosen = nullptr;
  std::size_t most = own + 1;
  for (const PendingHolder& holder : holders) {
    const std::size_t count = counts.at(holder.source);
    const bool older = chosen != nullptr && count == most && holder.source == chosen->source &&
                       holder.deadline_ns < chosen->deadline_ns;
    if (count > most || older) {
      chosen = &holder;
      most = count;
    }
  }
  return chosen;
}

}  // namespace ringway
