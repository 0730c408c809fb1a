# What tests find in their environment: the addresses, devices and interfaces of the two ends. Read by sh, exported.
RINGWAY_RDMA_A=10.9.0.1
RINGWAY_RDMA_B=10.9.1.1
RINGWAY_RDMA_DEVICE_A=rxa
RINGWAY_RDMA_DEVICE_B=rxb
RINGWAY_RDMA_INTERFACE_A=va
RINGWAY_RDMA_INTERFACE_B=vb
