// Implements trial.h: runs the slices and judges them.
#include "tests/e2e/hostile/trial.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/e2e/hostile/engine_core.h"

namespace ringway::hostile {
namespace {

constexpr double kPercentile = 0.999;
constexpr double kMoreAllowed = 1.2;
constexpr int64_t kLaterAllowedNs = kNsPerMs;
// The largest fraction of an attack that the honest session's thread may wait for its core: more
// counts as harm, even if the engine keeps its core.
constexpr double kReaderWaitsMax = 0.2;
constexpr int64_t kSettleNs = 50 * kNsPerMs;
constexpr int64_t kWarmUpNs = 300 * kNsPerMs;
constexpr int64_t kGivenBackNs = 15 * kNsPerS;
constexpr int kRoundsMax = 3;
constexpr int64_t kRepeatLonger = 3;
// The kernel's own locks for memory block it now and then, attacked or not. A lock of the gateway's
// that attackers contend for did so 24 times and more (docs/adr/0039).
constexpr int64_t kBlockedAllowed = 8;

struct Series {
  Histogram all;
  std::vector<int64_t> slices;   // p99.9 of each
  int64_t waited_ns = 0;         // by the engine, for its core
  int64_t reader_waited_ns = 0;  // by the honest session's thread, for its core
  int64_t stood_still_ns = 0;    // by the engine's core
  int64_t blocked = 0;           // times that the engine waited for anything else

  void Add(const Histogram& slice) {
    all.Merge(slice);
    slices.push_back(static_cast<int64_t>(slice.Percentile(kPercentile)));
  }
  int64_t p999() const { return static_cast<int64_t>(all.Percentile(kPercentile)); }
  int64_t worst() const { return *std::max_element(slices.begin(), slices.end()); }
  int64_t median() const {
    std::vector<int64_t> sorted = slices;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

// The limit for the attack's answers, given the busy loop's.
int64_t BoundOf(const Series& busy) {
  return static_cast<int64_t>(static_cast<double>(busy.p999()) * kMoreAllowed) + kLaterAllowedNs +
         (busy.worst() - busy.median());
}

double Us(int64_t ns) { return static_cast<double>(ns) / 1e3; }

std::string Text(const Series& series) {
  return absl::StrFormat(
      "p50 %.0f p99 %.0f p99.9 %.0f max %.0f us (the engine kept from its core for %.0f us, the "
      "reader for %.0f us; the engine's core stood still for %.0f us; the engine was blocked %d "
      "times)",
      Us(static_cast<int64_t>(series.all.Percentile(0.5))),
      Us(static_cast<int64_t>(series.all.Percentile(0.99))), Us(series.p999()),
      Us(static_cast<int64_t>(series.all.max())), Us(series.waited_ns), Us(series.reader_waited_ns),
      Us(series.stood_still_ns), series.blocked);
}

// "" if there is nothing to complain about.
using Complaint = std::string;

Complaint All(Honest& honest, const std::vector<Attacker*>& attackers, Order order) {
  for (Attacker* attacker : attackers) {
    if (!attacker->Do(order, honest)) {
      return absl::StrCat("the attacker does not obey; ", attacker->Complaint());
    }
  }
  return "";
}

Complaint Slice(Site& site, Honest& honest, const std::vector<Attacker*>& attackers, Order order,
                int64_t slice_ns, const TrialOptions& options, Series* series) {
  if (Complaint wrong = All(honest, attackers, order); !wrong.empty()) return wrong;
  const auto meanwhile = order == Order::kAttack ? options.meanwhile : nullptr;
  Histogram unsettled;
  honest.Trade(kSettleNs, unsettled, meanwhile);
  const EngineCore core(site.pid());
  Histogram latency;
  const int64_t waited_ns = core.WaitedNs();
  const int64_t stood_still_ns = core.StoodStillNs();
  const int64_t reader_waited_ns = honest.WaitedNs();
  const int64_t sleeps = core.Sleeps();
  honest.Watch(&core);
  honest.Trade(slice_ns, latency, meanwhile);
  honest.Watch(nullptr);
  if (series != nullptr) {
    series->blocked += core.Sleeps() - sleeps;
    series->waited_ns += core.WaitedNs() - waited_ns;
    series->stood_still_ns += core.StoodStillNs() - stood_still_ns;
    series->reader_waited_ns += honest.WaitedNs() - reader_waited_ns;
    series->Add(latency);
  }
  Complaint wrong;
  if (const std::string intruders = core.Intruders(); !intruders.empty()) {
    wrong = absl::StrCat("of the gateway, these may run on its engine's core: ", intruders);
  }
  if (!site.Alive()) {
    wrong = absl::StrCat("the gateway ended; its log:\n", site.Log());
  } else if (!honest.Complaint().empty()) {
    wrong = absl::StrCat("the honest session: ", honest.Complaint(), "; the gateway's log:\n",
                         site.Log());
  }
  for (Attacker* attacker : attackers) {
    if (std::string ended = attacker->Complaint(); wrong.empty() && !ended.empty()) wrong = ended;
  }
  return wrong;
}

// Whether the attack did harm; `wrong` is set if something else went wrong.
bool Compare(Site& site, Honest& honest, const std::vector<Attacker*>& attackers, int64_t slice_ns,
             const TrialOptions& options, Complaint& wrong) {
  Series busy;
  Series attacked;
  for (uint32_t i = 0; i != options.slices && wrong.empty(); ++i) {
    wrong = Slice(site, honest, attackers, Order::kBusy, slice_ns, options, &busy);
    if (!wrong.empty()) {
      wrong = "beside a busy loop: " + wrong;
      break;
    }
    wrong = Slice(site, honest, attackers, Order::kAttack, slice_ns, options, &attacked);
  }
  if (!wrong.empty()) return true;
  const int64_t bound = BoundOf(busy);
  std::string names;
  for (Attacker* attacker : attackers) {
    absl::StrAppend(&names, attacker->attack(), " (", attacker->done(), " done, ",
                    attacker->refused(), " refused) ");
  }
  std::printf("%s\n  busy loop: %s, spread %.0f\n  attack:    %s, bound %.0f\n", names.c_str(),
              Text(busy).c_str(), Us(busy.worst() - busy.median()), Text(attacked).c_str(),
              Us(bound));
  std::fflush(stdout);
  const double reader_waited = static_cast<double>(attacked.reader_waited_ns) /
                               static_cast<double>(slice_ns * options.slices);
  return attacked.p999() > bound || reader_waited > kReaderWaitsMax ||
         attacked.blocked > busy.blocked + kBlockedAllowed;
}

// Waits until the gateway holds no more than `before` and the allowance.
Complaint GivenBack(Site& site, Honest& honest, const Resources& before,
                    const TrialOptions& options) {
  Resources now;
  const auto little = [&] {
    Histogram ignored;
    honest.Trade(20 * kNsPerMs, ignored);
    now = site.Usage();
    return now.anonymous_bytes <= before.anonymous_bytes + options.anonymous_bytes &&
           now.shared_bytes <= before.shared_bytes + options.shared_bytes &&
           now.descriptors <= before.descriptors + options.descriptors;
  };
  const bool given_back = Within(kGivenBackNs, little);
  std::printf("  gateway:   anonymous memory %+d KiB, shared %+d KiB, descriptors %+d\n",
              static_cast<int>((now.anonymous_bytes - before.anonymous_bytes) / 1024),
              static_cast<int>((now.shared_bytes - before.shared_bytes) / 1024),
              static_cast<int>(now.descriptors - before.descriptors));
  if (given_back) return "";
  return absl::StrFormat(
      "not given back: anonymous memory %d KiB (before %d), shared %d KiB (before %d), "
      "descriptors %d (before %d)",
      now.anonymous_bytes >> 10, before.anonymous_bytes >> 10, now.shared_bytes >> 10,
      before.shared_bytes >> 10, now.descriptors, before.descriptors);
}

}  // namespace

TrialOptions WithJournal(int64_t segment_bytes) { return {.shared_bytes = 4 * segment_bytes}; }

testing::AssertionResult Unharmed(Site& site, Honest& honest,
                                  const std::vector<Attacker*>& attackers,
                                  const TrialOptions& options) {
  // A run before anything is counted: what is allocated on first use stays.
  Complaint wrong = Slice(site, honest, attackers, Order::kAttack, kWarmUpNs, options, nullptr);
  if (!wrong.empty()) return testing::AssertionFailure() << wrong;
  wrong = Slice(site, honest, attackers, Order::kIdle, kWarmUpNs, options, nullptr);
  if (!wrong.empty()) return testing::AssertionFailure() << wrong;
  const Resources before = site.Usage();

  auto slice_ns = static_cast<int64_t>(static_cast<double>(options.slice_ns) * Length());
  bool harmed = Compare(site, honest, attackers, slice_ns, options, wrong);
  if (!honest.goes_first()) {
    std::printf("  not judged: this user may not ask for a core before others (CAP_SYS_NICE)\n");
    harmed = false;
  }
  slice_ns *= kRepeatLonger;
  for (int round = 1; round != kRoundsMax && harmed && wrong.empty(); ++round) {
    std::printf("  once more, with longer slices\n");
    harmed = Compare(site, honest, attackers, slice_ns, options, wrong);
  }
  if (!wrong.empty()) return testing::AssertionFailure() << wrong;
  if (harmed) {
    return testing::AssertionFailure()
           << "answers came later beside the attack than beside a busy loop, or the engine was "
              "blocked more often, by a lock that another thread held; see above";
  }
  uint64_t done = 0;
  for (Attacker* attacker : attackers) done += attacker->done();
  if (done < options.done_min) {
    return testing::AssertionFailure() << "the attack did not take place: " << done << " done";
  }
  wrong = All(honest, attackers, Order::kIdle);
  if (wrong.empty()) wrong = GivenBack(site, honest, before, options);
  if (wrong.empty() && !honest.Complaint().empty()) {
    wrong = absl::StrCat("the honest session: ", honest.Complaint());
  }
  if (!wrong.empty()) return testing::AssertionFailure() << wrong;
  return testing::AssertionSuccess();
}

testing::AssertionResult UnharmedAfterwards(Site& site, Honest& honest, Attacker& attacker,
                                            uint64_t done_wanted) {
  const TrialOptions options;
  const std::vector<Attacker*> attackers = {&attacker};
  const auto slice_ns = static_cast<int64_t>(static_cast<double>(options.slice_ns) * Length());
  Series before;
  Series after;
  Complaint wrong;
  const auto measure = [&](Series& series) {
    for (uint32_t i = 0; i != options.slices && wrong.empty(); ++i) {
      wrong = Slice(site, honest, attackers, Order::kBusy, slice_ns, options, &series);
    }
  };
  measure(before);
  for (const int64_t deadline_ns = MonotonicNowNs() + 60 * kNsPerS;
       wrong.empty() && attacker.done() < done_wanted;) {
    wrong = Slice(site, honest, attackers, Order::kAttack, kWarmUpNs, options, nullptr);
    if (wrong.empty() && MonotonicNowNs() > deadline_ns) {
      wrong = absl::StrCat("the attack did not take place: ", attacker.done(), " done");
    }
  }
  if (wrong.empty()) measure(after);
  for (int round = 1; round != kRoundsMax && wrong.empty() && after.p999() > BoundOf(before) &&
                      honest.goes_first();
       ++round) {
    std::printf("  once more\n");
    after = {};
    measure(after);
  }
  if (!wrong.empty()) return testing::AssertionFailure() << wrong;
  std::printf("%s (%lu done)\n  before: %s\n  after:  %s, bound %.0f\n", attacker.attack().c_str(),
              attacker.done(), Text(before).c_str(), Text(after).c_str(), Us(BoundOf(before)));
  if (after.p999() > BoundOf(before) && honest.goes_first()) {
    return testing::AssertionFailure() << "answers come later after the attack; see above";
  }
  return testing::AssertionSuccess();
}

double Length() {
  const char* text = std::getenv("RINGWAY_HOSTILE_LENGTH");
  const double length = text == nullptr ? 1 : std::atof(text);
  return std::clamp(length, 0.1, 1'000.0);
}

}  // namespace ringway::hostile
