"""Runs a command with two Soft-RoCE devices of this machine's own kernel, if it has the module."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
DEVICES = HERE / "devices.sh"
# The devices have fixed names, so only one run at a time may use them.
LOCK = pathlib.Path("/run/ringway-softroce.lock")


def why_not():
    """Returns why this machine's kernel cannot have the devices, as far as can be told without making them, or None."""
    kernel = os.uname().release
    if os.geteuid() != 0:
        return f"making devices on Linux {kernel} takes root"
    if pathlib.Path("/sys/module/rdma_rxe").exists():
        return None
    # modprobe's folders, whatever our PATH is.
    modprobe = shutil.which("modprobe", path="/usr/sbin:/sbin")
    if modprobe is None:
        return f"Linux {kernel} has no rdma_rxe, and no modprobe to load it"
    # crc32_generic: rdma_rxe does not ask for it.
    for module in ("rdma_rxe", "rdma_ucm", "crc32_generic"):
        done = subprocess.run([modprobe, module], capture_output=True, text=True)
        if done.returncode != 0:
            return f"Linux {kernel} has no {module}: {done.stderr.strip()}"
    return None


@contextlib.contextmanager
def devices():
    """The two devices, for as long as the context lasts. Yields why they cannot be had, or None."""
    with open(LOCK, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(["sh", str(DEVICES), "up"], capture_output=True, text=True)
        try:
            yield made.stderr.strip() or "devices.sh failed" if made.returncode != 0 else None
        finally:
            if made.returncode == 0:
                subprocess.run(["sh", str(DEVICES), "down"], check=True)


def run(command, environment, seconds_max):
    """Returns the exit status of `command`, as a shell tells it. Throws TimeoutError."""
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            status = process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"stopped after {seconds_max} s") from None
        finally:
            # Also kills whatever it left running.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return status if status >= 0 else 128 - status
