#!/bin/sh
# Two Soft-RoCE devices in one kernel that exchange real packets over a veth pair, so that netem and a link that goes
# down act on RDMA traffic. names.sh names them.
#
# usage: devices.sh up|down             make both; take both away, and all that came with them
#        devices.sh link-down INTERFACE
#        devices.sh link-up INTERFACE   and the routes and the neighbour that went with the link
#        devices.sh netem INTERFACE FAULT... | off
#                                       what it sends meets tc-netem(8): netem va loss 5% delay 1ms
#
# A kernel takes what is sent to an address of its own for local, and never sends it. So the two addresses are taken out
# of the table of local addresses. Between the two of them the other end of the veth is the next hop; they are local to
# what arrives by a veth, and to all other senders. The rest of the host's network stays as it is. Soft-RoCE of Linux 6.1 works in the
# first network namespace only, so a namespace cannot do this job.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/softroce/names.sh
. "$here/names.sh"
address_a=$RINGWAY_RDMA_A address_b=$RINGWAY_RDMA_B
interface_a=$RINGWAY_RDMA_INTERFACE_A interface_b=$RINGWAY_RDMA_INTERFACE_B
mac_a=02:00:0a:09:00:01 mac_b=02:00:0a:09:01:01
# Routing tables: towards b, towards a, and what is local. The rules' priorities begin with the same number.
table_a=10901 table_b=10902 table_local=10903

# What an interface needs once it is up: `ip` commands for interface $1 of address $2, towards address $3 of MAC $4 by
# table $5. The kernel has just put $2 among the local addresses; a route may name it as its source only as long as it
# is there.
attach() {
  cat <<BATCH
route replace $3/32 dev $1 src $2 table $5
route replace local $2 dev $1 table $table_local
route del local $2 dev $1 table local
neigh replace $3 lladdr $4 dev $1 nud permanent
BATCH
}

attach_a() { attach "$interface_a" "$address_a" "$address_b" "$mac_b" $table_a; }
attach_b() { attach "$interface_b" "$address_b" "$address_a" "$mac_a" $table_b; }

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
  # Its peer, the addresses, the routes and the neighbours go with it.
  [ ! -e "/sys/class/net/$interface_a" ] || ip link del "$interface_a"
  # Those that were never made are no matter.
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
  ip -batch - <<BATCH
link set lo up
link add $interface_a address $mac_a type veth peer name $interface_b address $mac_b
link set $interface_a up
link set $interface_b up
addr add $address_a/24 dev $interface_a
addr add $address_b/24 dev $interface_b
$(attach_a)
$(attach_b)
$(rules add)
BATCH
  rdma link add "$RINGWAY_RDMA_DEVICE_A" type rxe netdev "$interface_a"
  rdma link add "$RINGWAY_RDMA_DEVICE_B" type rxe netdev "$interface_b"
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

case "${1:-}:$#" in
  up:1) up ;;
  down:1) down ;;
  link-down:2)
    interface "$2"
    ip link set "$2" down
    ;;
  link-up:2)
    interface "$2"
    {
      echo "link set $2 up"
      if [ "$2" = "$interface_a" ]; then attach_a; else attach_b; fi
    } | ip -batch -
    ;;
  netem:[3-9] | netem:[1-9][0-9])
    interface "$2"
    interface=$2
    shift 2
    if [ "$*" = off ]; then set -- noqueue; else set -- netem "$@"; fi
    tc qdisc replace dev "$interface" root "$@"
    ;;
  *)
    sed -n 's/^# usage:/usage:/p; s/^#        /       /p' "$0" >&2
    exit 2
    ;;
esac
