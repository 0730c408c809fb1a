// Tests that the two Soft-RoCE devices are what other tests assume: active, exchanging real
// packets, and affected by netem and by a link that goes down.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <infiniband/verbs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace ringway {
namespace {

constexpr int kGidIndex = 1;  // 0 is the link-local address, 1 the IPv4 one
constexpr int kPort = 1;
constexpr uint32_t kBytes = 4096;  // four packets of the path MTU of 1024
constexpr int kWritesMax = 64;
constexpr int64_t kPatienceNs = 20 * kNsPerS;
// Half a second until a silent peer is given up: on a busy machine it may be late.
constexpr uint8_t kTimeout = 14;
constexpr uint8_t kRetries = 6;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A counter of an interface (rx_packets) or of a device.
int64_t ReadCounter(const std::string& path) {
  int64_t value = -1;
  std::ifstream(path) >> value;
  return value;
}

int64_t Packets(const std::string& interface, const std::string& counter) {
  return ReadCounter("/sys/class/net/" + interface + "/statistics/" + counter);
}

int64_t DeviceCounter(const std::string& device, const std::string& counter) {
  return ReadCounter("/sys/class/infiniband/" + device + "/ports/1/hw_counters/" + counter);
}

// Runs devices.sh, as any test may.
void Devices(const std::string& arguments) {
  const std::string command = "sh \"$RINGWAY_SOFTROCE_DEVICES\" " + arguments;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

template <auto destroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    destroy(object);
  }
};
template <typename T, auto destroy>
using Owned = std::unique_ptr<T, Destroyer<destroy>>;

// One end: a device by name, its memory and one reliable connection.
class End {
 public:
  explicit End(const std::string& device) {
    int count = 0;
    ibv_device** list = ibv_get_device_list(&count);
    for (int i = 0; i < count; ++i) {
      if (device == ibv_get_device_name(list[i])) context_.reset(ibv_open_device(list[i]));
    }
    if (list != nullptr) ibv_free_device_list(list);
    if (context_ == nullptr) return;
    domain_.reset(ibv_alloc_pd(context_.get()));
    queue_.reset(ibv_create_cq(context_.get(), kWritesMax, nullptr, nullptr, 0));
    region_.reset(ibv_reg_mr(domain_.get(), memory_.data(), memory_.size(),
                             IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE));
    ibv_qp_init_attr init{};
    init.send_cq = init.recv_cq = queue_.get();
    init.qp_type = IBV_QPT_RC;
    init.sq_sig_all = 1;
    init.cap = {.max_send_wr = kWritesMax,
                .max_recv_wr = 1,
                .max_send_sge = 1,
                .max_recv_sge = 1,
                .max_inline_data = 0};
    if (domain_ != nullptr && queue_ != nullptr) pair_.reset(ibv_create_qp(domain_.get(), &init));
  }

  bool ok() const { return pair_ != nullptr && region_ != nullptr; }
  std::array<uint8_t, kBytes>& memory() { return memory_; }

  ibv_port_attr Port() const {
    ibv_port_attr port{};
    ibv_query_port(context_.get(), kPort, &port);
    return port;
  }

  ibv_gid Gid() const {
    ibv_gid gid{};
    ibv_query_gid(context_.get(), kPort, kGidIndex, &gid);
    return gid;
  }

  // `timeout` is the exponent of 4.096 us after which an unanswered packet is retransmitted.
  bool Connect(const End& peer, uint8_t timeout) {
    ibv_qp_attr attr{};
    attr.qp_state = IBV_QPS_INIT;
    attr.port_num = kPort;
    attr.qp_access_flags = IBV_ACCESS_REMOTE_WRITE;
    if (ibv_modify_qp(pair_.get(), &attr,
                      IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS) != 0) {
      return false;
    }
    attr.qp_state = IBV_QPS_RTR;
    attr.path_mtu = IBV_MTU_1024;
    attr.dest_qp_num = peer.pair_->qp_num;
    attr.ah_attr.is_global = 1;
    attr.ah_attr.grh = {.dgid = peer.Gid(),
                        .flow_label = 0,
                        .sgid_index = kGidIndex,
                        .hop_limit = 1,
                        .traffic_class = 0};
    attr.ah_attr.port_num = kPort;
    if (ibv_modify_qp(pair_.get(), &attr,
                      IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
                          IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER) != 0) {
      return false;
    }
    attr.qp_state = IBV_QPS_RTS;
    attr.timeout = timeout;
    attr.retry_cnt = kRetries;
    return ibv_modify_qp(pair_.get(), &attr,
                         IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
                             IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC) == 0;
  }

  // Writes all of its memory over the peer's, `times` at once. Returns the first status that is not
  // success, if any, else success.
  ibv_wc_status Write(const End& peer, int times = 1) {
    ibv_sge piece{.addr = reinterpret_cast<uintptr_t>(memory_.data()),
                  .length = kBytes,
                  .lkey = region_->lkey};
    ibv_send_wr request{};
    request.sg_list = &piece;
    request.num_sge = 1;
    request.opcode = IBV_WR_RDMA_WRITE;
    request.wr.rdma = {.remote_addr = reinterpret_cast<uintptr_t>(peer.memory_.data()),
                       .rkey = peer.region_->rkey};
    ibv_send_wr* refused = nullptr;
    for (int i = 0; i < times; ++i) {
      if (ibv_post_send(pair_.get(), &request, &refused) != 0) return IBV_WC_GENERAL_ERR;
    }
    ibv_wc_status worst = IBV_WC_SUCCESS;
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    for (int done = 0; done < times;) {
      if (MonotonicNowNs() > deadline_ns) return IBV_WC_RESP_TIMEOUT_ERR;
      ibv_wc completion{};
      if (ibv_poll_cq(queue_.get(), 1, &completion) != 1) continue;
      if (worst == IBV_WC_SUCCESS) worst = completion.status;
      ++done;
    }
    return worst;
  }

 private:
  alignas(4096) std::array<uint8_t, kBytes> memory_{};
  // Destroyed from the last to the first.
  Owned<ibv_context, ibv_close_device> context_;
  Owned<ibv_pd, ibv_dealloc_pd> domain_;
  Owned<ibv_cq, ibv_destroy_cq> queue_;
  Owned<ibv_mr, ibv_dereg_mr> region_;
  Owned<ibv_qp, ibv_destroy_qp> pair_;
};

class EnvironmentTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(kTimeout); }

  void TearDown() override {
    if (netem_) Devices("netem " + interface_a_ + " off");
    for (const std::string& interface : down_) Devices("link-up " + interface);
  }

  // Makes new queue pairs, connected to each other, with different bytes on each side.
  void Reopen(uint8_t timeout) {
    a_ = std::make_unique<End>(device_a_);
    b_ = std::make_unique<End>(device_b_);
    ASSERT_TRUE(a_->ok() && b_->ok())
        << "no devices " << device_a_ << " and " << device_b_ << ": run it by ./run softroce";
    ASSERT_TRUE(a_->Connect(*b_, timeout) && b_->Connect(*a_, timeout));
    a_->memory().fill(0xA5);
    b_->memory().fill(0);
  }

  // The kernel notifies a device of its cable within a second.
  static bool Becomes(const End& end, ibv_port_state state) {
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    while (end.Port().state != state) {
      if (MonotonicNowNs() > deadline_ns) return false;
      usleep(10'000);
    }
    return true;
  }

  void Netem(const std::string& faults) {
    netem_ = faults != "off";
    Devices("netem " + interface_a_ + " " + faults);
  }

  const std::string device_a_ = Variable("RINGWAY_RDMA_DEVICE_A");
  const std::string device_b_ = Variable("RINGWAY_RDMA_DEVICE_B");
  const std::string interface_a_ = Variable("RINGWAY_RDMA_INTERFACE_A");
  const std::string interface_b_ = Variable("RINGWAY_RDMA_INTERFACE_B");
  std::unique_ptr<End> a_, b_;
  bool netem_ = false;
  std::vector<std::string> down_;
};

TEST_F(EnvironmentTest, BothDevicesAreActiveAtTheirAddresses) {
  for (const auto& [end, address] :
       {std::pair{a_.get(), "RINGWAY_RDMA_A"}, std::pair{b_.get(), "RINGWAY_RDMA_B"}}) {
    EXPECT_EQ(end->Port().state, IBV_PORT_ACTIVE);
    // ::ffff:a.b.c.d
    std::array<char, INET_ADDRSTRLEN> text{};
    const ibv_gid gid = end->Gid();
    ASSERT_NE(inet_ntop(AF_INET, &gid.raw[12], text.data(), text.size()), nullptr);
    EXPECT_EQ(text.data(), Variable(address));
  }
}

TEST_F(EnvironmentTest, WritesCrossTheLink) {
  const int64_t sent = Packets(interface_a_, "tx_packets");
  const int64_t received = Packets(interface_b_, "rx_packets");
  ASSERT_EQ(a_->Write(*b_, kWritesMax), IBV_WC_SUCCESS);
  EXPECT_EQ(b_->memory(), a_->memory());
  constexpr int kPackets = kWritesMax * kBytes / 1024;
  EXPECT_GE(Packets(interface_a_, "tx_packets") - sent, kPackets);
  EXPECT_GE(Packets(interface_b_, "rx_packets") - received, kPackets);
}

TEST_F(EnvironmentTest, NetemDelaysThem) {
  // Nothing is retransmitted within 537 ms.
  Reopen(17);
  constexpr int64_t kDelayNs = 40 * kNsPerMs;
  // Takes the fastest of many writes: a busy machine delays some of them by itself.
  const auto one_is_faster = [this] {
    bool faster = false;
    for (int i = 0; i < 50 && !faster; ++i) {
      const int64_t start_ns = MonotonicNowNs();
      EXPECT_EQ(a_->Write(*b_), IBV_WC_SUCCESS);
      faster = MonotonicNowNs() - start_ns < kDelayNs;
    }
    return faster;
  };
  EXPECT_TRUE(one_is_faster());
  Netem("delay 40ms");
  EXPECT_FALSE(one_is_faster());
  Netem("off");
  EXPECT_TRUE(one_is_faster());
}

TEST_F(EnvironmentTest, WritesSurviveLossAndDuplicates) {
  const int64_t gaps = DeviceCounter(device_b_, "out_of_seq_request");
  const int64_t duplicates = DeviceCounter(device_b_, "duplicate_request");
  Netem("loss 5% duplicate 5%");
  ASSERT_EQ(a_->Write(*b_, kWritesMax), IBV_WC_SUCCESS);
  EXPECT_EQ(b_->memory(), a_->memory());
  EXPECT_GT(DeviceCounter(device_b_, "out_of_seq_request"), gaps);
  EXPECT_GT(DeviceCounter(device_b_, "duplicate_request"), duplicates);
}

TEST_F(EnvironmentTest, TotalLossEndsTheConnection) {
  Netem("loss 100%");
  EXPECT_EQ(a_->Write(*b_), IBV_WC_RETRY_EXC_ERR);
  EXPECT_NE(b_->memory(), a_->memory());
}

TEST_F(EnvironmentTest, LinkDownEndsTheConnectionAndLinkUpHeals) {
  for (const auto& [end, interface] : {std::pair{&a_, interface_a_}, {&b_, interface_b_}}) {
    Reopen(kTimeout);
    down_.push_back(interface);
    Devices("link-down " + interface);
    EXPECT_NE(a_->Write(*b_), IBV_WC_SUCCESS) << interface;
    EXPECT_NE(b_->memory(), a_->memory()) << interface;
    EXPECT_TRUE(Becomes(**end, IBV_PORT_DOWN)) << interface;
    Devices("link-up " + interface);
    down_.pop_back();
    EXPECT_TRUE(Becomes(**end, IBV_PORT_ACTIVE)) << interface;
    Reopen(kTimeout);
    EXPECT_EQ(a_->Write(*b_), IBV_WC_SUCCESS) << interface;
    EXPECT_EQ(b_->memory(), a_->memory()) << interface;
  }
}

}  // namespace
}  // namespace ringway
