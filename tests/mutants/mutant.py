# A mutant: a patch of this folder and what its header says.
#
#   # R is transposed in the recurrent product      one line: what is wrong
#   # cells: all                                    the cells in which it must be caught: names,
#                                                   all, or none where it is not about cells
#   # varies                                        optional: how many tests fail is up to chance
#   # race                                          optional, of device code: the race checker is
#                                                   asked, too
#   # suites: Persistent                            optional, of device code: only suites whose
#                                                   names begin so are asked; else all of takt's
#                                                   CUDA path
#   --- a/src/... and so on
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent

# Device code and what drives it run in the programs of the emulated device; these parts of it are in
# takt_tests as well.
DEVICE_FOLDERS = ("kernels/", "src/cuda/")
HOST_PARTS = ("src/cuda/layout.", "src/cuda/absent.")
# The example that learns a text has a program of tests of its own.
EXAMPLE_FOLDER = "examples/language_model/"
# Of the emulated device's programs only the suites about takt's own CUDA path are run.
DEVICE_SUITES = ["Cuda", "Device", "Persistent", "Step"]


def known_cells():
    """Names of all cells: a cell has one file, named after it."""
    return sorted(path.stem for path in (ROOT / "include/takt/cells").glob("*.hpp"))


class Mutant:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        head, _, body = path.read_text().partition("\n--- ")
        lines = [line.removeprefix("# ") for line in head.splitlines()]
        self.title = lines[0]
        self.varies = "varies" in lines
        cells = next((line[7:] for line in lines if line.startswith("cells: ")), None)
        self.suites = next((line[8:].split() for line in lines if line.startswith("suites: ")),
                           DEVICE_SUITES)
        if not body or cells is None:
            raise SystemExit(f"mutants: {path.name}: no patch, or a header without its cells")
        self.cells = {"all": known_cells(), "none": []}.get(cells, cells.split())
        if unknown := set(self.cells) - set(known_cells()):
            raise SystemExit(f"mutants: {path.name}: no cell {', '.join(sorted(unknown))}")
        self.files = re.findall(r"^\+\+\+ b/(\S+)", path.read_text(), re.MULTILINE)
        device = any(file.startswith(DEVICE_FOLDERS) for file in self.files)
        host = any(not file.startswith((*DEVICE_FOLDERS, EXAMPLE_FOLDER)) or
                   file.startswith(HOST_PARTS) for file in self.files)
        example = any(file.startswith(EXAMPLE_FOLDER) for file in self.files)
        self.programs = (["takt_tests"] if host else []) + (["takt_simt_tests"] if device else [])
        self.programs += ["language_model_tests"] if example else []
        if "race" in lines:
            if not device:
                raise SystemExit(f"mutants: {path.name}: a race in code that no device runs")
            self.programs.append("takt_simt_race_tests")

    def file_without_place(self):
        """A file that no longer holds what the patch looks for; empty where all do."""
        for part in self.path.read_text().split("\n--- ")[1:]:
            lines = part.splitlines()
            file = lines[1].removeprefix("+++ b/")
            text = (ROOT / file).read_text() if (ROOT / file).exists() else ""
            for hunk in re.split(r"^@@.*\n", "\n".join(lines[2:]) + "\n", flags=re.MULTILINE)[1:]:
                old = "".join(line[1:] + "\n" for line in hunk.splitlines() if line[:1] != "+")
                if old not in text:
                    return file
        return ""

    def of_cells(self):
        return "all" if self.cells == known_cells() else ", ".join(self.cells) or "-"


def all_mutants():
    return [Mutant(path) for path in sorted(FOLDER.glob("*.patch"))]


def cells_without_mutant(mutants):
    """Cells whose own maths nobody breaks."""
    broken = {file for mutant in mutants for file in mutant.files}
    return [cell for cell in known_cells() if f"include/takt/cells/{cell}.hpp" not in broken]
