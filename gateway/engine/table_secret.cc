// Draws the secret of hash tables.
#include "gateway/engine/table_secret.h"

#include <sys/random.h>

#include "base/check.h"

namespace ringway {

TableSecret TableSecret::Draw() {
  TableSecret secret;
  RINGWAY_CHECK(getrandom(&secret, sizeof(secret), 0) == sizeof(secret),
                "the kernel gives no random numbers: permit the system call getrandom");
  return secret;
}

}  // namespace ringway
