"""Runs a command in a virtual machine that has two Soft-RoCE devices and sees the host's files.

QEMU emulates all of it (TCG): nothing on the host is needed or changed but an unprivileged process. The folder `/` is
shared read-only by 9p; the VM's init lays memory over it. Three virtio-serial ports lead out: the command's two outputs
and `control`, on which init says in lines how far it is: `ready KERNEL`, `exit STATUS`, `failed REASON`.
"""

import pathlib
import re
import selectors
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
QEMU = "qemu-system-x86_64"
PORTS = ("stdout", "stderr", "control")
# Warnings reach the log; a kernel that dies ends QEMU (-no-reboot).
# The kernel does not trust an emulated time stamp counter, and would read the clock from a device that QEMU emulates
# under its lock. All processors of the VM have the host's counter.
KERNEL_ARGUMENTS = "console=ttyS0 loglevel=5 panic=-1 oops=panic mitigations=off tsc=reliable"
MEMORY_MIB = 2048
# Ten when the machine is idle.
BOOT_SECONDS_MAX = 180
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class VmError(Exception):
    """The VM did not get as far as its command's end; says how far."""


def why_not():
    """Returns why no VM can run here, or None."""
    return None if shutil.which(QEMU) else f"{QEMU} is not here: apt-get install qemu-system-x86"


def write_job(folder, command, environment, directory, writable):
    """Writes what init reads: the folders to mount writable, and two shell scripts, set-up and command."""
    (folder / "write").write_text("".join(f"{path}\n" for path in writable))
    (folder / "setup").write_text(f"exec sh {shlex.quote(str(HERE / 'devices.sh'))} up\n")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items() if NAME.fullmatch(name)]
    lines += [f"cd {shlex.quote(str(directory))} || exit", "exec " + shlex.join(command)]
    (folder / "command").write_text("\n".join(lines) + "\n")


def qemu_command(kernel_image, job, writable, inner, log, disk):
    """Returns QEMU's command line; `inner` are the descriptors of its ends of the PORTS, `disk` as run() has it."""
    # It dies with us, even if we are killed.
    command = ["setpriv", "--pdeathsig", "KILL", QEMU,
               "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MIB),
               "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               "-kernel", str(kernel_image.kernel), "-initrd", str(kernel_image.initramfs),
               "-append", f"{KERNEL_ARGUMENTS} ringway.job={job}",
               "-chardev", f"file,id=log,path={log}", "-serial", "chardev:log", "-device", "virtio-serial-pci"]
    for port, descriptor in zip(PORTS, inner):
        command += ["-chardev", f"socket,id={port},fd={descriptor}",
                    "-device", f"virtserialport,chardev={port},name={port}"]
    if disk:
        command += ["-blockdev", f"driver=nbd,node-name=disk,server.type=unix,server.path={disk}",
                    "-device", "virtio-blk-pci,drive=disk,write-cache=on"]
    shares = [("host", "/", ",readonly=on")] + [(f"write{i}", path, "") for i, path in enumerate(writable)]
    for tag, path, access in shares:
        # QEMU takes a doubled comma for one that belongs to the value.
        escaped = str(path).replace(",", ",,")
        command += ["-fsdev", f"local,id={tag},path={escaped},security_model=none,multidevs=remap{access}",
                    "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    return command


class Follower:
    """Passes on what comes out of the VM, until its command has ended."""

    def __init__(self, ports, on_ready, outputs):
        self.on_ready = on_ready
        self.outputs = dict(zip(PORTS, outputs))
        self.status = None
        self.is_ready = False
        self.control = b""
        self.selector = selectors.DefaultSelector()
        for name, port in zip(PORTS, ports):
            self.selector.register(port, selectors.EVENT_READ, name)

    def follow(self, seconds_max):
        """Returns the command's exit status. Throws VmError and TimeoutError."""
        start = time.monotonic()
        while self.status is None and self.selector.get_map():
            limit = seconds_max if self.is_ready else min(seconds_max, BOOT_SECONDS_MAX)
            left = start + limit - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"stopped after {limit} s" + ("" if self.is_ready else ", before it was ready"))
            self.pass_on(left)
        # What the command wrote had left the VM before its status did.
        while self.selector.get_map() and self.pass_on(0):
            pass
        if self.status is None:
            raise VmError("the VM ended before its command did" if self.is_ready else "the VM ended while it booted")
        return self.status

    def pass_on(self, seconds):
        """Waits at most so long, and returns whether anything came."""
        ready = self.selector.select(seconds)
        for key, _ in ready:
            data = key.fileobj.recv(65536)
            if not data:
                self.selector.unregister(key.fileobj)
            elif key.data == "control":
                self.control += data
            else:
                self.outputs[key.data].write(data)
                self.outputs[key.data].flush()
        *lines, self.control = self.control.split(b"\n")
        for line in lines:
            word, _, rest = line.decode().partition(" ")
            if word == "ready":
                self.is_ready = True
                self.on_ready(rest)
            elif word == "exit":
                self.status = int(rest)
            else:
                raise VmError(rest)
        return bool(ready)


def run(kernel_image, command, environment, directory, writable, seconds_max, log, on_ready, outputs=None, disk=None):
    """Boots, runs `command` and returns its exit status.

    Args:
      kernel_image: what to boot (image.get).
      command: a program and its arguments, as on the host.
      environment: its variables.
      directory: where it runs.
      writable: folders in which what it writes stays; all else that it writes is gone afterwards.
      seconds_max: how long boot and command may take together.
      log: where the kernel's messages go.
      on_ready: called with the kernel's release once the devices are there.
      outputs: files that take what the command writes to its two outputs; ours, unless told.
      disk: the Unix socket of an NBD server that is the VM's /dev/vda; none, unless told.

    What `outputs` throws ends the VM, as a power failure does, and is thrown. Throws VmError and TimeoutError.
    """
    with tempfile.TemporaryDirectory(prefix="ringway-softroce-") as job:
        write_job(pathlib.Path(job), command, environment, directory, writable)
        pairs = [socket.socketpair() for _ in PORTS]
        inner = [pair[1].fileno() for pair in pairs]
        qemu = subprocess.Popen(qemu_command(kernel_image, job, writable, inner, log, disk), stdin=subprocess.DEVNULL,
                                pass_fds=inner)
        try:
            for pair in pairs:
                pair[1].close()
            outputs = outputs or (sys.stdout.buffer, sys.stderr.buffer)
            return Follower([pair[0] for pair in pairs], on_ready, outputs).follow(seconds_max)
        finally:
            qemu.kill()
            qemu.wait()
            for pair in pairs:
                pair[0].close()
