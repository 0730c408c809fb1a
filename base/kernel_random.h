// Random numbers that nobody can guess, from the kernel's generator.
#pragma once

#include <cstddef>
#include <span>

#include "absl/status/status.h"

namespace ringway {

// Fills `bytes`, at most 256 of them. Errors: Internal, where the kernel gives none; it says why.
absl::Status FillFromKernel(std::span<std::byte> bytes);

}  // namespace ringway
