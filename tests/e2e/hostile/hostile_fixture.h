// The fixture of the tests of this folder: a gateway, an honest session and attackers.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/hostile/attacker.h"
#include "tests/e2e/hostile/honest.h"
#include "tests/e2e/hostile/site.h"
#include "tests/e2e/hostile/trial.h"

namespace ringway::hostile {

class HostileTest : public testing::Test {
 protected:
  // Fails the test if one of them does not start.
  void Open(const SiteOptions& options) {
    absl::StatusOr<std::unique_ptr<Site>> site = Site::Make(options);
    ASSERT_TRUE(site.ok()) << site.status();
    site_ = *std::move(site);
    const absl::Status started = site_->Start();
    ASSERT_TRUE(started.ok()) << started;
    absl::StatusOr<std::unique_ptr<Honest>> honest = Honest::LogOn(*site_);
    ASSERT_TRUE(honest.ok()) << honest.status();
    honest_ = *std::move(honest);
  }
  void Join(const std::string& attack) {
    absl::StatusOr<std::unique_ptr<Attacker>> attacker = Attacker::Start(*site_, attack);
    ASSERT_TRUE(attacker.ok()) << attacker.status();
    attackers_.push_back(*std::move(attacker));
  }
  // The whole body of most tests.
  void ExpectUnharmed(const std::vector<std::string>& attacks, const TrialOptions& trial = {}) {
    for (const std::string& attack : attacks) Join(attack);
    if (HasFatalFailure()) return;
    EXPECT_TRUE(Unharmed(*site_, *honest_, Attackers(), trial));
    EXPECT_TRUE(site_->Alive()) << site_->Log();
  }
  std::vector<Attacker*> Attackers() const {
    std::vector<Attacker*> all;
    for (const auto& attacker : attackers_) all.push_back(attacker.get());
    return all;
  }

  // Attackers are destroyed before what they attack.
  std::unique_ptr<Site> site_;
  std::unique_ptr<Honest> honest_;
  std::vector<std::unique_ptr<Attacker>> attackers_;
};

}  // namespace ringway::hostile
