#!/bin/sh
# A disk that can be told to fail: ext4 on dm-flakey on a loop device over a file in memory. For the VM of ./run softroce.
#
# usage: disk.sh up MIB           makes it, of so many MiB, and mounts it at /run/ringway-disk
#        disk.sh healthy          it does what it is asked
#        disk.sh slow MS         each read and write takes so many milliseconds
#        disk.sh error-writes     every write fails
#        disk.sh drop-writes      every write and every flush says it worked, and is forgotten
#        disk.sh lose-power       unmounted without a word reaching it, so that no cache is left; healthy, and mounted again
#        disk.sh down             takes it away, also what an end left half made
set -eu
export PATH="${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin" DM_DISABLE_UDEV=1

name=ringway-disk
image=/dev/shm/$name.img
place=/run/$name

# Its size in sectors and its loop device, kept for later commands: each process started costs emulated seconds.
kept=/run/$name.device

# table UP DOWN FEATURES: dm-flakey's table: UP seconds healthy, then DOWN seconds as FEATURES say.
table() {
  read -r sectors loop < $kept
  echo "0 $sectors flakey $loop 0 $1 $2 $3"
}
delay_table() {
  read -r sectors loop < $kept
  echo "0 $sectors delay $loop 0 $1"
}

# Waits for I/O in flight, but does not let the file system write anything first.
load_table() {
  dmsetup suspend --nolockfs $name
  dmsetup load $name --table "$1"
  dmsetup resume $name
}
load() { load_table "$(table "$@")"; }
healthy() { load 3600 0 0; }

down() {
  ! mountpoint -q $place || umount $place
  ! dmsetup info $name > /dev/null 2>&1 || dmsetup remove $name
  if [ -e $kept ]; then
    read -r sectors loop < $kept
    losetup --detach "$loop"
  fi
  rm -rf $image $place $kept
}

case "${1:-}:$#" in
  up:2)
    for module in loop dm_mod dm_flakey dm_delay ext4; do
      [ -e "/sys/module/$module" ] || {
        echo "the kernel has no $module: image.py loads what the VM needs, modprobe $module where you are" >&2
        exit 1
      }
    done
    down
    truncate --size "$2M" $image
    loop=$(losetup --find --show $image)
    echo "$(($2 * 2048)) $loop" > $kept
    dmsetup create $name --table "$(table 3600 0 0)"
    mkfs.ext4 -q -F -b 4096 -m 0 -J size=4 /dev/mapper/$name
    mkdir $place
    mount -t ext4 /dev/mapper/$name $place
    ;;
  healthy:1) healthy ;;
  slow:2) load_table "$(delay_table "$2")" ;;
  error-writes:1) load 0 3600 "1 error_writes" ;;
  drop-writes:1) load 0 3600 "1 drop_writes" ;;
  lose-power:1)
    load 0 3600 "1 drop_writes"
    umount $place # and so no page of it is cached any more
    healthy
    mount -t ext4 /dev/mapper/$name $place
    ;;
  down:1) down ;;
  *)
    sed -n 's/^# usage:/usage:/p; s/^#        /       /p' "$0" >&2
    exit 2
    ;;
esac
