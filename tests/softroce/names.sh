# shellcheck shell=sh
# What a command finds in its environment: addresses, devices and interfaces of the two ends. Read by sh.
export RINGWAY_RDMA_A=10.9.0.1 RINGWAY_RDMA_B=10.9.1.1
export RINGWAY_RDMA_DEVICE_A=rxa RINGWAY_RDMA_DEVICE_B=rxb
export RINGWAY_RDMA_INTERFACE_A=va RINGWAY_RDMA_INTERFACE_B=vb
# Where ip, tc and rdma are, which only root has in its path.
export PATH="${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin"
