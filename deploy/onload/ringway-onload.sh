#!/bin/sh
# Starts a program under Onload with the settings that suit Ringway's engine: ringway-onload.sh ringway-gateway ARGS
#
# A setting that is in the environment already wins. Each is described in Onload's src/include/ci/internal/opts_*_def.h
# and in its user guide. Under systemd, in a drop-in of ringway-gateway.service:
#   [Service]
#   ExecStart=
#   ExecStart=/usr/local/lib/ringway/ringway-onload.sh /usr/local/bin/ringway-gateway --config /etc/ringway/gateway.toml
#   PrivateDevices=no
#   DeviceAllow=/dev/onload rw
#   DeviceAllow=/dev/onload_epoll rw
#   DeviceAllow=/dev/sfc_char rw
#   DeviceAllow=/dev/sfc_affinity rw
# The program must have no file capabilities and no set-user-id bit: the loader ignores LD_PRELOAD for those.
#
# Then say in the venue's configuration what must hold, and Ringway checks it for each connection:
#   acceleration = "onload"
#   require_acceleration = true
set -eu

library=${RINGWAY_ONLOAD_LIBRARY:-libonload.so}
case $library in
  /*) [ -r "$library" ] ;;
  *) ldconfig -p 2> /dev/null | grep -qF "$library" ;;
esac || {
  echo "ringway-onload: $library is not installed. Remedy: install Onload, or set RINGWAY_ONLOAD_LIBRARY to its path" >&2
  exit 1
}
[ $# -gt 0 ] || {
  echo "usage: $0 PROGRAM [ARGUMENTS]" >&2
  exit 2
}

# The engine asks its sockets again and again and never sleeps in a call. Spinning is for calls that block: those of the
# dialing and accepting threads, whose cores others need.
: "${EF_POLL_USEC:=0}"
# Without spinning this would be on: interrupts that take the stack's lock away from the engine, which polls anyway.
: "${EF_INT_DRIVEN:=0}"
# One stack for all threads: a connection is made on a dialer's thread, and used on the engine's. With one for each
# thread the engine would have to poll several.
: "${EF_STACK_PER_THREAD:=0}"
# No stack, endpoint or buffer left is an error that the connector reports, not a silent way through the kernel.
: "${EF_NO_FAIL:=0}"
# A send without packet buffers says so (back-pressure of that venue) instead of waiting for one on the engine's thread.
: "${EF_TCP_SEND_NONBLOCK_NO_PACKETS_MODE:=1}"
# With TCP_NODELAY, which Ringway sets, a small order leaves at once whatever is still unacknowledged.
: "${EF_NONAGLE_INFLIGHT_MAX:=65535}"
# No burst of acknowledgements on the receive path of a connection that is new or was idle.
: "${EF_TCP_FASTSTART_INIT:=0}"
: "${EF_TCP_FASTSTART_IDLE:=0}"
export EF_POLL_USEC EF_INT_DRIVEN EF_STACK_PER_THREAD EF_NO_FAIL EF_TCP_SEND_NONBLOCK_NO_PACKETS_MODE \
  EF_NONAGLE_INFLIGHT_MAX EF_TCP_FASTSTART_INIT EF_TCP_FASTSTART_IDLE

LD_PRELOAD=$library${LD_PRELOAD:+:$LD_PRELOAD}
export LD_PRELOAD
exec "$@"
