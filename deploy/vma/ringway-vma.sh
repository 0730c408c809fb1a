#!/bin/sh
# Starts a program under VMA with the settings that suit Ringway's engine: ringway-vma.sh ringway-gateway ARGS
#
# A setting that is in the environment already wins. Each is described in libvma's README. Under systemd, in a drop-in of
# ringway-gateway.service:
#   [Service]
#   ExecStart=
#   ExecStart=/usr/local/lib/ringway/ringway-vma.sh /usr/local/bin/ringway-gateway --config /etc/ringway/gateway.toml
#   AmbientCapabilities=CAP_NET_RAW
#   CapabilityBoundingSet=CAP_NET_RAW
#   PrivateDevices=no
#   DeviceAllow=char-infiniband_verbs rw
#   DeviceAllow=/dev/infiniband/rdma_cm rw
#   RestrictAddressFamilies=AF_NETLINK
# The program must have no file capabilities and no set-user-id bit: the loader ignores LD_PRELOAD for those. Huge pages
# come from vm.nr_hugepages (deploy/host-tuning.md).
#
# Then say in the venue's configuration what must hold, and Ringway checks it for each connection:
#   acceleration = "vma"
#   require_acceleration = true
set -eu

library=${RINGWAY_VMA_LIBRARY:-libvma.so}
case $library in
  /*) [ -r "$library" ] ;;
  *) ldconfig -p 2> /dev/null | grep -qF "$library" ;;
esac || {
  echo "ringway-vma: $library is not installed. Remedy: install VMA, or set RINGWAY_VMA_LIBRARY to its path" >&2
  exit 1
}
[ $# -gt 0 ] || {
  echo "usage: $0 PROGRAM [ARGUMENTS]" >&2
  exit 2
}

# Locks that spin, not none: a connection is made on a dialer's thread, and used on the engine's. That is why
# VMA_SPEC=latency, which takes the locks away, is not used here; what else it sets and helps is below.
: "${VMA_THREAD_MODE:=1}"
# One ring for each interface, for the same reason: none belongs to the thread that made the connection.
: "${VMA_RING_ALLOCATION_LOGIC_TX:=0}"
: "${VMA_RING_ALLOCATION_LOGIC_RX:=0}"
# Only the dialing and accepting threads wait in poll(); they sleep there and leave their core to others.
: "${VMA_SELECT_POLL:=0}"
# The engine polls all the time: VMA's own thread has to drain the card only when it did not.
: "${VMA_PROGRESS_ENGINE_INTERVAL:=100}"
# That thread stays off the engine's isolated core.
: "${VMA_INTERNAL_THREAD_AFFINITY:=0}"
# Options are set on the engine's thread too, the quick acknowledgement after each burst: without the kernel.
: "${VMA_AVOID_SYS_CALLS_ON_TCP_FD:=1}"
# Packets are acknowledged at once.
: "${VMA_TCP_QUICKACK:=1}"
# Packets of one burst are not held back to be merged.
: "${VMA_GRO_STREAMS_MAX:=0}"
: "${VMA_CQ_MODERATION_ENABLE:=0}"
# Buffers in huge pages: fewer misses of the TLB.
: "${VMA_MEM_ALLOC_TYPE:=2}"
export VMA_THREAD_MODE VMA_RING_ALLOCATION_LOGIC_TX VMA_RING_ALLOCATION_LOGIC_RX VMA_SELECT_POLL \
  VMA_PROGRESS_ENGINE_INTERVAL VMA_INTERNAL_THREAD_AFFINITY VMA_AVOID_SYS_CALLS_ON_TCP_FD VMA_TCP_QUICKACK \
  VMA_GRO_STREAMS_MAX VMA_CQ_MODERATION_ENABLE VMA_MEM_ALLOC_TYPE

LD_PRELOAD=$library${LD_PRELOAD:+:$LD_PRELOAD}
export LD_PRELOAD
exec "$@"
