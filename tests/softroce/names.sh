# shellcheck shell=sh
# The environment of a command: addresses, devices and interfaces of the two ends. Read by sh.
export RINGWAY_RDMA_A=10.9.0.1 RINGWAY_RDMA_B=10.9.1.1
export RINGWAY_RDMA_DEVICE_A=rxa RINGWAY_RDMA_DEVICE_B=rxb
export RINGWAY_RDMA_INTERFACE_A=va RINGWAY_RDMA_INTERFACE_B=vb
# The folders of ip, tc and rdma, which only root has in its path.
export PATH="${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin"
