// Draws the secret of hash tables.
#include "gateway/engine/table_secret.h"

#include <span>

#include "base/check.h"
#include "base/kernel_random.h"

namespace ringway {

TableSecret TableSecret::Draw() {
  TableSecret secret;
  RINGWAY_CHECK(FillFromKernel(std::as_writable_bytes(std::span(&secret, 1))).ok(),
                "the kernel gives no random numbers: permit the system call getrandom");
  return secret;
}

}  // namespace ringway
