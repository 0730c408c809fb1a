"""Runs one command in a virtual machine that has two Soft-RoCE devices and, read-only, the host's files."""

import os
import pathlib
import re
import selectors
import shlex
import socket
import subprocess
import sys
import tempfile
import time

KERNEL_ARGUMENTS = "console=ttyS0 quiet panic=-1 oops=panic mitigations=off"
MEMORY_MIB = 2048
HERE = pathlib.Path(__file__).resolve().parent
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class VmError(Exception):
    """The VM ended in another way than by its command's end; says what happened and where the kernel's log is."""


def write_job(folder, command, environment, writable):
    """Writes what the VM's init reads: folders to mount writable, and two shell scripts, set-up and command."""
    (folder / "write").write_text("".join(f"{path}\n" for path in writable))
    (folder / "setup").write_text(f"exec sh {shlex.quote(str(HERE / 'devices.sh'))} up\n")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items() if NAME.fullmatch(name)]
    lines += ["set -a", f". {shlex.quote(str(HERE / 'names.sh'))}", "set +a",
              f"cd {shlex.quote(os.getcwd())}", "exec " + shlex.join(command)]
    (folder / "command").write_text("\n".join(lines) + "\n")


def run(image, command, environment, writable, seconds_max, log_path, on_ready):
    with tempfile.TemporaryDirectory(prefix="ringway-softroce-") as name:
        folder = pathlib.Path(name)
        write_job(folder, command, environment, writable)
        ports = {port: socket.socketpair() for port in ("control", "stdout", "stderr")}
        qemu = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MIB),
                "-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-kernel", str(image.kernel), "-initrd", str(image.initramfs),
                "-append", f"{KERNEL_ARGUMENTS} ringway.job={folder}",
                "-chardev", f"file,id=log,path={log_path}", "-serial", "chardev:log",
                "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
                "-device", "virtio-9p-pci,fsdev=host,mount_tag=host", "-device", "virtio-serial-pci"]
        for index, path in enumerate(writable):
            qemu += ["-fsdev", f"local,id=write{index},path={path},security_model=none,multidevs=remap",
                     "-device", f"virtio-9p-pci,fsdev=write{index},mount_tag=write{index}"]
        for port, (_, inner) in ports.items():
            qemu += ["-chardev", f"socket,id={port},fd={inner.fileno()}", "-device", f"virtserialport,chardev={port},name={port}"]
        process = subprocess.Popen(qemu, stdin=subprocess.DEVNULL, pass_fds=[inner.fileno() for _, inner in ports.values()])
        try:
            for _, inner in ports.values():
                inner.close()
            return follow({port: outer for port, (outer, _) in ports.items()}, seconds_max, on_ready)
        finally:
            process.kill()
            process.wait()
            for outer, _ in ports.values():
                outer.close()


def follow(ports, seconds_max, on_ready):
    """Passes the command's output on as it comes. Returns its exit status."""
    selector = selectors.DefaultSelector()
    for name, port in ports.items():
        selector.register(port, selectors.EVENT_READ, name)
    deadline, control, status = time.monotonic() + seconds_max, b"", None
    while selector.get_map():
        left = deadline - time.monotonic()
        if left <= 0:
            raise VmError(f"stopped after {seconds_max} s")
        for key, _ in selector.select(left):
            data = key.fileobj.recv(65536)
            if not data:
                selector.unregister(key.fileobj)
            elif key.data == "control":
                control += data
                while b"\n" in control:
                    line, control = control.split(b"\n", 1)
                    word, _, rest = line.decode().partition(" ")
                    if word == "ready":
                        on_ready(rest)
                    elif word == "exit":
                        status = int(rest)
                    elif word == "failed":
                        raise VmError(rest)
            else:
                stream = sys.stdout.buffer if key.data == "stdout" else sys.stderr.buffer
                stream.write(data)
                stream.flush()
    if status is None:
        raise VmError("it ended before its command did")
    return status
