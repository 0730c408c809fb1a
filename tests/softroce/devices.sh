#!/bin/sh
# Two Soft-RoCE devices, rxa and rxb, in one kernel, that exchange real packets over a veth pair (va, vb), so that netem
# and a link that goes down act on RDMA traffic.
#
# usage: devices.sh up|heal|down
#   up    makes them
#   heal  puts back the routes and neighbours that a link loses when it goes down
#   down  takes everything away again
set -eu

a=10.9.0.1 b=10.9.1.1
mac_a=02:00:0a:09:00:01 mac_b=02:00:0a:09:01:01

neighbours_and_routes() {
  cat <<BATCH
route replace $b/32 dev va src $a table 100
route replace $a/32 dev vb src $b table 101
neigh replace $b lladdr $mac_b dev va nud permanent
neigh replace $a lladdr $mac_a dev vb nud permanent
BATCH
}

case "${1:-}" in
  up)
    ip -batch - <<BATCH
link set lo up
link add va address $mac_a type veth peer name vb address $mac_b
addr add $a/24 dev va
addr add $b/24 dev vb
link set va up
link set vb up
$(neighbours_and_routes)
rule add pref 10 iif va lookup local
rule add pref 11 iif vb lookup local
rule add pref 20 oif va lookup 100
rule add pref 21 oif vb lookup 101
rule add pref 22 from $a to $b lookup 100
rule add pref 23 from $b to $a lookup 101
rule add pref 32000 lookup local
rule del pref 0
BATCH
    for nic in all va vb; do
      echo 0 > /proc/sys/net/ipv4/conf/$nic/rp_filter
      echo 1 > /proc/sys/net/ipv4/conf/$nic/accept_local
    done
    rdma link add rxa type rxe netdev va
    rdma link add rxb type rxe netdev vb
    ;;
  heal) neighbours_and_routes | ip -batch - ;;
esac
