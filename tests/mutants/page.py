# docs/mutants.md: who caught what.
import collections
import re

# What a test holds takt against, by its suite and name; the first that fits counts.
KINDS = [
    ("the checkers' own", r"\w+\.\w*CanFail|Validate|Tolerance|ErrorMeter"),
    ("outside values", r"\w*(Golden|Onnx|OneDnn|Philox)"),
    ("finite differences", r"ReferenceGradients|LanguageModelGradient"),
    ("by hand", r"\w+\.\w*ByHand|ReferenceByHand"),
    ("rules of the reference", r"ReferenceRules"),
    ("refusals", r"\w*Refus"),
    ("dual numbers", r"CellContract"),
    ("the reference", r"(Cpu|Device)AgainstReference|CpuLong|StepKernels"),
    ("bit for bit", r"(Cpu|Device)Bits|SameBits"),
    ("long double", r"CpuMath|CpuVector"),
    ("guards", r"Scratch|Allocation"),
]

HEAD = """# Mutants

Each patch of tests/mutants/ breaks takt in one place. `./run.sh mutants` applies them one by one to
a copy of the tree, builds it and runs all of takt_tests; for device code (kernels/, src/cuda/) the
tests of takt's CUDA path on the emulated device, where the patch asks for it under the race checker
too; for examples/language_model the example's own tests. A mutant that no test notices, or not in
each of its cells, fails the run. This page is written by it.

Tests count by what they hold takt against: values from *outside* (JAX, ONNX, oneDNN, known
answers), *finite differences*, steps worked out *by hand*, *dual numbers* run through the same
cell, *the reference*, another run of takt *bit for bit*, *guards* around memory. *The checkers'
own* ask whether validation and the comparisons can say no; they fail too where what they check is
wrong. After each kind: how many of its tests failed, and in which suites.
"""


def without_program(test):
    return re.sub(r"^simt(_race)?\.", "", test)


def suite_of(test):
    """CpuMath of Levels/CpuMath.NanStaysNan/x86_64_v3, and CpuVector of CpuVector/f32.Exp."""
    suite, _, name = without_program(test).partition(".")
    parts = suite.split("/")
    return parts[-1] if "/" in name else parts[0]


def kind_of(test):
    parts = without_program(test).split(".")
    name = suite_of(test) + "." + parts[1].split("/")[0]
    return next((kind for kind, pattern in KINDS if re.match(pattern, name)), "others")


def by_kind(failed):
    """Failed tests by kind, in the order of KINDS."""
    groups = collections.defaultdict(list)
    for test in failed:
        groups[kind_of(test)].append(test)
    return {kind: groups[kind] for kind in kind_names() if kind in groups}


def who(result):
    """`outside values 5 (OnnxNodes, GoldenGradients), bit for bit 2 (CpuBits)`."""
    if result.problem:
        return f"**{result.problem}**"
    texts = []
    for kind, tests in by_kind(result.failed).items():
        suites = list(dict.fromkeys(suite_of(test) for test in sorted(tests)))
        shown = ", ".join(suites[:3]) + (", ..." if len(suites) > 3 else "")
        count = "" if result.mutant.varies else f" {len(tests)}"
        texts.append(f"{kind}{count} ({shown})")
    return ", ".join(texts)


def about(mutant):
    return f"{mutant.name} | {mutant.title} | {mutant.of_cells()} | {', '.join(mutant.files)}"


def row(result):
    failed = "some" if result.mutant.varies and result.failed else len(result.failed)
    return f"| {about(result.mutant)} | {failed} | {who(result)} |"


def rows_of(text):
    """The rows of a page, by the names of their mutants."""
    rows = {}
    for line in text.splitlines():
        columns = line.strip("| ").split(" | ")
        if len(columns) == 6 and columns[0] not in ("mutant", "---"):
            rows[columns[0]] = line
    return rows


def kind_names():
    return [kind for kind, _ in KINDS] + ["others"]


def unknown_kinds(line):
    """Kinds in a row that KINDS no longer has: such a row cannot be counted."""
    who_caught = re.sub(r"\([^)]*\)", "", line.strip("| ").split(" | ")[5])
    kinds = [re.sub(r" \d+$", "", kind.strip()) for kind in who_caught.split(",")]
    return [kind for kind in kinds if kind not in kind_names()] if is_caught(line) else []


def difference(text, mutants):
    """What is wrong with a page: rows that are not these mutants', or a count of other rows."""
    rows = rows_of(text)
    names = [mutant.name for mutant in mutants]
    for name in sorted(set(rows) ^ set(names)):
        return f"{name} has no row" if name in names else f"there is no mutant {name}"
    for mutant in mutants:
        if not rows[mutant.name].startswith("| " + about(mutant) + " |"):
            return f"the row of {mutant.name} does not say what its patch says"
        if not is_caught(rows[mutant.name]):
            return f"{mutant.name} was not caught"
        if kinds := unknown_kinds(rows[mutant.name]):
            return f"the row of {mutant.name} has kinds of another page.py: {', '.join(kinds)}"
    return "" if page(rows) == text else "the text or the counts are not those of its rows"


def is_caught(line):
    return "**" not in line


def kinds_in(line):
    """Kinds of tests that caught the mutant of a row."""
    who_caught = line.strip("| ").split(" | ")[5]
    return {kind for kind in kind_names()
            if re.search(rf"(^|\), ){re.escape(kind)}( \d+)? \(", who_caught)}


def page(rows):
    """The whole page, from its rows."""
    caught = [line for line in rows.values() if is_caught(line)]
    lines = [HEAD, f"{len(rows)} mutants, {len(caught)} caught.", ""]
    lines += ["| kind of test | mutants caught | by no other kind |", "|---|---|---|"]
    kinds = [kinds_in(line) for line in caught]
    for kind in kind_names():
        those = [found for found in kinds if kind in found]
        if those:
            lines.append(f"| {kind} | {len(those)} | {those.count({kind})} |")
    lines += ["", "| mutant | what is wrong | cells | file | tests failed | caught by |",
              "|---|---|---|---|---|---|"]
    lines += [rows[name] for name in sorted(rows)]
    return "\n".join(lines) + "\n"
