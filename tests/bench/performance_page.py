#!/usr/bin/env python3
"""Makes docs/performance.md from what `./run bench --json` wrote.

    performance_page.py [--check] [FILE...]

FILEs are added to docs/performance.json: a group that ran replaces the one that is kept. The page and its picture,
docs/timeline.svg, are then made from docs/performance.json alone. --check writes nothing, and fails if they are not what
would be made.
"""

import json
import pathlib
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
KEPT = DOCS / "performance.json"
PAGE = DOCS / "performance.md"
PICTURE = DOCS / "timeline.svg"

GROUPS = {
    "link": (
        "One shared-memory link",
        "Two pinned processes run every contestant in turn, each in four placements; *near* and *far* is the momentary"
        " distance of the two cores. The rings have no validation, no credit, no death detection and no resend. A ratio is"
        " the median of the ratios within a cycle.",
    ),
    "engine": ("The engine", "In process, every risk check on. Instructions are counted by callgrind."),
    "scale": ("The engine as sessions and orders grow", "A new order, in process, every risk check on."),
    "journal": ("Journal and recovery", "Noting steps down, waiting for the disk, going on after a kill."),
    "recovery-large": ("A start with ten million records", "From SIGKILL to the first ack."),
    "gateway": ("Orders through the gateway", "The shipped program, every risk check on, beside bare cache lines."),
    "timeline": (
        "Where the time of one order goes",
        "Medians since the strategy began to send an order that is filled at once: the gateway, with its journal and the"
        " exchange inside, is compiled with stamps at its probes. What they cost is in the last row.\n\n"
        "![Timeline of one order, from Send() to the fill](timeline.svg)",
    ),
    "sessions": (
        "An order beside idle sessions",
        "Two gateways in turn: one with two sessions logged on, one with a thousand more that are silent.",
    ),
    "peers": (
        "Peers",
        "Each as its makers show it. Not included: Aeron and iceoryx2, which Debian does not have; whoever has them finds"
        " out how to compare below.",
    ),
    "rdma": ("One link over RDMA", "Beside perftest, rstream, UCX and libfabric on the same devices."),
}

HOW = """## How to repeat it

```
./run bench [GROUP] --json FILE        a table, and its figures in FILE
python3 tests/bench/performance_page.py FILE   this page, from the figures of this machine
```

Two cores that nobody else uses give the smallest spread. Ratios are what can be compared: everything in a row ran in
turn with its reference, unless the note says otherwise.

**Aeron.** Build its C driver and run `aeronmd` with `AERON_THREADING_MODE=SHARED`, then `cpong` and `cping` over
`aeron:ipc`, each by `taskset` on a core of its own; it prints a histogram of round trips: halve them and hold them
against *message one way*. **iceoryx2.** Run its `benchmark-publish-subscribe`, pinned likewise; it prints one-way
averages.
"""


def cell(value):
    if value is None:
        return ""
    if value < 0.1:
        return f"{value:.4f}"
    if value < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def verdict(row):
    if row["target"] is None:
        return ""
    judged = row["ours"] if row["reference"] is None else row["ratio"]
    return "met" if judged is not None and judged <= row["target"] else "**missed**"


def page(kept):
    lines = [
        "# Performance",
        "",
        "Made from docs/performance.json by tests/bench/performance_page.py; do not edit. A ratio is ours to the",
        "reference: less is better. *Target* is the largest that is good enough; what is missed says so.",
    ]
    for name, (title, what) in GROUPS.items():
        group = kept.get(name)
        if group is None:
            continue
        host = group["host"]
        lines += [
            "",
            f"## {title}",
            "",
            what,
            "",
            f"`./run bench {name}`, {group['date']}: {host['cpu']}, {host['cores']} cores, Linux {host['kernel']}.",
            "",
            "| | ours | unit | reference | | ratio | target | | note |",
            "|---|--:|---|--:|---|--:|--:|---|---|",
        ]
        for row in group["results"]:
            lines.append(
                f"| {row['name'].strip()} | {cell(row['ours'])} | {row['unit']} | {cell(row['reference'])} "
                f"| {row['reference_name']} | {cell(row['ratio'])} | {cell(row['target'])} | {verdict(row)} "
                f"| {row['note']} |"
            )
    return "\n".join(lines) + "\n\n" + HOW


def picture(kept):
    """The timeline as SVG: a bar for each event, from the event that it follows."""
    rows = [row for row in kept["timeline"]["results"] if row["reference"] is None]
    at = {row["name"]: row["ours"] for row in rows}
    # The strategy reads its ack while the exchange matches.
    follows = {"matched": "ack visible"}
    left, width, bar, top = 110, 600, 22, 30
    longest = max(at.values())
    height = top + bar * len(rows) + 30
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 80} {height}" font-family="sans-serif"'
        ' font-size="12" role="img" aria-label="Timeline of one order">',
        "<style>text{fill:#222}.s{fill:#3b82c4}.g{fill:#c4703b}.x{fill:#6a9f3b}line{stroke:#999}",
        "@media(prefers-color-scheme:dark){text{fill:#ddd}line{stroke:#666}}</style>",
    ]
    for index, (name, colour) in enumerate((("strategy", "s"), ("gateway", "g"), ("exchange in the gateway", "x"))):
        x = left + 110 * index
        lines.append(f'<rect class="{colour}" x="{x}" y="8" width="12" height="12"/><text x="{x + 17}" y="18">{name}</text>')
    before = None
    for index, row in enumerate(rows):
        name = row["name"]
        begin = at[follows[name]] if name in follows else (at[before] if before else 0)
        x, y = left + begin / longest * width, top + bar * index
        length = max((at[name] - begin) / longest * width, 1)
        colour = {"strategy": "s", "gateway": "g"}.get(row["note"].split(":")[0], "x")
        lines.append(
            f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{name}</text>'
            f'<rect class="{colour}" x="{x:.1f}" y="{y + 4}" width="{length:.1f}" height="{bar - 8}"/>'
            f'<text x="{x + length + 5:.1f}" y="{y + 15}">{at[name]:,.0f} ns</text>'
        )
        before = name
    axis = top + bar * len(rows) + 6
    lines.append(f'<line x1="{left}" y1="{axis}" x2="{left + width}" y2="{axis}"/>')
    step = 500 if longest > 2000 else 100
    for ns in range(0, int(longest) + 1, step):
        x = left + ns / longest * width
        lines.append(f'<line x1="{x:.1f}" y1="{axis}" x2="{x:.1f}" y2="{axis + 4}"/>'
                     f'<text x="{x:.1f}" y="{axis + 16}" text-anchor="middle">{ns:,}</text>')
    return "\n".join(lines) + "\n</svg>\n"


def main(arguments):
    check = arguments[:1] == ["--check"]
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name in arguments[1 if check else 0 :]:
        new = json.loads(pathlib.Path(name).read_text())
        for group in {row["group"] for row in new["results"]}:
            rows = [{key: row[key] for key in row if key != "group"} for row in new["results"] if row["group"] == group]
            kept[group] = {"date": new["date"], "host": new["host"], "results": rows}
    files = {PAGE: page(kept)}
    if "timeline" in kept:
        files[PICTURE] = picture(kept)
    if check:
        wrong = 0
        for path, wanted in files.items():
            if not path.exists() or path.read_text() != wanted:
                print(f"docs/{path.name} is not what docs/performance.json says: run tests/bench/performance_page.py")
                wrong = 1
        return wrong
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    for path, wanted in files.items():
        path.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
