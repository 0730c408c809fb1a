#!/bin/bash
# Runs on that machine: starts the unit, kills its gateway while it trades, and waits for systemd to restart it.
#
# usage: driver.sh FOLDER. Ends with FOLDER/done; each figure has a file of its own before.
set -euo pipefail
folder=$1
trap 'touch "$folder/done"' EXIT
unit=ringway-gateway
main_pid() { systemctl show --property=MainPID --value $unit; }
# Waits until the unit is ready with another process than $1.
await() {
  for _ in $(seq 3000); do
    pid=$(main_pid)
    if [[ $(systemctl is-active $unit) == active && $pid != 0 && $pid != "$1" ]]; then return 0; fi
    sleep 0.1
  done
  systemctl status $unit --no-pager || true
  return 1
}
systemctl start $unit
await 0
first=$(main_pid)
# A file that an exchange beside it would have there.
touch /run/ringway/exchange.sock
"$folder/flow" shm:/run/ringway/gateway.sock "$folder/1.key" 200 "$first" > "$folder/acknowledged"
await "$first"
/usr/local/bin/ringway --socket /run/ringway/admin.sock status > "$folder/status.json"
systemctl stop $unit
ls /run/ringway > "$folder/left"
systemctl is-failed $unit > "$folder/state" || true
