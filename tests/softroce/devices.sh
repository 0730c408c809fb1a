#!/bin/sh
# Two Soft-RoCE devices in one kernel that exchange real packets over two cables and what joins them, so that netem and
# a link that goes down act on RDMA traffic. names.sh names them.
#
# usage: devices.sh up|down             make both; take both away, and all that came with them
#        devices.sh link-down INTERFACE its cable's other end goes down: it loses its carrier, and nothing passes
#        devices.sh link-up INTERFACE   the cable again, also where it never was down
#        devices.sh netem INTERFACE FAULT... | off
#                                       what it sends meets tc-netem(8): netem va loss 5% delay 1ms
#        devices.sh device-del DEVICE   the device is taken away: waits until nobody has it open
#        devices.sh device-add DEVICE   the device again
#        devices.sh heal                both devices there, both links up, no netem; also where nothing was hurt
#
# A kernel takes what is sent to an address of its own for local, and never sends it. So the two addresses are taken out
# of the table of local addresses. Between the two of them the cable is the next hop; they are local to what arrives by a
# cable, and to all other senders. The rest of the host's network stays as it is. Soft-RoCE of Linux 6.1 works in the
# first network namespace only, so a namespace cannot do this job.
#
# The cables (veth pairs) end in a namespace of their own, where no firewall of the host's is, and where either passes on
# to the other what it gets. They are two so that one can be pulled: an interface that is itself set down loses its
# routes, and then the next message of the connection manager breaks the device for good (docs/adr/0012-softroce.md).
set -eu

here=$(dirname "$0")
# shellcheck source=tests/softroce/names.sh
. "$here/names.sh"
address_a=$RINGWAY_RDMA_A address_b=$RINGWAY_RDMA_B
interface_a=$RINGWAY_RDMA_INTERFACE_A interface_b=$RINGWAY_RDMA_INTERFACE_B
patch=ringway-patch
mac_a=02:00:0a:09:00:01 mac_b=02:00:0a:09:01:01
# Routing tables: towards b, towards a, and what is local. The rules' priorities begin with the same number.
table_a=10901 table_b=10902 table_local=10903

# `ip` commands for interface $1 of MAC $2 and address $3, towards address $4 of MAC $5 by table $6. The kernel puts $3
# among the local addresses as it is given to the interface; a route may name it as its source only as long as it is
# there.
attach() {
  cat <<BATCH
link add $1 address $2 type veth peer name $1 netns $patch
link set $1 up
addr add $3/24 dev $1
route replace $4/32 dev $1 src $3 table $6
route replace local $3 dev $1 table $table_local
route del local $3 dev $1 table local
neigh replace $4 lladdr $5 dev $1 nud permanent
BATCH
}

rules() {
  cat <<BATCH
rule $1 pref 10901 iif $interface_a lookup $table_local
rule $1 pref 10902 iif $interface_b lookup $table_local
rule $1 pref 10903 oif $interface_a lookup $table_a
rule $1 pref 10904 oif $interface_b lookup $table_b
rule $1 pref 10905 from $address_a to $address_b lookup $table_a
rule $1 pref 10906 from $address_b to $address_a lookup $table_b
rule $1 pref 10907 to $address_a lookup $table_local
rule $1 pref 10908 to $address_b lookup $table_local
BATCH
}

down() {
  for device in "$RINGWAY_RDMA_DEVICE_A" "$RINGWAY_RDMA_DEVICE_B"; do
    [ ! -e "/sys/class/infiniband/$device" ] || rdma link del "$device"
  done
  # The cables, their addresses, routes and neighbours go with it.
  [ ! -e "/run/netns/$patch" ] || ip netns del "$patch"
  # Rules that were never made do not matter.
  rules del | ip -force -batch - 2> /dev/null || true
}

up() {
  for name in "net/$interface_a" "net/$interface_b" \
    "infiniband/$RINGWAY_RDMA_DEVICE_A" "infiniband/$RINGWAY_RDMA_DEVICE_B"; do
    [ ! -e "/sys/class/$name" ] || {
      echo "/sys/class/$name is there already; if a run that was killed left it behind: $0 down" >&2
      exit 1
    }
  done
  trap down EXIT
  ip netns add "$patch"
  ip -batch - <<BATCH
link set lo up
$(attach "$interface_a" $mac_a "$address_a" "$address_b" $mac_b $table_a)
$(attach "$interface_b" $mac_b "$address_b" "$address_a" $mac_a $table_b)
$(rules add)
BATCH
  # Not a bridge: its ports forward nothing for the second that the kernel takes to notify it of a link.
  tc -netns "$patch" -batch - <<BATCH
qdisc add dev $interface_a ingress
qdisc add dev $interface_b ingress
filter add dev $interface_a ingress matchall action mirred egress redirect dev $interface_b
filter add dev $interface_b ingress matchall action mirred egress redirect dev $interface_a
BATCH
  ip -netns "$patch" -batch - <<BATCH
link set $interface_a up
link set $interface_b up
BATCH
  add_device "$RINGWAY_RDMA_DEVICE_A"
  add_device "$RINGWAY_RDMA_DEVICE_B"
  trap - EXIT
}

# interface NAME: one of the two.
interface() {
  case "$1" in
    "$interface_a" | "$interface_b") ;;
    *)
      echo "no interface of ours: $1; they are $interface_a and $interface_b" >&2
      exit 2
      ;;
  esac
}

# add_device NAME: over its interface.
add_device() {
  case "$1" in
    "$RINGWAY_RDMA_DEVICE_A") rdma link add "$1" type rxe netdev "$interface_a" ;;
    "$RINGWAY_RDMA_DEVICE_B") rdma link add "$1" type rxe netdev "$interface_b" ;;
    *)
      echo "no device of ours: $1; they are $RINGWAY_RDMA_DEVICE_A and $RINGWAY_RDMA_DEVICE_B" >&2
      exit 2
      ;;
  esac
}

case "${1:-}:$#" in
  up:1) up ;;
  down:1) down ;;
  link-down:2 | link-up:2)
    interface "$2"
    ip -netns "$patch" link set "$2" "${1#link-}"
    ;;
  netem:[3-9] | netem:[1-9][0-9])
    interface "$2"
    interface=$2
    shift 2
    if [ "$*" = off ]; then set -- noqueue; else set -- netem "$@"; fi
    tc qdisc replace dev "$interface" root "$@"
    ;;
  device-del:2) rdma link del "$2" ;;
  device-add:2) add_device "$2" ;;
  heal:1)
    for device in "$RINGWAY_RDMA_DEVICE_A" "$RINGWAY_RDMA_DEVICE_B"; do
      [ -e "/sys/class/infiniband/$device" ] || add_device "$device"
    done
    for interface in "$interface_a" "$interface_b"; do echo "link set $interface up"; done |
      ip -netns "$patch" -batch -
    for interface in "$interface_a" "$interface_b"; do echo "qdisc replace dev $interface root noqueue"; done |
      tc -batch -
    ;;
  *)
    sed -n 's/^# usage:/usage:/p; s/^#        /       /p' "$0" >&2
    exit 2
    ;;
esac
