// Asks Onload and VMA about a socket, by their own interfaces.
#include "transport/stream/acceleration.h"

#include <dlfcn.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace ringway {

// struct onload_stat. The caller frees stack_name.
struct AccelerationStacks::OnloadStat {
  int32_t stack_id;
  char* stack_name;
  int32_t endpoint_id;
  int32_t endpoint_state;
};

// struct vma_api_t: pointers to functions, null where a build lacks one. What follows this one has
// changed its order between 8.7 and 9.8, the mask of what is supported with it, and is not read.
struct AccelerationStacks::VmaApi {
  void* functions_before[6];
  int (*get_socket_rings_num)(int fd);
};

namespace {

constexpr int kOnloadFeatureWarm = 0;  // ONLOAD_FD_FEAT_MSG_WARM
constexpr int kWarm = 0x400;           // ONLOAD_MSG_WARM, and VMA_SND_FLAGS_DUMMY
constexpr int kVmaGetApi = 2800;       // SO_VMA_GET_API

constexpr std::string_view kLoopback = "lo";
// Of the cards that each stack drives itself.
constexpr std::string_view kOnloadDrivers[] = {"sfc", "sfc_ef100", "xilinx_efct"};
constexpr std::string_view kVmaDrivers[] = {"mlx4_core", "mlx5_core"};

template <class F>
F Symbol(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
}

bool SetTo(const char* variable, bool value) {
  const char* text = getenv(variable);
  return text != nullptr && *text != '\0' && (std::strcmp(text, "0") != 0) == value;
}

bool IsIn(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool SameAddress(const sockaddr_storage& a, const sockaddr& b) {
  if (a.ss_family != b.sa_family) return false;
  if (b.sa_family == AF_INET) {
    return std::memcmp(&reinterpret_cast<const sockaddr_in&>(a).sin_addr,
                       &reinterpret_cast<const sockaddr_in&>(b).sin_addr, sizeof(in_addr)) == 0;
  }
  return b.sa_family == AF_INET6 &&
         std::memcmp(&reinterpret_cast<const sockaddr_in6&>(a).sin6_addr,
                     &reinterpret_cast<const sockaddr_in6&>(b).sin6_addr, sizeof(in6_addr)) == 0;
}

// The interface that has the socket's local address; empty: none has.
std::string InterfaceOf(int fd) {
  sockaddr_storage local{};
  socklen_t bytes = sizeof(local);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &bytes) != 0) return {};
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  std::string name;
  for (const ifaddrs* each = first; each != nullptr && name.empty(); each = each->ifa_next) {
    if (each->ifa_addr != nullptr && SameAddress(local, *each->ifa_addr)) name = each->ifa_name;
  }
  freeifaddrs(first);
  return name;
}

// Empty: a bond, a VLAN, a bridge or another interface without a device of its own.
std::string DriverOf(std::string_view interface) {
  std::array<char, 256> target;
  const std::string link =
      absl::StrCat("/sys/class/net/", std::string(interface), "/device/driver");
  const ssize_t bytes = readlink(link.c_str(), target.data(), target.size());
  if (bytes <= 0) return {};
  const std::string_view path(target.data(), static_cast<std::size_t>(bytes));
  return std::string(path.substr(path.rfind('/') + 1));
}

// Why a stack that does not know the socket left it to the kernel.
AccelerationCause Explain(const Acceleration& about, bool switched_off,
                          std::span<const std::string_view> drivers) {
  if (switched_off) return AccelerationCause::kSwitchedOff;
  if (about.interface.view() == kLoopback) return AccelerationCause::kLoopback;
  if (!about.driver.empty() && !IsIn(about.driver.view(), drivers)) {
    return AccelerationCause::kOtherInterface;
  }
  return AccelerationCause::kFellBack;
}

std::string Why(const Acceleration& it) {
  const bool vma = it.stack == StackKind::kVma;
  switch (it.cause) {
    case AccelerationCause::kNone:
    case AccelerationCause::kNotAsked:
      break;
    case AccelerationCause::kNotPreloaded:
      return "no accelerating stack is in this process. Remedy: start it by "
             "deploy/onload/ringway-onload.sh or deploy/vma/ringway-vma.sh; a program with file "
             "capabilities or another user's rights is not preloaded";
    case AccelerationCause::kOtherStack:
      return "another stack is preloaded than `acceleration` names. Remedy: name that one or "
             "\"any\", or start by the profile of the one that is wanted";
    case AccelerationCause::kNoExtraApi:
      return "this VMA has no interface to ask it about a socket. Remedy: VMA 8.7 or later, built "
             "with its extra API";
    case AccelerationCause::kSwitchedOff:
      return absl::StrCat("it is switched off by ",
                          vma ? "VMA_OFFLOADED_SOCKETS=0" : "EF_DONT_ACCELERATE=1",
                          " in the environment. Remedy: remove that");
    case AccelerationCause::kLoopback:
      return "the connection is to this machine itself, over lo. Remedy: an address that is "
             "reached through the accelerated card";
    case AccelerationCause::kOtherInterface:
      return absl::StrCat("the driver ", std::string(it.driver.view()),
                          " of this interface is none that ", std::string(Name(it.stack)),
                          " accelerates. Remedy: route to the venue through the accelerated card, "
                          "or set source_address to an address of it");
    case AccelerationCause::kHandedOver:
      return "the stack handed this socket to the kernel: its route leaves by another interface, "
             "or an option was set that the stack does not support. Remedy: check `ip route get` "
             "of the venue's address and source_address; onload_stackdump lots shows "
             "tcp_handover_*";
    case AccelerationCause::kFellBack:
      return vma ? "the stack left this socket to the kernel. Remedy: check that the interface's "
                   "bond or VLAN consists of supported ports, the rules in /etc/libvma.conf, free "
                   "huge pages and LimitMEMLOCK, CAP_NET_RAW; VMA_TRACELEVEL=debug tells which"
                 : "the stack left this socket to the kernel. Remedy: check for EF_NAME with "
                   "EF_DONT_ACCELERATE, for too few stacks, endpoints or packet buffers "
                   "(EF_MAX_ENDPOINTS, EF_MAX_PACKETS, huge pages), and that the interface's bond "
                   "or VLAN consists of its ports; EF_NO_FAIL=0 turns that into an error";
  }
  return {};
}

}  // namespace

std::string_view Name(StackKind kind) noexcept {
  switch (kind) {
    case StackKind::kKernel:
      return "kernel";
    case StackKind::kOnload:
      return "onload";
    case StackKind::kVma:
      return "vma";
  }
  return "?";
}

std::string Describe(const Acceleration& it) {
  std::string text;
  const auto add = [&text](std::string_view before, std::string_view what) {
    if (!what.empty()) text.append(before).append(what);
  };
  if (it.accelerated()) {
    text = absl::StrCat("accelerated by ", std::string(Name(it.stack)));
    add(" ", it.version.view());
    add(" on ", it.interface.view());
    add(", stack ", it.stack_name.view());
    return text;
  }
  text = it.cause == AccelerationCause::kNotAsked ? "acceleration is not asked for"
                                                  : "carried by the kernel";
  add(" on ", it.interface.view());
  if (it.stack != StackKind::kKernel) {
    text += absl::StrCat(" although ", std::string(Name(it.stack)));
    add(" ", it.version.view());
    text += " is preloaded";
  }
  add(": ", Why(it));
  return text;
}

AccelerationStacks AccelerationStacks::Find() {
  AccelerationStacks stacks;
  // libonload_ext defines the same names without a stack; then it says 0.
  const auto is_present = Symbol<int (*)()>("onload_is_present");
  if (is_present != nullptr && is_present() == 1) {
    stacks.onload_fd_stat_ = Symbol<int (*)(int, OnloadStat*)>("onload_fd_stat");
    stacks.onload_fd_check_feature_ = Symbol<int (*)(int, int)>("onload_fd_check_feature");
    if (const auto version = Symbol<const char* const*>("onload_version"); version != nullptr) {
      stacks.onload_version_ = *version;
    }
    stacks.onload_off_ = SetTo("EF_DONT_ACCELERATE", true);
  }
  // The kernel answers EBADF. XLIO, VMA's relative with other functions behind the same option,
  // answers to another descriptor.
  void* api = nullptr;
  socklen_t bytes = sizeof(api);
  if (getsockopt(-1, SOL_SOCKET, kVmaGetApi, &api, &bytes) == 0 && bytes == sizeof(api)) {
    stacks.vma_ = static_cast<const VmaApi*>(api);
    stacks.vma_off_ = SetTo("VMA_OFFLOADED_SOCKETS", false);
  }
  return stacks;
}

void AccelerationStacks::Identify(int fd, AccelerationChoice choice, Acceleration& out) const {
  out = {};
  out.interface = FixedText<16>(InterfaceOf(fd));
  if (!out.interface.empty()) out.driver = FixedText<24>(DriverOf(out.interface.view()));
  Ask(fd, choice, out);
  if (out.stack == StackKind::kOnload && onload_version_ != nullptr) {
    out.version = FixedText<64>(onload_version_);
  }
}

void AccelerationStacks::Ask(int fd, AccelerationChoice choice, Acceleration& out) const noexcept {
  out.warm_sends = false;
  const bool onload = onload_fd_stat_ != nullptr;
  const bool vma = vma_ != nullptr;
  if (choice == AccelerationChoice::kOff) {
    out.stack = StackKind::kKernel;
    out.cause = AccelerationCause::kNotAsked;
  } else if (onload && choice != AccelerationChoice::kVma) {
    out.stack = StackKind::kOnload;
    out.cause = AskOnload(fd, out);
  } else if (vma && choice != AccelerationChoice::kOnload) {
    out.stack = StackKind::kVma;
    out.cause = AskVma(fd);
    if (out.cause == AccelerationCause::kFellBack) out.cause = Explain(out, vma_off_, kVmaDrivers);
    out.warm_sends = out.accelerated();
  } else {
    out.stack = onload ? StackKind::kOnload : vma ? StackKind::kVma : StackKind::kKernel;
    out.cause = onload || vma ? AccelerationCause::kOtherStack : AccelerationCause::kNotPreloaded;
  }
}

// onload_fd_stat() alone proves nothing: it answers 1 also for a socket that was handed to the
// kernel and left its endpoint in the stack. Whether warm sends work is answered by what the
// endpoint is, a connected TCP socket of the stack, and so tells the two apart.
AccelerationCause AccelerationStacks::AskOnload(int fd, Acceleration& out) const noexcept {
  OnloadStat stat{};
  if (onload_fd_stat_(fd, &stat) <= 0) return Explain(out, onload_off_, kOnloadDrivers);
  if (stat.stack_name != nullptr) out.stack_name.Set({stat.stack_name});
  free(stat.stack_name);
  // Negative: it cannot tell; then there are no warm sends either.
  const int warm = onload_fd_check_feature_ == nullptr
                       ? -ENOSYS
                       : onload_fd_check_feature_(fd, kOnloadFeatureWarm);
  if (warm == 0) return AccelerationCause::kHandedOver;
  out.warm_sends = warm > 0;
  return AccelerationCause::kNone;
}

// A TCP socket has receive rings exactly while VMA receives for it.
AccelerationCause AccelerationStacks::AskVma(int fd) const noexcept {
  if (vma_->get_socket_rings_num == nullptr) return AccelerationCause::kNoExtraApi;
  return vma_->get_socket_rings_num(fd) > 0 ? AccelerationCause::kNone
                                            : AccelerationCause::kFellBack;
}

bool AccelerationStacks::Warm(int fd, const Acceleration& last,
                              std::span<const std::byte> bytes) const noexcept {
  if (!last.warm_sends || bytes.empty()) return false;
  const bool still = last.stack == StackKind::kVma
                         ? AskVma(fd) == AccelerationCause::kNone
                         : onload_fd_check_feature_(fd, kOnloadFeatureWarm) > 0;
  if (!still) return false;
  // Whatever it answers: no room, a window that is closed, or that it did.
  const ssize_t ignored = send(fd, bytes.data(), bytes.size(), kWarm | MSG_NOSIGNAL | MSG_DONTWAIT);
  return ignored >= 0;
}

}  // namespace ringway
