"""Runs clang-tidy on our sources, but only on what changed since it last found nothing.

usage: tidy.py CACHE_FOLDER    (from the root, generated headers built)

A source is skipped when it, every header of ours it includes and the settings are the same as in an earlier clean run.
Tests are left out: GoogleTest's macros take most of the time and give most of the false alarms.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import sys

FLAGS = ["-std=c++20", "-march=x86-64-v2", "-I.", "-Ibazel-bin", "-Wall", "-Wextra", "-Wno-unknown-warning-option"]
# QuickFIX's headers are C++14 (third_party/peer.BUILD).
OLD_CPP = {"tests/bench/quickfix_peer.cc"}
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def sources():
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "--", "*.cc"],
        check=True, capture_output=True, text=True).stdout.split()
    return [s for s in listed if os.path.exists(s) and not s.endswith("_test.cc") and s not in OLD_CPP]


def fingerprint(source, settings):
    """Hashes the settings, the source and, transitively, the headers of ours it includes."""
    seen, waiting, digest = set(), [source], hashlib.sha256(settings)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = next((p for p in (pathlib.Path(name), pathlib.Path("bazel-bin") / name) if p.is_file()), None)
        if path is None:
            continue  # A system library's.
        text = path.read_bytes()
        digest.update(name.encode() + b"\0" + text)
        waiting += [i.decode() for i in INCLUDE.findall(text)]
    return digest.hexdigest()


def tidy(source):
    done = subprocess.run(["clang-tidy", "--quiet", source, "--", *FLAGS], capture_output=True, text=True, check=False)
    return source, done.returncode, done.stdout + (done.stderr if done.returncode and not done.stdout else "")


def main(cache):
    os.makedirs(cache, exist_ok=True)
    settings = pathlib.Path(".clang-tidy").read_bytes() + " ".join(FLAGS).encode()
    settings += subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
    clean = {s: os.path.join(cache, fingerprint(s, settings)) for s in sources()}
    todo = [s for s, stamp in clean.items() if not os.path.exists(stamp)]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (source, status, output) in enumerate(pool.map(tidy, todo), 1):
            if sys.stderr.isatty():
                print(f"\r[{number}/{len(todo)}] {source:<60.60}", end="", file=sys.stderr, flush=True)
            if status:
                wrong += 1
                print(output)
            else:
                pathlib.Path(clean[source]).touch()
    print(f"clang-tidy: {len(todo)} sources checked, {len(clean) - len(todo)} unchanged since, {wrong} with findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
