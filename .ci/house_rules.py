"""Checks that the sources keep those rules of the house that a machine can check.

Errors: unfinished-work marks, `volatile`, a C++ comment beyond column 100, a header or build file without a first comment,
an include upward or sideways (base <- {schema, transport} <- msg <- exchange <- gateway; base <- protocol <- exchange), a NIC
vendor's header outside a port's source, a planted defect (tests/mutants) whose place is not there, a file that a page names
and that is not there.
Files over 400 lines are only listed. Exits 1 on errors.
"""

import pathlib
import re
import subprocess
import sys
import tomllib

# Which folders each folder may include besides itself. tools/ and tests/ are above and may include everything; a unit test
# beside its code may use what tests/ offers to all.
MAY_INCLUDE = {
    "base": set(),
    "schema": {"base"},
    "transport": {"base"},
    "protocol": {"base"},
    "msg": {"base", "schema", "transport"},
    "exchange": {"base", "schema", "transport", "protocol", "msg"},
    "gateway": {"base", "schema", "transport", "protocol", "msg", "exchange"},
}
LAYERS = set(MAY_INCLUDE) | {"tools", "tests"}
TOP_FOLDERS = LAYERS | {"deploy", "docs", "third_party"}
LINES_WANTED = 400
COLUMNS_MAX = 100
MUTANTS = pathlib.Path("tests/mutants/mutants.toml")

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
VOLATILE = re.compile(r"(?<!asm )(?<!asm__ )\bvolatile\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
NAMED_FILE = re.compile(r"(?<![\w/.<-])((?:[\w.-]+/)+[\w-]+\.(?:h|cc|md|toml|capnp|bzl|bazel|py|sh|BUILD))(?![\w*])")
COMMENT = re.compile(r"(^|\s)// ")
VENDOR = re.compile(r"^(infiniband/|rdma/|rte_|xdp/|bpf/|net/netmap|pfring)")
COMMENT_OR_STRING = re.compile(r'//.*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.DOTALL)
OPENING = {
    ".bazel": ("#",), ".BUILD": ("#",), ".bzl": ('"""', "#"), ".capnp": ("#",), ".h": ("//", "/*"),
    ".py": ('"""', "#"), ".sh": ("#",), ".service": ("#",), ".toml": ("#",),
}


def files():
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
                            check=True, capture_output=True, text=True).stdout.splitlines()
    return [pathlib.Path(name) for name in listed if pathlib.Path(name).is_file()]


def blank(match):
    """Keeps the lines of what is left out, so that line numbers stay true."""
    return "\n" * match.group(0).count("\n") or " "


def check_cpp(path, text):
    folder = path.parts[0]
    may_include = MAY_INCLUDE.get(folder, LAYERS) | ({"tests"} if path.name.endswith("_test.cc") else set())
    for number, line in enumerate(COMMENT_OR_STRING.sub(blank, text).splitlines(), 1):
        if VOLATILE.search(line):
            yield number, "volatile: use an atomic and name its partner"
    formatted = True
    for number, line in enumerate(text.splitlines(), 1):
        formatted = (formatted or "clang-format on" in line) and "clang-format off" not in line
        # clang-format leaves the lines of comments alone.
        if formatted and len(line) > COLUMNS_MAX and COMMENT.search(line):
            yield number, f"a comment beyond column {COLUMNS_MAX}"
        found = INCLUDE.match(line)
        if not found:
            continue
        target = found.group(1).split("/")[0]
        if target in LAYERS and target != folder and target not in may_include:
            yield number, f"{folder} may not include {target}"
        if VENDOR.match(found.group(1)) and not (path.match("transport/port/*.cc") or folder == "tests"):
            yield number, "a NIC's header belongs in a port's source only"


def check(path, text):
    lines = text.splitlines()
    opening = OPENING.get(path.suffix)
    first = next((line.strip() for line in lines if line.strip() and not line.startswith("#!")), "")
    if opening and not first.startswith(opening):
        yield 1, "no first comment that says what this file is"
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield number, "unfinished work: finish it or file an issue"
    if path.suffix in (".h", ".cc"):
        yield from check_cpp(path, text)
    if path.suffix == ".md":
        yield from check_page(text)


def check_page(text):
    """Names of files from the root; others are relative, or on the reader's machine."""
    for number, line in enumerate(text.splitlines(), 1):
        for name in NAMED_FILE.findall(line):
            if name.split("/")[0] in TOP_FOLDERS and not pathlib.Path(name).is_file():
                yield number, f"there is no {name}"


def check_mutants(path):
    for mutant in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]:
        source = pathlib.Path(mutant["file"])
        places = source.read_text(encoding="utf-8").count(mutant["old"]) if source.is_file() else 0
        if places != 1:
            yield f"{mutant['name']}: its place is {places} times in {mutant['file']}, not once"


def main():
    errors = 0
    for message in check_mutants(MUTANTS):
        print(f"{MUTANTS}: {message}")
        errors += 1
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # Captures and seeds.
        if "corpus" in path.parts:
            continue
        for number, message in check(path, text):
            print(f"{path}:{number}: {message}")
            errors += 1
        lines = text.count("\n")
        if path.suffix in (*OPENING, ".cc") and lines > LINES_WANTED:
            print(f"notice: {path} has {lines} lines; {LINES_WANTED} are wanted at most")
    print(f"house rules: {errors} broken")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
