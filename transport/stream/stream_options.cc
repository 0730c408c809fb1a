// Checks options of byte streams against each other.
#include "transport/stream/stream_options.h"

#include <utility>

#include "absl/status/statusor.h"
#include "transport/stream/stream_address.h"

namespace ringway {
namespace {

void CheckPair(const std::string& certificate, const std::string& key,
               std::vector<StreamFault>& faults) {
  if (certificate.empty() == key.empty()) return;
  faults.push_back(
      {"tls", "certificate_file and key_file are of use only together", "set both, or neither"});
}

}  // namespace

std::vector<StreamFault> FaultsOf(const StreamOptions& options) {
  std::vector<StreamFault> faults;
  if (options.addresses.empty()) {
    faults.push_back({"addresses", "no address of the venue", "addresses = [\"host:port\"]"});
  }
  for (const std::string& address : options.addresses) {
    const absl::StatusOr<HostPort> where = ParseHostPort(address);
    if (!where.ok()) {
      faults.push_back({"addresses", std::string(where.status().message()), "correct it"});
    } else if (where->port == 0) {
      faults.push_back({"addresses", address + " has port 0", "give the venue's port"});
    }
  }
  if (!options.source_address.empty() && !NumericAddress(options.source_address, 0)) {
    faults.push_back({"source_address", options.source_address + " is no address in numbers",
                      "give one of this machine's, without a port"});
  }
  if (options.retry_pause_max_ns < options.retry_pause_min_ns) {
    faults.push_back(
        {"retry_pause_max", "it is shorter than retry_pause_min", "make it as long at least"});
  }
  if (options.require_acceleration && options.acceleration == AccelerationChoice::kOff) {
    faults.push_back({"require_acceleration", "acceleration is \"off\"",
                      "acceleration = \"any\", \"onload\" or \"vma\""});
  }
  CheckPair(options.tls.certificate_file, options.tls.key_file, faults);
  return faults;
}

std::vector<StreamFault> FaultsOf(const StreamListenOptions& options) {
  std::vector<StreamFault> faults;
  const absl::StatusOr<HostPort> where = ParseHostPort(options.address);
  if (!where.ok()) {
    faults.push_back({"address", std::string(where.status().message()), "correct it"});
  } else if (!NumericAddress(where->host, where->port)) {
    faults.push_back({"address", where->host + " is no address in numbers",
                      "give one of this machine's; 0.0.0.0 is all of them"});
  }
  CheckPair(options.tls.certificate_file, options.tls.key_file, faults);
  if (options.tls.enabled && options.tls.certificate_file.empty()) {
    faults.push_back(
        {"tls", "who listens needs a certificate", "set certificate_file and key_file"});
  }
  return faults;
}

}  // namespace ringway
