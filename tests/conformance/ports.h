// The ports that the conformance suite runs on wherever it is built, a row each.
//
// RDMA's rows are in rdma_row.h: its tests run where devices are (tests/softroce).
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/conformance/port_harness.h"
#include "transport/backends.h"

namespace ringway {

struct ShmRow : PortRow {
  using Backend = ShmBackend;
  static constexpr const char* kName = "Shm";
  static std::string ListenUri() {
    return "shm:/tmp/ringway_conformance." + std::to_string(getpid()) + ".sock";
  }
  static std::string ConnectUri() { return ListenUri(); }
};

using Ports = ::testing::Types<PortHarness<ShmRow>>;

}  // namespace ringway
