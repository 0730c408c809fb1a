"""Runs a command where two Soft-RoCE devices exist: `./run softroce` is this.

usage: softroce.py [--timeout SECONDS] [--write FOLDER]... [--] COMMAND...
"""

import argparse
import os
import pathlib
import sys
import time

import image
import vm

STATUS_TIMEOUT = 124
STATUS_FAILED = 125
LOG = image.CACHE / "kernel.log"
LOG_LINES = 40


def main():
    parser = argparse.ArgumentParser(prog="./run softroce", description="Runs COMMAND where two Soft-RoCE devices exist.")
    parser.add_argument("--timeout", type=int, default=600, metavar="SECONDS", help="limit of the whole run (default 600)")
    parser.add_argument("--write", action="append", default=[], metavar="FOLDER", help="what COMMAND writes here stays")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("no COMMAND")
    try:
        start = time.monotonic()
        ready = lambda kernel: print(f"softroce: Linux {kernel} in QEMU, devices rxa and rxb, "
                                     f"ready after {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        writable = [os.path.abspath(folder) for folder in options.write]
        return vm.run(image.get(), command, os.environ, writable, options.timeout, LOG, ready)
    except image.ImageError as error:
        print(f"softroce: {error}", file=sys.stderr)
        return STATUS_FAILED
    except vm.VmError as error:
        lines = LOG.read_text(errors="replace").splitlines()[-LOG_LINES:]
        print(*lines, f"softroce: the VM failed: {error}; the kernel's log: {LOG}", sep="\n", file=sys.stderr)
        return STATUS_FAILED


if __name__ == "__main__":
    sys.exit(main())
