// Acceleration: what a network stack that bypasses the kernel says about one socket.
//
// Such a stack is preloaded (LD_PRELOAD) and falls back to the kernel without a word, for one
// socket, at any call that it does not support. So nothing is concluded from the fact that it is
// there: it is asked about each socket, at connect and whenever the caller wants to know again.
//
// Its functions are found by dlsym() and declared here; the build depends on neither. Sources:
//   Onload  src/include/onload/extensions.h of Xilinx-CNS/onload
//   VMA     src/vma/vma_extra.h of Mellanox/libvma, 8.7 (2019) or later
// Thread rule: AccelerationStacks is a value that never changes; Ask() is called by the thread that
// uses the socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "transport/stream/fixed_text.h"

namespace ringway {

// What the configuration asks for.
enum class AccelerationChoice : uint8_t { kOff, kAny, kOnload, kVma };

enum class StackKind : uint8_t { kKernel, kOnload, kVma };
std::string_view Name(StackKind kind) noexcept;

// Why a socket is not accelerated.
enum class AccelerationCause : uint8_t {
  kNone,            // it is
  kNotAsked,        // acceleration = "off", or no socket
  kNotPreloaded,    // no stack in this process
  kOtherStack,      // another one than was asked for
  kNoExtraApi,      // VMA built without what it is asked by
  kSwitchedOff,     // by a setting of the stack in the environment
  kLoopback,        // over lo
  kOtherInterface,  // the interface's driver is none that the stack knows
  kHandedOver,      // the stack has the socket in its tables, and gave it to the kernel
  kFellBack,        // the stack does not know the socket: out of resources, or a rule excludes it
};

struct Acceleration {
  StackKind stack = StackKind::kKernel;  // that was asked, or the kernel if there is none
  AccelerationCause cause = AccelerationCause::kNotAsked;
  bool warm_sends = false;  // Warm() does something
  FixedText<64> version;    // of the stack; empty: it does not say
  FixedText<64> stack_name;
  FixedText<16> interface;  // that has the socket's local address; empty: not known
  FixedText<24> driver;     // of the interface; empty: it has none of its own

  bool accelerated() const noexcept { return cause == AccelerationCause::kNone; }
};

// For log and status: which stack, version and interface, or why none and the remedy.
std::string Describe(const Acceleration& acceleration);

class AccelerationStacks {
 public:
  // What is in this process. Set-up: takes the loader's lock.
  static AccelerationStacks Find();

  // Set-up: interface and driver of a connected socket, version of the stack. Allocates.
  void Identify(int fd, AccelerationChoice choice, Acceleration& out) const;

  // Asks about this socket, and sets `stack`, `cause` and `warm_sends`. REQUIRES: Identify() filled
  // `out` for it. No system call, no lock of this process, nothing allocated here; Onload allocates
  // the few bytes of its stack's name, which are freed at once.
  void Ask(int fd, AccelerationChoice choice, Acceleration& out) const noexcept;

  // Runs the stack's send path without sending, if this socket is accelerated at this moment by a
  // stack that can; the kernel would send the bytes, so the stack is asked before each. True: it
  // ran. The data should be as long as the message that is expected next.
  bool Warm(int fd, const Acceleration& last, std::span<const std::byte> bytes) const noexcept;

 private:
  struct OnloadStat;
  struct VmaApi;

  AccelerationCause AskOnload(int fd, Acceleration& out) const noexcept;
  AccelerationCause AskVma(int fd) const noexcept;

  // Null where it is missing.
  int (*onload_fd_stat_)(int, OnloadStat*) = nullptr;
  int (*onload_fd_check_feature_)(int, int) = nullptr;
  const char* onload_version_ = nullptr;
  const VmaApi* vma_ = nullptr;
  bool onload_off_ = false;  // by its setting in the environment
  bool vma_off_ = false;
};

}  // namespace ringway
