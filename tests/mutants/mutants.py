#!/usr/bin/env python3
"""Plants defects one at a time and asks the tests: is each of them noticed?

usage: mutants.py [--list] [NAME...]

tests/mutants/mutants.toml names the defects and the tests that are asked. The work is done in a copy of the source tree
(~/.cache/ringway/mutants), with the build cache of the others. Every defect's place must be there exactly once, and all
tests must pass without a defect; else nothing is planted. A defect counts as caught when a test that was built with it
fails, as survived when all its tests pass. One that does not build is an error of the list and counted as such. Exit status:
0 when all were caught, 1 otherwise.
"""

import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / "tests/mutants/mutants.toml"
TREE = pathlib.Path(os.environ.get("HOME", "/root")) / ".cache/ringway/mutants"
TEST_SECONDS_MAX = 240
# Without a defect no test hangs: one may be slow on a busy machine.
BASELINE_SECONDS_MAX = 1200
TESTS_FAILED = 3  # bazel test's exit status


class ListError(Exception):
    """The list does not fit the sources."""


def bazel(*arguments):
    """Runs Bazel in the copy. Returns exit status and what it said."""
    end = subprocess.run(["bazel", *arguments], cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return end.returncode, end.stdout.decode(errors="replace")


def copy_sources():
    """Makes TREE what the working tree is. Files that are the same keep their times."""
    listed = subprocess.run(["git", "-C", str(ROOT), "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"],
                            stdout=subprocess.PIPE, check=True).stdout.decode()
    wanted = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in wanted:
        source, target = ROOT / name, TREE / name
        if target.is_file() and filecmp.cmp(source, target, shallow=False):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    for folder, folders, names in os.walk(TREE):
        folders[:] = [name for name in folders if not os.path.islink(os.path.join(folder, name))]
        for name in names:
            path = pathlib.Path(folder) / name
            if str(path.relative_to(TREE)) not in wanted and not path.is_symlink():
                path.unlink()


def label_of(test):
    """The label of an entry of `tests`."""
    return test.split()[1] if test.startswith("softroce ") else test


def failed_case(path):
    """The first test case that failed, by a gtest report; "" when it names none."""
    try:
        cases = ElementTree.parse(path).getroot().iter("testcase")
    except (FileNotFoundError, ElementTree.ParseError):
        return ""
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            return f"{case.get('classname', '')}.{case.get('name')}"
    return ""


def ask(test, seconds=TEST_SECONDS_MAX):
    """Runs one test. Returns None when it passed, or which case failed ("it died" when none says so)."""
    label = label_of(test)
    package, name = label.removeprefix("//").split(":")
    if test.startswith("softroce "):
        report = TREE / "softroce-report.xml"
        report.unlink(missing_ok=True)
        command = [str(ROOT / "run"), "softroce", "--timeout", str(seconds), "--write", str(TREE), "--",
                   str(TREE / "bazel-bin" / package / name), f"--gtest_filter={test.split()[2]}",
                   f"--gtest_output=xml:{report}"]
        status = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        case = failed_case(report)
        report.unlink(missing_ok=True)
        return None if status == 0 else case or "it died"
    status, said = bazel("test", "--ui_event_filters=-info", "--noshow_progress", "--test_output=summary",
                         f"--test_timeout={seconds}", label)
    if status == 0:
        return None
    if status != TESTS_FAILED:
        raise ListError(f"{label} could not be run:\n{said[-3000:]}")
    return failed_case(TREE / "bazel-testlogs" / package / name / "test.xml") or "it died"


def plant(mutant):
    """Puts the defect into the copy. Returns the file and what it was."""
    path = TREE / mutant["file"]
    before = path.read_text()
    path.write_text(before.replace(mutant["old"], mutant["new"]))
    return path, before


def check_places(mutants):
    """Every defect has one place in the sources."""
    wrong = []
    for mutant in mutants:
        path = TREE / mutant["file"]
        found = path.read_text().count(mutant["old"]) if path.is_file() else 0
        if found != 1:
            wrong.append(f"{mutant['name']}: {mutant['file']} has {found} places that are\n{mutant['old']}")
    if wrong:
        raise ListError("\n".join(wrong))


def try_one(mutant):
    """Returns what caught the defect, or None."""
    path, before = plant(mutant)
    try:
        for test in mutant["tests"]:
            status, said = bazel("build", "--ui_event_filters=-info", "--noshow_progress", label_of(test))
            if status != 0:
                raise ListError(f"it does not build:\n{said[-3000:]}")
            case = ask(test)
            if case is not None:
                return f"{label_of(test)} {case}"
        return None
    finally:
        path.write_text(before)


def check_baseline(mutants):
    """Without a defect every test must pass, or it proves nothing."""
    tests = sorted({test for mutant in mutants for test in mutant["tests"]})
    print(f"{len(tests)} tests without a defect ...", flush=True)
    status, said = bazel("build", "--ui_event_filters=-info", "--noshow_progress", *sorted({label_of(t) for t in tests}))
    if status != 0:
        raise ListError(f"the tests do not build:\n{said[-3000:]}")
    for test in tests:
        case = ask(test, BASELINE_SECONDS_MAX)
        if case is not None:
            raise ListError(f"{test} fails without a defect: {case}")


def choose(names):
    """The mutants with these names; all of them where there are none."""
    mutants = tomllib.loads(LIST.read_text())["mutant"]
    known = [mutant["name"] for mutant in mutants]
    if len(set(known)) != len(known):
        raise ListError("two mutants have one name")
    for name in names:
        if name not in known:
            raise ListError(f"no mutant {name}; --list tells them")
    return [mutant for mutant in mutants if not names or mutant["name"] in names]


def main(words):
    """The whole check."""
    only_list = "--list" in words
    names = [word for word in words if word != "--list"]
    if any(re.match("-", name) for name in names):
        print(__doc__)
        return 0 if names[0] in ("-h", "--help") else 2
    mutants = choose(names)
    if only_list:
        for mutant in mutants:
            print(f"{mutant['name']}\n    {mutant['what']} ({mutant['file']})")
        return 0
    TREE.mkdir(parents=True, exist_ok=True)
    copy_sources()
    check_places(mutants)
    check_baseline(mutants)
    caught = survived = 0
    for mutant in mutants:
        start = time.monotonic()
        try:
            catcher = try_one(mutant)
        except ListError as error:
            print(f"LIST ERROR  {mutant['name']}: {error}", flush=True)
            continue
        caught += catcher is not None
        survived += catcher is None
        print(f"{'caught  ' if catcher else 'SURVIVED'}  {mutant['name']}: {mutant['what']}\n"
              f"            {'by ' + catcher if catcher else 'asked: ' + ', '.join(mutant['tests'])}"
              f"  ({time.monotonic() - start:.0f} s)", flush=True)
    errors = len(mutants) - caught - survived
    print(f"{caught + survived} defects planted, {caught} caught, {survived} survived"
          + (f"; {errors} more are errors of the list" if errors else ""))
    return 1 if survived or errors else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ListError as problem:
        print(f"mutants: {problem}", file=sys.stderr)
        sys.exit(1)
