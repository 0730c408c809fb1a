#!/usr/bin/env python3
"""Runs all tests that need Soft-RoCE, in one boot, and merges their reports: the Bazel test of softroce_suite().

usage: suite.py {SECONDS PROGRAM}...

Where there is no way to Soft-RoCE, every program is reported as skipped, with the reason. Bazel knows passed and failed
only, and remembers what passed, so that it is told failed; .ci/count_tests.py reads the report and says skipped.
"""

import os
import pathlib
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

# Bazel starts this file by a link in another folder.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
import image  # noqa: E402
import softroce  # noqa: E402
import vm  # noqa: E402

REPORT_SECONDS = 20
EACH = pathlib.Path(__file__).resolve().with_name("each.sh")


def case_of(program, outcome, message):
    """One test case that stands for a whole program."""
    suite = ElementTree.Element("testsuite", name=program)
    case = ElementTree.SubElement(suite, "testcase", classname=program, name="whole program")
    ElementTree.SubElement(case, outcome, message=message)
    return suite


def suites_of(folder, number, program, end):
    """The test suites that a program reported; and a failure, if its end is not that of a program that passed."""
    status_file = folder / f"{number}.status"
    if status_file.exists():
        status = int(status_file.read_text())
        end = "it ran out of time" if status == 124 else f"it ended with exit status {status}"
    else:
        status = None
    try:
        suites = list(ElementTree.parse(folder / f"{number}.xml").getroot().iter("testsuite"))
    except (FileNotFoundError, ElementTree.ParseError):
        return [case_of(program, "failure", f"no report: {end}")]
    failed = any(case.find("failure") is not None for suite in suites for case in suite.iter("testcase"))
    if status != 0 and not failed:
        suites.append(case_of(program, "failure", f"no test failed, but {end}"))
    return suites


def run(programs):
    """Runs [(seconds, path)]. Returns the report and Bazel's exit status."""
    report = ElementTree.Element("testsuites", name="softroce")

    def ready(text):
        report.set("environment", text)
        print(f"softroce: {text}", flush=True)

    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as name:
        folder, end = pathlib.Path(name), "it did not run"
        arguments = [argument for seconds, path in programs for argument in (seconds, os.path.abspath(path))]
        # Results must be reported before Bazel's time limit.
        bazel_seconds = int(os.environ.get("TEST_TIMEOUT", 3600)) - REPORT_SECONDS
        seconds_max = min(bazel_seconds, vm.BOOT_SECONDS_MAX + sum(int(seconds) + 10 for seconds, _ in programs))
        try:
            softroce.run(["sh", str(EACH), str(folder), *arguments], [folder], seconds_max, ready)
        except image.Unavailable as error:
            print(f"softroce: skipped: {error}")
            report.set("unavailable", str(error))
            report.extend(case_of(path, "skipped", str(error)) for _, path in programs)
            return report, 1
        except (TimeoutError, vm.VmError) as error:
            end = str(error)
            print(f"softroce: {end}")
        for number, (_, path) in enumerate(programs, 1):
            report.extend(suites_of(folder, number, path, end))
    passed = all(case.find("failure") is None for case in report.iter("testcase"))
    return report, 0 if passed else 1


def main():
    programs = list(zip(sys.argv[1::2], sys.argv[2::2]))
    report, status = run(programs)
    if "XML_OUTPUT_FILE" in os.environ:
        ElementTree.ElementTree(report).write(os.environ["XML_OUTPUT_FILE"], encoding="utf-8", xml_declaration=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
