# A copy of the tree with a build of its tests: mutated, built, tested and put back.
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading

from mutant import ROOT

# At -O1 a mutant of a public header takes half the time; the CPU path's own objects are -O3 anyway.
OPTIONS = [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_CXX_FLAGS_RELEASE=-O1",
    "-DTAKT_BUILD_TOOL=OFF",
    "-DTAKT_BUILD_BENCH=OFF",
    "-DTAKT_INSTALL=OFF",
    "-DTAKT_CUDA=OFF",
    "-DTAKT_WARNINGS_AS_ERRORS=OFF",
]

# Several threads a product would only wait for each other.
ENVIRONMENT = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

LEAST_LIMIT_S = 120  # tests that take this long, and six times as long as usual, hang
MOST_CRASHES = 8

# Tests are named with a prefix that says whose they are, as ctest names them.
PREFIXES = {"takt_tests": "", "takt_simt_tests": "simt.", "takt_simt_race_tests": "simt_race.",
            "language_model_tests": ""}

BEGINS = re.compile(r"\[ RUN      \] (\S+)$")
ENDS = re.compile(r"\[ +(OK|FAILED|SKIPPED) +\] (\S+?),? .*\(\d+ ms\)$")
STATES = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}


class Failure(Exception):
    """A step before the tests did not work; holds its last lines."""


def copy_tree(source, to):
    """All but what git ignores at the top: builds and results."""
    def ignored(folder, names):
        if pathlib.Path(folder) != source:
            return []
        return [name for name in names if name in (".git", "out") or name.startswith("build")]

    shutil.copytree(source, to, ignore=ignored, symlinks=True)


def cpu_level():
    info = pathlib.Path("/proc/cpuinfo")
    flags = info.read_text().split() if info.exists() else []
    if "avx2" in flags and "fma" in flags:
        return "v3"
    return "v2" if "sse4_2" in flags else "generic"


def filter_of(program, suites, without):
    """--gtest_filter of a program's tests but those that have a state; of a device's programs only
    those in suites that begin so."""
    prefix = PREFIXES[program]
    suites = [pattern for suite in suites for pattern in (f"{suite}*", f"*/{suite}*")] \
        if prefix else ["*"]
    return ":".join(suites) + "-" + ":".join(test.removeprefix(prefix) for test in without)


def run_step(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace")
    if done.returncode != 0:
        raise Failure("\n".join(done.stdout.splitlines()[-20:]))


class Tree:
    """`original` is never changed and shared by all trees; each has its own copy and build of
    `programs`."""

    def __init__(self, original, folder, jobs, programs):
        self.original, self.folder, self.jobs = original, folder, jobs
        self.programs = programs
        self.source, self.build, self.kept = folder / "tree", folder / "build", folder / "kept"
        folder.mkdir(parents=True)
        copy_tree(original, self.source)

    def prepare(self):
        """Builds the tree as it is and keeps that build."""
        launcher = shutil.which("ccache") or ""
        run_step(["cmake", "-S", self.source, "-B", self.build, "-G", "Ninja",
                  f"-DTAKT_CPU_LEVELS={cpu_level()}", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}",
                  *OPTIONS], self.folder)
        self.compile(self.programs)
        shutil.copytree(self.build, self.kept, symlinks=True)

    def compile(self, programs):
        run_step(["cmake", "--build", self.build, "--parallel", str(self.jobs), "--target",
                  *programs], self.folder)

    def apply(self, mutant):
        run_step(["patch", "-p1", "--fuzz=0", "--batch", "--forward", "--no-backup-if-mismatch",
                  "-i", mutant.path], self.source)

    def restore(self, mutant):
        """Puts source and build back, times included, so that nothing is compiled twice."""
        for file in mutant.files:
            shutil.copy2(self.original / file, self.source / file)
        for path in self.build.rglob("*"):
            if path.is_file() and not (self.kept / path.relative_to(self.build)).exists():
                path.unlink()
        for kept in self.kept.rglob("*"):
            path = self.build / kept.relative_to(self.kept)
            if kept.is_file() and (not path.exists() or
                                   path.stat().st_mtime_ns != kept.stat().st_mtime_ns):
                shutil.copy2(kept, path)

    def test(self, program, suites, limit_s):
        """The state of each test that was run: passed, failed, skipped, crashed or hung."""
        states = {}
        for _ in range(MOST_CRASHES):
            ran = self.run_tests(program, suites, limit_s, states)
            if ran != "crashed":  # else go on behind the test that crashed
                break
        return states

    def run_tests(self, name, suites, limit_s, states):
        """Runs the tests that have no state yet. How the program ended: done, crashed or hung."""
        prefix = PREFIXES[name]
        command = [self.build / "bin" / name, "--gtest_color=no",
                   "--gtest_filter=" + filter_of(name, suites, states)]
        program = subprocess.Popen(command, cwd=self.folder, env=ENVIRONMENT, text=True,
                                   errors="replace", stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        hung = threading.Event()

        def stop():
            hung.set()
            os.killpg(program.pid, signal.SIGKILL)

        timer = threading.Timer(limit_s, stop)
        timer.start()
        running = None
        with program.stdout:
            for line in program.stdout:
                if match := BEGINS.search(line):
                    running = prefix + match[1]
                elif match := ENDS.search(line):
                    states[prefix + match[2]] = STATES[match[1]]
                    running = None
        program.wait()
        timer.cancel()
        if running is None:
            return "done"
        states[running] = "hung" if hung.is_set() else "crashed"
        return states[running]
