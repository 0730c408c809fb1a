"""Makes the kernel and initramfs that the VM boots: Debian's generic kernel, and only the modules that are needed.

The kernel's package is downloaded and unpacked, not installed: the host needs no boot files. Everything is kept in
~/.cache/ringway/softroce; an image is named by the hash of what it was made from.
"""

import hashlib
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass

CACHE = pathlib.Path.home() / ".cache/ringway/softroce"
BUSYBOX = pathlib.Path("/bin/busybox")
INIT = pathlib.Path(__file__).with_name("init")
# The generic kernel: the cloud one has no rdma_rxe. This package depends on the current kernel's.
PACKAGE = "linux-image-amd64"
# Loaded in this order, each after what it depends on. rdma_rxe asks for crc32_generic only when it makes a device.
MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay", "crc32_generic", "rdma_rxe", "rdma_ucm",
           "ib_uverbs", "veth", "sch_netem", "sch_ingress", "cls_matchall", "act_mirred", "crc32c_generic", "ext4", "loop",
           "dm_flakey", "dm_delay", "virtio_blk")
UNUSED_DAYS_MAX = 14
ASK_AGAIN_SECONDS = 86400


class Unavailable(Exception):
    """There is no way to Soft-RoCE here; says why and what to do."""


@dataclass(frozen=True)
class Image:
    kernel: pathlib.Path
    initramfs: pathlib.Path


def output_of(*command, directory=None):
    """Returns what a program prints."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=directory).stdout
    except FileNotFoundError as error:
        raise Unavailable(f"{command[0]} is not here; this needs Debian 12") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{' '.join(command)}: {error.stderr.strip()}") from error


def current_package():
    """Returns the name of the kernel package that apt would install now, and its file's name."""
    depends = re.search(r"Depends: (linux-image-\S+)", output_of("apt-cache", "depends", PACKAGE))
    if not depends:
        raise Unavailable(f"apt knows no kernel behind {PACKAGE}: apt-get update")
    # 'URI' FILE BYTES SHA256:...
    return depends.group(1), output_of("apt-get", "download", "--print-uris", depends.group(1)).split()[1]


def update_lists():
    output_of(*([] if os.geteuid() == 0 else ["sudo", "-n"]), "apt-get", "-q", "update")


def download(name):
    """Downloads a package into the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        # Run by root, apt drops its privileges unless told not to, and could not write here.
        output_of("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name, directory=folder)
        package = next(pathlib.Path(folder).glob("*.deb"))
        package.rename(CACHE / package.name)


def kernel_package():
    """Returns the kernel package's path. Asks apt once a day, and the archive for a kernel that is not in the cache."""
    asked = CACHE / "current"
    if asked.exists() and time.time() - asked.stat().st_mtime < ASK_AGAIN_SECONDS:
        package = CACHE / asked.read_text()
        if package.exists():
            return package
    try:
        name, file = current_package()
        if not (CACHE / file).exists():
            download(name)
    except Unavailable:
        # No lists yet, or they name a kernel that the archive has replaced.
        update_lists()
        name, file = current_package()
        if not (CACHE / file).exists():
            download(name)
    asked.write_text(file)
    return CACHE / file


def modules_in_order(folder):
    """Returns the paths of MODULES and of all that they depend on, dependencies first."""
    paths = {path.stem.replace("-", "_"): path for path in folder.rglob("*.ko")}
    order = {}

    def add(name):
        if name in order:
            return
        if name not in paths:
            raise Unavailable(f"the kernel package {folder.name} has no module {name}")
        depends = re.search(rb"\0depends=([^\0]*)\0", paths[name].read_bytes())
        for other in filter(None, depends.group(1).decode().split(",") if depends else []):
            add(other.replace("-", "_"))
        order[name] = paths[name]

    for name in MODULES:
        add(name)
    return list(order.values())


def unpacked_kernel(packed):
    """Returns the kernel inside a vmlinuz; the kernel's x86 boot protocol says where it is.

    QEMU starts it by its PVH entry, seconds sooner than one that unpacks itself under emulation. A vmlinuz that is
    packed in another way than Debian 12's is returned as it is.
    """
    setup_sectors = packed[0x1F1] or 4
    offset, length = struct.unpack_from("<II", packed, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    try:
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(packed[start : start + length])
    except lzma.LZMAError:
        return packed


def write_initramfs(path, modules):
    """Writes a cpio archive of the `newc` kind (the kernel's initramfs-buffer-format document draws it)."""
    with open(path, "wb") as archive:
        inode = 0

        def entry(name, mode, data=b"", device=(0, 0)):
            nonlocal inode
            inode += 1
            name = name.encode() + b"\0"
            numbers = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
            archive.write(b"070701" + b"".join(b"%08X" % number for number in numbers) + name)
            archive.write(b"\0" * (-(110 + len(name)) % 4) + data + b"\0" * (-len(data) % 4))

        for folder in ("bin", "proc", "sys", "dev", "modules"):
            entry(folder, 0o40755)
        entry("dev/console", 0o20600, device=(5, 1))
        entry("bin/busybox", 0o100755, BUSYBOX.read_bytes())
        for applet in output_of(str(BUSYBOX), "--list").split():
            if applet != "busybox":
                entry(f"bin/{applet}", 0o120777, b"busybox")
        entry("init", 0o100755, INIT.read_bytes())
        for module in modules:
            entry(f"modules/{module.name}", 0o100644, module.read_bytes())
        entry("modules/order", 0o100644, "".join(f"{module.name}\n" for module in modules).encode())
        entry("TRAILER!!!", 0)


def remove_unused():
    """Removes images and packages that nothing has used for two weeks."""
    for path in CACHE.iterdir():
        if path.stat().st_mtime < time.time() - UNUSED_DAYS_MAX * 86400:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def get():
    """Returns the image, made now unless the cache has it. Throws Unavailable."""
    package = kernel_package()
    if not BUSYBOX.exists():
        raise Unavailable(f"{BUSYBOX} is not here: apt-get install busybox-static")
    made_from = [package.name.encode(), " ".join(MODULES).encode(), pathlib.Path(__file__).read_bytes(),
                 INIT.read_bytes(), BUSYBOX.read_bytes()]
    folder = CACHE / hashlib.sha256(b"\0".join(made_from)).hexdigest()[:16]
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as name:
            unpacked, made = pathlib.Path(name) / package.stem, pathlib.Path(name) / "made"
            output_of("dpkg-deb", "-x", str(package), str(unpacked))
            made.mkdir()
            packed = next(unpacked.glob("boot/vmlinuz-*")).read_bytes()
            (made / "kernel").write_bytes(unpacked_kernel(packed))
            write_initramfs(made / "initramfs", modules_in_order(unpacked))
            try:
                made.rename(folder)
            except OSError:
                # Another process may have made the same one meanwhile.
                if not folder.exists():
                    raise
    for used in (package, folder):
        os.utime(used)
    remove_unused()
    return Image(folder / "kernel", folder / "initramfs")
