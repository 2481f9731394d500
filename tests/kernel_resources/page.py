# docs/persistent-code.md: what each persistent kernel is once it is compiled. Compiles all of them,
# which takes a minute: page.py [--check] [--nvcc NVCC] [--ccbin CXX]
import argparse
import collections
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/persistent-code.md"
ARCHITECTURE = "sm_90a"

PASSES = {"forward": "persistent", "backward": "persistent_backward"}  # files of src/cuda
# A type's product as a symbol names it, and what multiplies in the machine code.
TYPES = {"f32": ("13StrictProduct", "FFMA"),
         "tf32": ("11Tf32Product", "HMMA.1688.F32.TF32"),
         "f16": ("13TensorProductI6__halfE", "HMMA.16816.F32"),
         "bf16": ("13TensorProductI13__nv_bfloat16E", "HMMA.16816.F32.BF16")}
# `split` and `Exchange` of the kernels.
FORMS = {"whole k": ("0", "15ClusterExchange"),
         "parts of k": ("1", "15ClusterExchange"),
         "grid": ("1", "12GridExchange")}

HEAD = """# Persistent kernels, compiled

Each [persistent kernel](persistent.md) as nvcc {version} makes it for {architecture} with -O3: what
ptxas reports, and what stands in the machine code. Instructions are counted as they are written,
not as they run; how often a loop's body is written is the compiler's choice.

- *whole k* and *parts of k*: kernels of `block` and `cluster`, whose warps have all k of their
  units, or one of several parts of it. *grid*: those of `grid`.
- *multiply*: HMMA, the tensor cores' instruction; for f32 FFMA, those of the cell's functions among
  them.
- *loads of 16 bytes*, from shared memory: R, and what is handed on. From global memory: R, once,
  before the steps, and in a grid in each step what has no room on the chip. The row that R is
  multiplied by (forward h, backward drh) comes from shared memory, into which a grid copies it from
  global memory.

A k block of one matrix tile is 2 HMMA or 64 FFMA, and 2 loads of R; a k block of the row is 1 load,
for f32 8. A kernel is refused where

- there is a stack, a spill, static shared memory, or an instruction on local memory: so none of
  them has a column;
- f16, bf16 or tf32 is not multiplied by the HMMA of that type;
- there are fewer loads of 16 bytes than its k blocks need, so that R or the row comes in smaller
  pieces;
- in a grid, no copy of 16 bytes from global into shared memory.

`python3 tests/kernel_resources/page.py` writes this page. It needs nvcc, and nvdisasm in PATH or
beside nvcc. A test runs it with `--check`: all kernels are there and none is refused; with an nvcc
of the page's version the numbers are the page's, too.
"""
COLUMNS = ["cell", "type", "form", "registers", "barriers", "multiply", "16 bytes, shared",
           "16 bytes, global", "instructions"]


@dataclasses.dataclass
class Kernel:
    """What was found of one."""
    registers: int = 0
    barriers: int = 0
    stack: int = 0
    spills: int = 0
    static_shared: int = 0
    code: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def count(self, *names):
        return sum(n for opcode, n in self.code.items() if opcode.split(".")[0] in names)

    def wide(self, *names):
        """Those that move 16 bytes."""
        return sum(n for opcode, n in self.code.items()
                   if opcode.split(".")[0] in names and "128" in opcode.split("."))

    def multiplies(self, type_):
        instruction = TYPES[type_][1]
        return self.count("FFMA") if instruction == "FFMA" else self.code[instruction]


def cells():
    """Name in the list of cells to what a cell declares."""
    listed = re.search(r"AllCells = CellList<(.*?)>", (ROOT / "include/takt/cells.hpp").read_text())
    declared = {}
    for path in (ROOT / "include/takt/cells").glob("*.hpp"):
        text = path.read_text()
        pattern = r"^struct (\w+) \{\n  static constexpr auto name = \"(\w+)\";"
        if found := re.search(pattern, text, re.M):
            gates = re.search(r"constexpr int gates = (\d+)", text)
            declared[found[1]] = (found[2], int(gates[1]))
    return {name: declared[name] for name in re.findall(r"cells::(\w+)", listed[1])}


def symbol(kernel, cell, type_, form):
    """Of a kernel, up to its parameters."""
    split, exchange = FORMS[form]
    return (f"_ZN4takt{len(kernel)}{kernel}INS_5cells{len(cell)}{cell}ENS_{TYPES[type_][0]}E"
            f"Lb{split}ENS_{exchange}EEEv")


def read_report(text, kernels):
    """What ptxas says of each, into kernels by symbol."""
    for part in re.split(r"^ptxas info .*: Compiling entry function ", text, flags=re.M)[1:]:
        kernel = kernels[part.split("'")[1]]
        stack = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes", part)
        used = re.search(r"Used (\d+) registers(?:, used (\d+) barriers)?(.*)", part)
        shared = re.search(r"(\d+) bytes smem", used[3])
        cumulative = re.search(r"(\d+) bytes cumulative stack", used[3])
        kernel.registers, kernel.barriers = int(used[1]), int(used[2] or 0)
        kernel.stack = max(int(stack[1]), int(cumulative[1]) if cumulative else 0)
        kernel.spills = int(stack[2]) + int(stack[3])
        kernel.static_shared = int(shared[1]) if shared else 0


def read_code(text, kernels):
    """What nvdisasm shows, likewise: functions that a kernel calls stand in its section."""
    kernel = None
    for line in text.splitlines():
        if section := re.match(r"\s+\.section\s+([^,\s]+)", line):
            name = section[1].removeprefix(".text.")
            kernel = None if name == section[1] else kernels[name]
        elif kernel is not None:
            instruction = re.match(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)", line)
            if instruction and instruction[1] != "NOP":
                kernel.code[instruction[1]] += 1


def problems(kernel, type_, form, tiles):
    """Why a kernel of so many matrix tiles is not what it should be."""
    found = []
    for what, n in [("bytes of stack", kernel.stack), ("bytes of spills", kernel.spills),
                    ("bytes of static shared memory", kernel.static_shared),
                    ("instructions on local memory", kernel.count("LDL", "STL"))]:
        if n:
            found.append(f"{n} {what}")
    of_fragment, rows = (64, 8) if type_ == "f32" else (2, 1)
    blocks = kernel.multiplies(type_) // (of_fragment * tiles)
    needed = blocks * (2 * tiles + rows)
    # Not those of a row that is handed on, which are stored again.
    loads = kernel.wide("LDS", "LDG", "LD") - kernel.wide("STG", "ST", "STAS")
    if form == "grid" and not kernel.wide("LDGSTS"):
        found.append("no copies of 16 bytes into shared memory")
    if not blocks:
        found.append(f"no product by {TYPES[type_][1]}")
    elif loads < needed:
        found.append(f"{loads} loads of 16 bytes, where {blocks} k blocks need {needed}")
    return found


def row(place, kernel):
    multiply = f"{kernel.multiplies(place[1])} {TYPES[place[1]][1].split('.')[0]}"
    numbers = [kernel.registers, kernel.barriers, multiply, kernel.wide("LDS"),
               kernel.wide("LDG", "LD"), sum(kernel.code.values())]
    return f"| {' | '.join([*place, *map(str, numbers)])} |"


def rows_of(text):
    """The rows of a page, by pass, cell, type and form."""
    rows, pass_ = {}, ""
    for line in text.splitlines():
        if line.startswith("## "):
            pass_ = line[3:].lower()
        columns = line.strip("| ").split(" | ")
        if len(columns) == len(COLUMNS) and columns[1] in TYPES:
            rows[(pass_, *columns[:3])] = line
    return rows


def page(version, rows):
    lines = [HEAD.format(version=version, architecture=ARCHITECTURE)]
    for pass_ in PASSES:
        lines += [f"## {pass_.capitalize()}", "", f"| {' | '.join(COLUMNS)} |",
                  "|---|---|---|" + "--:|" * (len(COLUMNS) - 3)]
        lines += [line for place, line in rows.items() if place[0] == pass_] + [""]
    return "\n".join(lines).rstrip() + "\n"


def version_of(text):
    """Of nvcc, where a page or nvcc itself says it."""
    found = re.search(r"as nvcc (\S+) makes it|, V(\d+[.\d]*)", text)
    return (found[1] or found[2]) if found else ""


def said_by(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stderr or done.stdout}")
    return done.stdout, done.stderr


def compiled(source, folder, compiler, nvdisasm):
    """The kernels of a file, by symbol."""
    headers, cubin = folder / "include/takt", folder / "kernels.cubin"
    headers.mkdir(parents=True, exist_ok=True)
    if not (headers / "kernels").exists():
        (headers / "kernels").symlink_to(ROOT / "kernels")  # as an installed takt has them
    _, report = said_by([*compiler, "-std=c++20", f"-arch={ARCHITECTURE}", "-O3", "-DNDEBUG",
                         "-Xptxas=-v", f"-I{ROOT / 'src'}", f"-I{folder / 'include'}",
                         f"-I{ROOT / 'include'}", "-cubin", source, "-o", cubin])
    kernels = collections.defaultdict(Kernel)
    read_report(report, kernels)
    read_code(said_by([nvdisasm, "-c", cubin])[0], kernels)
    return kernels


def collect(compiler, nvdisasm):
    """Rows of all kernels by their places, and what is wrong with any."""
    rows, wrong = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for pass_, file in PASSES.items():
            of_pass = {type_: compiled(ROOT / f"src/cuda/{file}_{type_}.cu", pathlib.Path(folder),
                                       compiler, nvdisasm) for type_ in TYPES}
            for cell, (name, gates) in cells().items():
                for form in FORMS:
                    for type_, kernels in of_pass.items():
                        wanted = symbol(f"persistent_{pass_}_kernel", cell, type_, form)
                        found = [each for each in kernels if each.startswith(wanted)]
                        place = (name, type_, form)
                        if not found:
                            wrong.append(f"{pass_} {' '.join(place)}: no such kernel")
                            continue
                        kernel = kernels.pop(found[0])
                        rows[(pass_, *place)] = row(place, kernel)
                        wrong += [f"{pass_} {' '.join(place)}: {problem}" for problem in
                                  problems(kernel, type_, form, gates if pass_ == "forward" else 1)]
            wrong += [f"no place for {each}" for kernels in of_pass.values() for each in kernels
                      if f"persistent_{pass_}_kernel" in each]
    return rows, wrong


def difference(text, rows, version):
    """What is wrong with a page; numbers of another nvcc are not compared."""
    written = rows_of(text)
    wrong = [f"no row: {' '.join(place)}" for place in rows if place not in written]
    wrong += [f"no kernel: {' '.join(place)}" for place in written if place not in rows]
    if version == version_of(text):
        wrong += [f"{place[0]}\n  page {written[place]}\n  now  {line}"
                  for place, line in rows.items() if written.get(place, line) != line]
        if not wrong and page(version, rows) != text:
            wrong.append("its text is not page.py's")
    return wrong


def beside(program, name):
    """A tool in PATH, or in the folder of another."""
    return shutil.which(name) or shutil.which(name, path=pathlib.Path(program).resolve().parent)


def main():
    parser = argparse.ArgumentParser(description="Writes docs/persistent-code.md.")
    parser.add_argument("--check", action="store_true", help="compare the page, write nothing")
    parser.add_argument("--nvcc", help="default: the one in PATH, else of /usr/local/cuda")
    parser.add_argument("--ccbin", help="nvcc's host compiler")
    options = parser.parse_args()
    nvcc = options.nvcc or shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")
    nvdisasm = nvcc and beside(nvcc, "nvdisasm")
    if not nvdisasm:
        missing = "no nvdisasm in PATH or beside nvcc" if nvcc else "no nvcc"
        if not options.check:
            raise SystemExit(missing)
        print(f"skipped: {missing}")
        return 0

    version = version_of(said_by([nvcc, "--version"])[0])
    rows, wrong = collect([nvcc] + (["-ccbin", options.ccbin] if options.ccbin else []), nvdisasm)
    if not wrong and options.check:
        text = PAGE.read_text() if PAGE.exists() else ""
        wrong = difference(text, rows, version)
        if wrong:
            wrong.append(f"docs/{PAGE.name} is another: tests/kernel_resources/page.py writes it")
        elif version != version_of(text):
            print(f"numbers not compared: nvcc is {version}, docs/{PAGE.name} has those of "
                  f"{version_of(text)}")
    if wrong:
        raise SystemExit("\n".join(wrong))
    if not options.check:
        PAGE.write_text(page(version, rows))
    print(f"{len(rows)} kernels, " + ("as they should be" if options.check
                                      else f"written: docs/{PAGE.name}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
