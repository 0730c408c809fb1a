"""Is ./run softroce: runs a command with two Soft-RoCE devices, on this machine's kernel if it can, else in a VM."""

import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import host
import image
import vm

HERE = pathlib.Path(__file__).resolve().parent
DEVICES = "devices rxa and rxb"
SECONDS_MAX = 600
# timeout(1)'s status; and the status for a failure that is not the command's.
STATUS_TIMEOUT, STATUS_FAILED = 124, 125
LOG_LINES_SHOWN = 60


def environment():
    """The command's variables: ours, and where the script is that acts on the devices."""
    return {**os.environ, "RINGWAY_SOFTROCE_DEVICES": str(HERE / "devices.sh")}


def named(command):
    """The command with the devices' names in its environment."""
    return ["sh", "-c", '. "$0" && exec "$@"', str(HERE / "names.sh"), *command]


def run(command, writable=(), seconds_max=SECONDS_MAX, on_ready=print):
    """Returns the exit status of `command`.

    Args:
      command: a program and its arguments.
      writable: folders in which what it writes stays even where it runs in a VM.
      seconds_max: how long it may take, with the boot of the VM.
      on_ready: called with a text that names kernel and devices, before the command starts.

    Throws image.Unavailable where neither way is possible, TimeoutError, and vm.VmError; the last two show the
    end of a VM's kernel log, and tell where it is.
    """
    why_no_host = host.why_not()
    if why_no_host is None:
        with host.devices() as why_no_host:
            if why_no_host is None:
                on_ready(f"Linux {os.uname().release} of this machine, {DEVICES}")
                return host.run(named(command), environment(), seconds_max)
        # It has the module; its operator will want to know.
        print(f"softroce: not on this machine's kernel: {why_no_host}", file=sys.stderr, flush=True)
    if why_no_vm := vm.why_not():
        raise image.Unavailable(f"{why_no_host}; {why_no_vm}")
    try:
        kernel_image = image.get()
    except image.Unavailable as error:
        raise image.Unavailable(f"{why_no_host}; no kernel for a VM: {error}") from error
    return run_in_vm(kernel_image, command, writable, seconds_max, on_ready)


def run_in_vm(kernel_image, command, writable, seconds_max, on_ready):
    start = time.monotonic()

    def ready(kernel):
        on_ready(f"Linux {kernel} in QEMU, {DEVICES}, ready after {time.monotonic() - start:.0f} s")

    folders = [pathlib.Path(folder).absolute() for folder in writable]
    with tempfile.NamedTemporaryFile(prefix="kernel-", suffix=".log") as log:
        try:
            # Some tests hurt the machine that they run on; only this one may be hurt.
            variables = {**environment(), "RINGWAY_SOFTROCE_VM": "1"}
            return vm.run(kernel_image, named(command), variables, pathlib.Path.cwd(), folders, seconds_max, log.name,
                          ready)
        except (TimeoutError, vm.VmError) as error:
            kept = image.CACHE / f"kernel-{os.getpid()}.log"
            shutil.copyfile(log.name, kept)
            print(*kept.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:], sep="\n", file=sys.stderr)
            raise type(error)(f"{error}; the kernel's log, above in part: {kept}") from error


def main():
    parser = argparse.ArgumentParser(
        prog="./run softroce", usage="./run softroce [--timeout SECONDS] [--write FOLDER]... [--] COMMAND...",
        description="Runs COMMAND where two Soft-RoCE devices exist: on this machine's kernel where root can make "
        "them, else in a VM that sees this machine's files. Output, exit status and environment are COMMAND's own, "
        "with the variables of tests/softroce/names.sh; its standard input is empty. Exits "
        f"{STATUS_TIMEOUT} when time is up and {STATUS_FAILED} when COMMAND could not be run to its end.")
    parser.add_argument("--timeout", type=int, default=SECONDS_MAX, metavar="SECONDS",
                        help=f"how long it may take, with the boot (default {SECONDS_MAX})")
    parser.add_argument("--write", action="append", default=[], metavar="FOLDER",
                        help="what COMMAND writes here stays; all else that it writes is forgotten with the VM")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("no COMMAND")
    if options.timeout < 1:
        parser.error("--timeout: at least 1 second")
    for folder in options.write:
        if not os.path.isdir(folder):
            parser.error(f"--write: no folder {folder}")
    # So that a VM, and the devices, are removed when we are terminated.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(command, options.write, options.timeout,
                   lambda text: print(f"softroce: {text}", file=sys.stderr, flush=True))
    except TimeoutError as error:
        print(f"softroce: {error}", file=sys.stderr)
        return STATUS_TIMEOUT
    except (image.Unavailable, vm.VmError) as error:
        print(f"softroce: {error}", file=sys.stderr)
        return STATUS_FAILED
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
