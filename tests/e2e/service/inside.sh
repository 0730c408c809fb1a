#!/bin/bash
# Sets up, inside its own namespaces (service_test.cc), a machine with nothing but a systemd and the gateway's unit.
#
# usage: inside.sh FOLDER    FOLDER: the programs, the unit, the configuration, and where what happens is told
set -euo pipefail
folder=$1
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
if ! mount -t cgroup2 cgroup2 /sys/fs/cgroup 2> /dev/null; then
  umount --lazy /sys/fs/cgroup/* 2> /dev/null || true
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
# The user and the files of an installation, as in the unit's head; none of it leaves these namespaces.
cp -a /etc /run/etc
rm -rf /run/etc/systemd/system
mkdir -p /run/etc/systemd/system
mount --bind /run/etc /etc
echo 'ringway:x:990:990::/var/lib/ringway:/usr/sbin/nologin' >> /etc/passwd
echo 'ringway:x:990:' >> /etc/group
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /usr/local/bin
install -m 0755 "$folder/ringway-gateway" "$folder/ringway" /usr/local/bin/
install -d -o root -g ringway -m 0750 /etc/ringway /etc/ringway/keys
install -o ringway -m 0600 "$folder/1.key" /etc/ringway/keys/1.key
install -o root -g ringway -m 0640 "$folder/gateway.toml" /etc/ringway/gateway.toml
install -m 0644 "$folder/ringway-gateway.service" /etc/systemd/system/
install -d /etc/systemd/system/ringway-gateway.service.d
# The shipped unit, except for what this machine lacks, and with the longer limits that a loaded machine needs.
cat > /etc/systemd/system/ringway-gateway.service.d/here.conf <<CONF
[Unit]
DefaultDependencies=no
[Service]
WatchdogSec=300s
TimeoutStartSec=300s
StandardOutput=append:$folder/unit.log
StandardError=append:$folder/unit.log
CONF
cat > /etc/systemd/system/driver.service <<CONF
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/bash $folder/driver.sh $folder
StandardOutput=append:$folder/driver.log
StandardError=append:$folder/driver.log
CONF
cat > /etc/systemd/system/here.target <<CONF
[Unit]
DefaultDependencies=no
Wants=driver.service
AllowIsolate=yes
CONF
export container=other
exec /lib/systemd/systemd --system --unit=here.target --log-target=console --show-status=0
