#!/usr/bin/env python3
"""Tests that everything acknowledged as `durable` is still there after the machine loses its power in the middle.

usage: power_loss_test.py PROGRAM     PROGRAM: power_flow

A VM trades on a disk whose cache forgets (volatile_disk.py) and prints each durable acknowledgement. QEMU is killed in
the middle, the disk loses what was not flushed, sector by sector, and another VM boots from what is left: it reads the
journal, starts the gateway on it and trades on. RINGWAY_POWER_SEED repeats the disk's choice, not the moment.
"""

import os
import pathlib
import random
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
# pylint: disable=wrong-import-position
import image  # noqa: E402
import suite  # noqa: E402
import vm  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import volatile_disk  # noqa: E402

DISK_MIB = 48
SECONDS_MAX = 600
# Enough for a few hundred syncs, and a random few more, so that the moment differs each time.
DURABLE_MIN, DURABLE_MORE = 200, 100
PLACE = "/run/ringway-power"
MAKE = f"mkfs.ext4 -q -b 4096 -m 0 -J size=4 /dev/vda && mkdir {PLACE} && mount -t ext4 /dev/vda {PLACE}"
FIND = f"mkdir {PLACE} && mount -t ext4 /dev/vda {PLACE}"


class PowerFails(Exception):
    """Now."""


class Lines:
    """Where a VM's standard output goes: lines, each handed to `on_line`."""

    def __init__(self, on_line):
        self.on_line = on_line
        self.rest = b""

    def write(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.on_line(line.decode())

    def flush(self):
        pass


class Durable:
    """The orders that a VM told of, until there are so many that the power fails."""

    def __init__(self, enough):
        self.orders = []
        self.enough = enough

    def __call__(self, line):
        word, _, rest = line.partition(" ")
        if word != "durable":
            print(f"trading: {line}", flush=True)
            return
        self.orders.append(int(rest))
        if len(self.orders) == self.enough:
            raise PowerFails


class Found:
    """What the second VM found."""

    def __init__(self):
        self.orders = set()
        self.said = {}

    def __call__(self, line):
        word, _, rest = line.partition(" ")
        if word == "order":
            self.orders.add(int(rest))
        else:
            self.said[word] = rest
            print(f"afterwards: {line}", flush=True)


def boot(kernel_image, socket_path, shell, on_line, log):
    """Runs a shell command in a VM with the disk. Returns its exit status."""
    variables = {**os.environ, "RINGWAY_SOFTROCE_VM": "1", "TMPDIR": "/dev/shm",
                 "PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"}
    return vm.run(kernel_image, ["sh", "-c", shell], variables, pathlib.Path.cwd(), [], SECONDS_MAX, log,
                  lambda kernel: print(f"a VM is up, Linux {kernel}", flush=True),
                  outputs=(Lines(on_line), sys.stderr.buffer), disk=socket_path)


def lose_power(kernel_image, program):
    """Returns what is wrong, as lines."""
    seed = int(os.environ.get("RINGWAY_POWER_SEED", time.time_ns() % 1_000_000))
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="ringway-power-") as folder:
        path, log = f"{folder}/disk", f"{folder}/kernel.log"
        disk = volatile_disk.VolatileDisk(path, DISK_MIB)
        try:
            durable = Durable(DURABLE_MIN + chance.randrange(DURABLE_MORE))
            try:
                status = boot(kernel_image, path, f"{MAKE} && exec {program} trade {PLACE}", durable, log)
                return [f"trading ended by itself, with status {status}, after {len(durable.orders)} durable orders"]
            except PowerFails:
                pass
            flushes = disk.flushes
            kept, lost = disk.lose_power(chance)
            print(f"power fails after {len(durable.orders)} durable orders and {flushes} flushes; of the sectors in the "
                  f"disk's cache {kept} are there and {lost} lost (RINGWAY_POWER_SEED={seed})", flush=True)
            found = Found()
            status = boot(kernel_image, path, f"{FIND} && exec {program} afterwards {PLACE}", found, log)
        finally:
            disk.close()
    wrong = []
    if status != 0:
        wrong.append(f"afterwards: exit status {status}")
    missing = [order for order in durable.orders if order not in found.orders]
    if missing:
        wrong.append(f"{len(missing)} of {len(durable.orders)} orders that were durable are lost, the first {missing[0]}")
    if found.said.get("journal") != "OK":
        wrong.append(f"the journal: {found.said.get('journal')}")
    print(f"{len(durable.orders)} orders were durable, {len(found.orders)} are in the journal, {len(missing)} lost")
    return wrong


def main():
    name = "power_loss_test"
    report = ElementTree.Element("testsuites", name=name)
    status = 1
    try:
        if why_not := vm.why_not():
            raise image.Unavailable(why_not)
        wrong = lose_power(image.get(), os.path.abspath(sys.argv[1]))
        for line in wrong:
            print(f"FAILED: {line}")
        if wrong:
            report.append(suite.case_of(name, "failure", "; ".join(wrong)))
        else:
            case = ElementTree.SubElement(ElementTree.SubElement(report, "testsuite", name=name), "testcase")
            case.set("classname", name)
            case.set("name", "what was durable is there")
            status = 0
    except image.Unavailable as error:
        print(f"skipped: {error}")
        report.set("unavailable", str(error))
        report.append(suite.case_of(name, "skipped", str(error)))
    except (TimeoutError, vm.VmError) as error:
        print(f"FAILED: {error}")
        report.append(suite.case_of(name, "failure", str(error)))
    if "XML_OUTPUT_FILE" in os.environ:
        ElementTree.ElementTree(report).write(os.environ["XML_OUTPUT_FILE"], encoding="utf-8", xml_declaration=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
