// What a listener answers to a hello, whatever carried it, and what every listener keeps: admitted
// epochs, shares of peers without proof, finished links, and the number of refusals.
//
// A port's listener derives from Acceptor<L> and adds its carrier and its memory. It calls Judge()
// for a hello, makes what the link needs, calls Seal() when the reply is final, sends it, and calls
// Finish() with the link.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "transport/bootstrap/accept_queue.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/bootstrap/rate_share.h"
#include "transport/options.h"
#include "transport/unique_fd.h"

namespace ringway {

// What a carrier knows of a peer by itself.
enum class Carrier : uint8_t {
  kHost,     // its user, from the kernel: peers without proof get a small share (docs/adr/0018)
  kNetwork,  // an address, which proves nothing: where secrets are set, every peer must prove one
};

// A hello, and what its carrier says of it.
struct Asking {
  std::span<const std::byte> bytes = {};
  uint64_t holder = 0;   // as LinkIdentity::holder
  uint32_t waiting = 0;  // finished links that nobody has fetched yet
  int64_t now_ns = 0;
};

struct Admission {
  LinkHello hello;
  LinkReply reply;  // reply.status decides; lacks port_word, the port's flags and the proof
  LinkIdentity identity;
  bool full_service = false;               // its key is proved, or no secrets are set
  std::span<const std::byte> secret = {};  // the proved one
};

// The judgement. Thread rule: the carrier's thread, but admitted() is any thread's.
class AcceptorRules {
 public:
  // Limits for links without full service: each holder gets a burst, then a number a second, and
  // few of them may wait to be fetched. Each can cost two pages that stay as long as the peer keeps
  // them mapped, and takes time to make.
  static constexpr uint32_t kUnprovedBurst = 64;
  static constexpr uint32_t kUnprovedPerSecond = 200;
  static constexpr uint32_t kUnprovedWaitingMax = 32;

  // `scheme` outlives this.
  AcceptorRules(ListenOptions options, std::string_view scheme, Carrier carrier)
      : options_(std::move(options)), scheme_(scheme), carrier_(carrier) {}

  // Reads no clock and draws no random number; the nonces are left empty.
  Admission Judge(const Asking& asking);
  // A refusal that needs no hello.
  LinkReply Refusal(LinkStatus status) const noexcept;
  // Signs the reply of a peer that has proved its key. REQUIRES: the rest of the reply is final.
  void Seal(Admission& admission) const;

  const ListenOptions& options() const noexcept { return options_; }
  AdmittedEpochs& admitted() noexcept { return admitted_; }

 private:
  LinkStatus Decide(const Asking& asking, Admission& admission);

  const ListenOptions options_;
  const std::string_view scheme_;
  const Carrier carrier_;
  AdmittedEpochs admitted_;
  RateShare unproved_{kUnprovedBurst, kUnprovedPerSecond};
};

template <class L>
class Acceptor {
 public:
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // --- The polling thread ---
  // The next finished link, or null, which costs one load.
  std::unique_ptr<L> TryAccept() noexcept { return finished_.TryPop(); }
  // Records that peer_key has proved its identity at this epoch: from now on only later epochs
  // (epoch.h) are accepted from it. False, with no change, if this epoch or a later one was
  // admitted before: that link must be closed.
  bool Admit(uint64_t peer_key, uint32_t epoch) { return rules_.admitted().Admit(peer_key, epoch); }
  // Connections that were refused or dropped so far; informational only.
  uint64_t refused_count() const noexcept { return refused_count_.load(std::memory_order_relaxed); }
  // Readable when TryAccept() may have something: for a Waiter.
  int wake_fd() const noexcept { return finished_.ready_fd(); }

 protected:
  // `ready_fd`: an eventfd, non-blocking.
  Acceptor(const ListenOptions& options, std::string_view scheme, Carrier carrier,
           UniqueFd ready_fd)
      : rules_(options, scheme, carrier), finished_(std::move(ready_fd), options.finished_max) {}
  ~Acceptor() = default;

  // --- The carrier's thread ---
  const ListenOptions& options() const noexcept { return rules_.options(); }
  bool HasRoom() const noexcept { return finished_.count() < options().finished_max; }
  // The judgement, with nonces. Announces a proved key (ListenOptions::on_proof).
  Admission Judge(std::span<const std::byte> bytes, uint64_t holder) {
    Admission admission = rules_.Judge({bytes, holder, finished_.count(), MonotonicNowNs()});
    if (admission.reply.status != LinkStatus::kOk) return admission;
    const absl::StatusOr<Nonce> nonce = FreshNonce();
    if (!nonce.ok()) {
      Say(absl::StrCat("peer ", admission.hello.peer_key,
                       " cannot be connected: ", nonce.status().message()));
      admission.reply.status = LinkStatus::kInternal;
      return admission;
    }
    admission.reply.nonce = *nonce;
    admission.identity.nonces = {admission.hello.nonce, *nonce};
    if (admission.identity.key_proved && options().on_proof) {
      options().on_proof(admission.hello.peer_key);
    }
    return admission;
  }
  LinkReply Refusal(LinkStatus status) const noexcept { return rules_.Refusal(status); }
  void Seal(Admission& admission) const { rules_.Seal(admission); }
  void CountRefused() noexcept { refused_count_.fetch_add(1, std::memory_order_relaxed); }
  void Finish(std::unique_ptr<L> link) { finished_.Push(std::move(link)); }
  void Say(absl::string_view line) const {
    if (options().report) options().report({line.data(), line.size()});
  }

 private:
  AcceptorRules rules_;
  std::atomic<uint64_t> refused_count_{0};
  AcceptQueue<L> finished_;
};

}  // namespace ringway
