# docs/planted-mistakes.md: which mistakes were planted, and what caught each. Made of the properties
# that takt_simt_tests and its siblings record: page.py [--check] PROGRAM JSON ...
import argparse
import json
import pathlib
import sys

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs/planted-mistakes.md"
PROGRAMS = {"plain": "schedules and reports", "race": "race checker", "address": "sanitizers"}
HEAD = """# Planted mistakes

Mistakes planted in kernels and in the host code that drives them, and what the
[emulated device](emulated-device.md) catches them by: wrong results in the schedules named, a report,
an error code, the race checker, or AddressSanitizer. A dash: not seen, or not tried, by this program.
Each is a test (tests/simt/planted_test.cpp), and clean kernels give no report in any of them. This page
is made of what the tests record; a test compares it.
"""


def column_of(path):
    """Mistake to how it was caught, of one program's tests."""
    report = json.loads(pathlib.Path(path).read_text())
    tests = [test for suite in report["testsuites"] for test in suite["testsuite"]]
    failed = [test["name"] for test in tests if test.get("failures")]
    if failed:
        raise SystemExit(f"planted: these tests failed: {', '.join(failed)}")
    return {test["mistake"]: test["caught"] for test in tests if "mistake" in test}


def columns_of(text):
    """The columns of a page: program to mistake to how it was caught."""
    columns = {program: {} for program in PROGRAMS}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 1 + len(PROGRAMS) or cells[0] in ("mistake", "---"):
            continue
        for program, caught in zip(PROGRAMS, cells[1:]):
            if caught != "-":
                columns[program][cells[0]] = caught
    return columns


def page(columns):
    mistakes = sorted({mistake for column in columns.values() for mistake in column})
    lines = [HEAD, "| mistake | " + " | ".join(PROGRAMS.values()) + " |",
             "|---" * (1 + len(PROGRAMS)) + "|"]
    for mistake in mistakes:
        caught = [columns[program].get(mistake, "") or "-" for program in PROGRAMS]
        lines.append(f"| {mistake} | " + " | ".join(caught) + " |")
    unseen = [m for m in mistakes if not any(columns[p].get(m) for p in PROGRAMS)]
    if unseen:
        raise SystemExit(f"planted: nothing catches: {', '.join(unseen)}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("results", nargs="+", help="PROGRAM JSON, in pairs")
    options = parser.parse_args()
    columns = columns_of(PAGE.read_text()) if PAGE.exists() else {p: {} for p in PROGRAMS}
    pairs = list(zip(options.results[::2], options.results[1::2]))
    new = {program: {m: c for m, c in column_of(path).items() if c} for program, path in pairs}
    if options.check:
        wrong = [program for program, column in new.items() if columns[program] != column]
        if wrong:
            raise SystemExit(f"planted: docs/{PAGE.name} is not what {', '.join(wrong)} recorded; "
                             "./run.sh planted writes it")
        return 0
    PAGE.write_text(page(columns | new))
    print(f"written: docs/{PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
