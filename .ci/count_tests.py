"""Counts the test cases of a Bazel run that passed, failed or were skipped.

usage: count_tests.py BUILD_EVENTS_JSON BAZEL_EXIT_STATUS

Reads which test targets ran from Bazel's build events and the cases of each from the XML it wrote. A target that crashed,
timed out, was not built or left no XML counts as one failed case. Of a target that ran somewhere else (//tests/softroce)
it prints where, or why it could not: then its cases are skipped ones. Prints the end of the log of what failed, the
failed cases with what they said, then one line `N passed, N failed[, N skipped]`. Exits 1 if anything failed or nothing
ran.
"""

import json
import os
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

LOG_LINES_SHOWN = 100
MESSAGE_LINES_SHOWN = 12


def read_events(path):
    """Returns {label: [(status, xml path or None, log path or None) of each shard]}, and the labels of all test targets."""
    results, wanted = {}, set()
    with open(path, encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            identity = event.get("id", {})
            if "targetConfigured" in identity and event.get("configured", {}).get("testSize"):
                wanted.add(identity["targetConfigured"]["label"])
            if "testResult" in identity and "testResult" in event:
                key = identity["testResult"]
                paths = {output["name"]: urllib.parse.unquote(urllib.parse.urlparse(output.get("uri", "")).path)
                         for output in event["testResult"].get("testActionOutput", [])}
                shard = (key.get("run", 1), key.get("shard", 1))
                # A later attempt replaces an earlier one.
                results.setdefault(key["label"], {})[shard] = (
                    event["testResult"].get("status", "NO_STATUS"),
                    paths.get("test.xml") or None,
                    paths.get("test.log") or None,
                )
    return {label: list(shards.values()) for label, shards in results.items()}, wanted


def count_cases(root):
    """Returns (passed, failed with what they said, skipped) of one report."""
    passed, failed, skipped = 0, [], 0
    for case in root.iter("testcase"):
        name = ".".join(filter(None, [case.get("classname"), case.get("name")]))
        wrong = [*case.findall("failure"), *case.findall("error")]
        if wrong:
            said = "\n".join(element.get("message") or element.text or "" for element in wrong).splitlines()
            failed.append("\n    ".join([name, *said[:MESSAGE_LINES_SHOWN]]))
        elif case.find("skipped") is not None or case.get("status") == "notrun" or case.get("result") == "skipped":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def show_log(label, path):
    """Prints the end of a failed target's log."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    print(f"--- {label}: {'the end of ' if len(lines) > LOG_LINES_SHOWN else ''}{path}")
    print(*lines[-LOG_LINES_SHOWN:], sep="\n")


def main(events_path, bazel_status):
    passed, failed, skipped = 0, [], 0
    results, wanted = read_events(events_path)
    for label in sorted(wanted | set(results)):
        shards = results.get(label)
        if not shards:
            failed.append(f"{label}: not built, so not run")
            continue
        for status, xml_path, log_path in shards:
            more_failed, unavailable = [], None
            if status not in ("PASSED", "FLAKY") and log_path and os.path.exists(log_path):
                show_log(label, log_path)
            if xml_path and os.path.exists(xml_path):
                try:
                    root = ElementTree.parse(xml_path).getroot()
                    more_passed, more_failed, more_skipped = count_cases(root)
                    passed += more_passed
                    skipped += more_skipped
                    failed += [f"{label}: {name}" for name in more_failed]
                    unavailable = root.get("unavailable")
                    if unavailable:
                        print(f"{label}: skipped: {unavailable}")
                    elif root.get("environment"):
                        print(f"{label}: ran on {root.get('environment')}")
                except ElementTree.ParseError:
                    failed.append(f"{label}: its report is cut short")
                    continue
            elif status in ("PASSED", "FLAKY"):
                passed += 1
            # Bazel is told "failed" if nothing could run, because it would cache a pass.
            if status not in ("PASSED", "FLAKY") and not more_failed and not unavailable:
                failed.append(f"{label}: {status.lower()}")
    # 3: tests failed, already counted. 4: no test found, handled below.
    if bazel_status not in (0, 3, 4) and not failed:
        failed.append(f"bazel exited with {bazel_status}")
    for name in failed:
        print(f"FAILED {name}")
    ran_nothing = not failed and passed + skipped == 0
    if ran_nothing:
        print("no test ran")
    print(f"{passed} passed, {len(failed)} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or ran_nothing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
