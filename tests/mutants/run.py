# Applies the patches of this folder one by one to a copy of the tree and sees which tests notice.
import argparse
import concurrent.futures
import dataclasses
import fnmatch
import os
import pathlib
import queue
import re
import resource
import shutil
import sys
import threading
import time

import page
from mutant import ROOT, Mutant, all_mutants, cells_without_mutant
from tree import LEAST_LIMIT_S, PREFIXES, Failure, Tree, copy_tree

PAGE = ROOT / "docs/mutants.md"

ABOUT = """Applies the patches of tests/mutants one by one to a copy of the tree, builds
takt_tests and runs it; for device code, the tests of takt's CUDA path on the emulated device; for
examples/language_model, the example's own tests. A mutant is caught when a test fails, crashes or
hangs, in each cell that it concerns; exit code 1 where one is not, or its patch does not apply or
compile. With no NAME it runs all. docs/mutants.md says what was found; a run of some renews their
rows only. A mutant of a public header rebuilds nearly all tests; with two cores all of them take
about half an hour."""

NEEDS = """Needs python3 (no modules), patch, what building takt needs and, for device code, CUDA's
headers; uses ccache where it is."""


@dataclasses.dataclass
class Result:
    mutant: Mutant
    failed: list = dataclasses.field(default_factory=list)
    problem: str = ""  # why it does not count as caught
    details: str = ""


def arguments():
    parser = argparse.ArgumentParser(prog="./run.sh mutants", description=ABOUT, epilog=NEEDS)
    parser.add_argument("names", metavar="NAME", nargs="*",
                        help="only these; * and ? as in a shell")
    parser.add_argument("--list", action="store_true", help="name all mutants and what they break")
    parser.add_argument("--check", action="store_true",
                        help="only see whether all patches apply and docs/mutants.md is theirs")
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 4), metavar="N",
                        help="how many at a time, each in its own copy (default: %(default)s)")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build-mutants", metavar="DIR",
                        help="where the copies lie (default: build-mutants); emptied first")
    return parser.parse_args()


def chosen(mutants, names):
    for name in names:
        if not fnmatch.filter([mutant.name for mutant in mutants], name):
            raise SystemExit(f"mutants: no mutant '{name}'; --list names all")
    return [mutant for mutant in mutants
            if not names or any(fnmatch.fnmatch(mutant.name, name) for name in names)]


def is_about(test, cell):
    """Whether a test's name says that it is about a cell: .../lstm, .../x86_64_v3_lstm_f32."""
    return any(re.fullmatch(rf"(x86_64_v\d_|generic_)?{cell}(_.*)?", part)
               for part in re.split(r"[/.]", test))


def failed_tests(states):
    return [test for test, state in states.items() if state not in ("passed", "skipped")]


def judge(result):
    if not result.failed:
        result.problem = "survives"
    elif len(result.mutant.cells) > 1:
        missing = [cell for cell in result.mutant.cells
                   if not any(is_about(test, cell) for test in result.failed)]
        if missing:
            result.problem = "survives in " + ", ".join(missing)
    return result


def try_mutant(tree, mutant, limit_s):
    result = Result(mutant)
    try:
        step = "does not apply"
        tree.apply(mutant)
        step = "does not compile"
        tree.compile(mutant.programs)
        for program in mutant.programs:
            result.failed += failed_tests(tree.test(program, mutant.suites, limit_s))
        return judge(result)
    except Failure as failure:
        result.problem, result.details = step, str(failure)
        return result
    finally:
        tree.restore(mutant)


def prepared_tree(original, folder, jobs, programs, suites):
    """A tree whose tests all pass, and how long those of the slowest program take."""
    tree = Tree(original, folder, jobs, programs)
    tree.prepare()
    usual_s = 0.0
    for program in programs:
        begin = time.monotonic()
        states = tree.test(program, suites, limit_s=3600)
        if not states or failed_tests(states):
            raise Failure(f"without any mutant these of {program} fail: " +
                          (", ".join(failed_tests(states)) or "all"))
        usual_s = max(usual_s, time.monotonic() - begin)
    return tree, usual_s


class Progress:
    def __init__(self, count):
        self.count, self.done, self.begin, self.lock = count, 0, time.monotonic(), threading.Lock()

    def tell(self, result):
        with self.lock:
            self.done += 1
            minutes, seconds = divmod(int(time.monotonic() - self.begin), 60)
            verdict = result.problem.upper() or f"caught by {len(result.failed)}"
            when = f"{self.done}/{self.count} {minutes}:{seconds:02}"
            print(f"[{when}] {result.mutant.name}: {verdict}", flush=True)
            if result.details:
                print(result.details, flush=True)


def empty(folder):
    """Removes what an earlier run left there, and nothing else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "original").is_dir():
        raise SystemExit(f"mutants: {folder} holds something else; --work takes an empty folder")
    shutil.rmtree(folder, ignore_errors=True)


def run_all(mutants, options):
    work_folder = options.work.resolve()
    empty(work_folder)
    original = work_folder / "original"
    copy_tree(ROOT, original)
    workers = max(1, min(options.jobs, len(mutants)))
    jobs = max(1, (os.cpu_count() or 1) // workers)
    # The slowest first: those that most files include.
    waiting = queue.SimpleQueue()
    for mutant in sorted(mutants, key=lambda m: not any(f.startswith("include") for f in m.files)):
        waiting.put(mutant)
    programs = [program for program in PREFIXES
                if any(program in mutant.programs for mutant in mutants)]
    suites = sorted({suite for mutant in mutants for suite in mutant.suites})
    progress = Progress(len(mutants))
    results = []

    def work(number):
        tree, usual_s = prepared_tree(original, work_folder / str(number), jobs, programs,
                                      suites)
        print(f"copy {number}: built, all tests pass, in {usual_s:.0f} s", flush=True)
        while True:
            try:
                mutant = waiting.get_nowait()
            except queue.Empty:
                return
            results.append(try_mutant(tree, mutant, max(LEAST_LIMIT_S, 6 * usual_s)))
            progress.tell(results[-1])

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, number) for number in range(workers)]:
            done.result()
    return sorted(results, key=lambda result: result.mutant.name)


def write_page(results, mutants):
    """Renews the rows of what was run; others stay as they were, while their mutants exist."""
    rows = page.rows_of(PAGE.read_text()) if PAGE.exists() else {}
    rows = {name: line for name, line in rows.items() if not page.unknown_kinds(line)}
    rows |= {result.mutant.name: page.row(result) for result in results}
    names = {mutant.name for mutant in mutants}
    PAGE.write_text(page.page({name: line for name, line in rows.items() if name in names}))
    print(f"written: {PAGE.relative_to(ROOT)}, {len(names - set(rows))} rows still to be made")


def main():
    options = arguments()
    mutants = all_mutants()
    if options.list:
        for mutant in mutants:
            print(f"{mutant.name:32} {mutant.title} ({mutant.of_cells()})")
        return 0
    if options.check:
        for mutant in mutants:
            if file := mutant.file_without_place():
                raise SystemExit(f"mutants: {mutant.path.name} does not apply to {file}")
        if wrong := page.difference(PAGE.read_text(), mutants):
            raise SystemExit(f"mutants: {PAGE.relative_to(ROOT)}: {wrong}; ./run.sh mutants "
                             "writes it")
        print(f"{PAGE.relative_to(ROOT)}: {len(mutants)} mutants, all caught")
        return 0
    if cells := cells_without_mutant(mutants):
        raise SystemExit(f"mutants: no patch breaks the maths of {', '.join(cells)}")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # mutants crash
    try:
        results = run_all(chosen(mutants, options.names), options)
    except Failure as failure:
        raise SystemExit(f"mutants: {failure}")
    print("\n".join(page.row(result) for result in results))
    write_page(results, mutants)
    uncaught = [result for result in results if result.problem]
    print(f"{len(results)} mutants, {len(results) - len(uncaught)} caught")
    for result in uncaught:
        print(f"not caught: {result.mutant.name}: {result.problem}")
    return 1 if uncaught else 0


if __name__ == "__main__":
    sys.exit(main())
