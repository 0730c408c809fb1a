// The program that runs in a VM before and after its power fails. power_loss_test.py starts it and
// reads its lines.
//
//   power_flow trade FOLDER       a gateway with its journal there, and orders without end; a line
//                                 "durable ID" for each durable acknowledgement
//   power_flow afterwards FOLDER  "journal OK" or the reader's error, "order ID" for each in the
//                                 journal; then the gateway starts and takes orders: "served N"
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/softroce/disk/gateway_run.h"
#include "tests/softroce/disk/journal_contents.h"
#include "tests/softroce/disk/strategy.h"

namespace ringway::disk {
namespace {

constexpr uint32_t kOrdersAtOnce = 8;
constexpr uint32_t kOrdersAfterwards = 50;
constexpr uint32_t kOrdersMax = 100'000;  // the power fails long before
constexpr uint32_t kWindow = 32;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "power_flow: %s\n", status.ToString().c_str());
  return 1;
}

int Trade(GatewayRun& run) {
  if (const absl::Status started = run.Start(); !started.ok()) return Fail(started);
  auto strategy = Strategy::Connect(run.Options(Durability::kDurable));
  if (!strategy.ok()) return Fail(strategy.status());
  std::size_t told = 0;
  while ((*strategy)->orders().size() < kOrdersMax) {
    if ((*strategy)->Trade(kOrdersAtOnce, kWindow) != kOrdersAtOnce) break;
    // Acks arrive in the order of the orders.
    const std::vector<uint64_t> durable = (*strategy)->Durable();
    for (; told != durable.size(); ++told) {
      std::printf("durable %llu\n", static_cast<unsigned long long>(durable[told]));
    }
    std::fflush(stdout);
  }
  return Fail(absl::InternalError("orders came to an end: " + run.Log()));
}

int Afterwards(GatewayRun& run) {
  const JournalContents journal = ReadJournal(run.journal(), kSession);
  for (const auto& [id, order] : journal.orders) {
    if (order.order_id != 0) std::printf("order %llu\n", static_cast<unsigned long long>(id));
  }
  std::printf("journal %s\n", journal.status.ToString().c_str());
  if (journal.tear) {
    std::printf("tear at offset %llu of %s: %llu bytes, %llu records behind it\n",
                static_cast<unsigned long long>(journal.tear->offset), journal.tear->file.c_str(),
                static_cast<unsigned long long>(journal.tear->bytes),
                static_cast<unsigned long long>(journal.tear->records));
  }
  std::fflush(stdout);
  if (const absl::Status started = run.Start(); !started.ok()) return Fail(started);
  auto strategy = Strategy::Connect(run.Options(Durability::kDurable));
  if (!strategy.ok()) return Fail(strategy.status());
  (*strategy)->Trade(kOrdersAfterwards, kWindow);
  const bool served =
      (*strategy)->PollUntil([&] { return (*strategy)->Durable().size() == kOrdersAfterwards; });
  std::printf("served %zu\n", (*strategy)->Durable().size());
  const std::string end = run.Stop();
  if (!end.empty()) return Fail(absl::InternalError("the gateway's end: " + end));
  return served ? 0 : 1;
}

int Main(int argc, char** argv) {
  const std::string_view mode = argc == 3 ? argv[1] : "";
  if (mode != "trade" && mode != "afterwards") {
    std::fprintf(stderr, "usage: power_flow trade|afterwards FOLDER\n");
    return 2;
  }
  auto run = GatewayRun::Make(std::string(argv[2]) + "/journal");
  if (!run.ok()) return Fail(run.status());
  return mode == "trade" ? Trade(**run) : Afterwards(**run);
}

}  // namespace
}  // namespace ringway::disk

int main(int argc, char** argv) { return ringway::disk::Main(argc, argv); }
