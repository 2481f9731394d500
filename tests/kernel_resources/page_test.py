# page.py can say no: to kernels that are not what they should be, and to another page.
import collections
import unittest

import page

PLACE = ("forward", "lstm", "bf16", "grid")
REPORT = """ptxas info    : Compiling entry function '_Z6kernelv' for 'sm_90a'
ptxas info    : Function properties for _Z6kernelv
    {} bytes stack frame, {} bytes spill stores, {} bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers{}
"""
# One k block of an LSTM's four matrix tiles: 8 loads of R, one of the row, which was copied into
# shared memory; a copy of what is handed on.
CODE = ("HMMA.16816.F32.BF16 R28, R36, R148, RZ\n" * 8 + "@P0 LDS.128 R4, [R8]\n" * 9
        + "LDGSTS.E.BYPASS.128 [R8], desc[UR10][R8.64]\n"
        + "@!P1 LDG.E.128 R4, desc[UR10][R8.64]\nSTG.E.128 desc[UR10][R4.64], R8\nNOP\n")


def kernel(code=CODE, stack=0, stores=0, loads=0, more=""):
    kernels = collections.defaultdict(page.Kernel)
    lines = [f"        /*{16 * n:04x}*/   {line} ;" for n, line in enumerate(code.splitlines())]
    page.read_report(REPORT.format(stack, stores, loads, more), kernels)
    page.read_code("\n".join(['\t.section\t.text._Z6kernelv,"ax",@progbits', *lines,
                              "\t.section\t.nv.shared", "  /*0000*/ LDL R0, [R1] ;"]), kernels)
    return kernels["_Z6kernelv"]


class Kernels(unittest.TestCase):
    def refused(self, said, type_="bf16", **made):
        found = page.problems(kernel(**made), type_, "grid", 4)
        self.assertEqual([text for text in found if said in text], found)
        self.assertEqual(len(found), 1)

    def test_what_is_right_is_accepted(self):
        self.assertEqual(page.problems(kernel(), "bf16", "grid", 4), [])
        in_cluster = kernel(CODE.replace("LDGSTS", "NOP"))
        self.assertEqual(page.problems(in_cluster, "bf16", "parts of k", 4), [])
        self.assertEqual(page.row(PLACE[1:], kernel()),
                         "| lstm | bf16 | grid | 40 | 1 | 8 HMMA | 9 | 1 | 20 |")

    def test_stack_spills_and_memory_are_refused(self):
        self.refused("80 bytes of stack", stack=80)
        self.refused("16 bytes of stack", more=", 16 bytes cumulative stack size")
        self.refused("12 bytes of spills", stores=8, loads=4)
        self.refused("256 bytes of static shared memory", more=", 256 bytes smem")
        self.refused("2 instructions on local memory",
                     code=CODE + "STL [R1], R0\nLDL.64 R0, [R1]\n")

    def test_products_of_another_kind_are_refused(self):
        self.refused("no product by HMMA.16816.F32", type_="f16")
        self.refused("no product by FFMA", type_="f32")

    def test_loads_of_fewer_bytes_are_refused(self):
        self.refused("8 loads of 16 bytes, where 1 k blocks need 9",
                     code=CODE.replace("@P0 LDS.128", "@P0 LDS.64", 1))

    def test_rows_that_are_not_copied_are_refused(self):
        self.refused("no copies of 16 bytes", code=CODE.replace("LDGSTS", "NOP"))


class Pages(unittest.TestCase):
    def setUp(self):
        self.rows = {PLACE: page.row(PLACE[1:], kernel())}
        self.text = page.page("13.0.88", self.rows)

    def test_the_page_is_read_as_it_is_written(self):
        self.assertEqual(page.rows_of(self.text), self.rows)
        self.assertEqual(page.difference(self.text, self.rows, "13.0.88"), [])

    def test_other_numbers_are_told_of_the_same_nvcc(self):
        other = {PLACE: self.rows[PLACE].replace("8 HMMA", "9 HMMA")}
        self.assertEqual(len(page.difference(self.text, other, "13.0.88")), 1)
        self.assertEqual(page.difference(self.text, other, "13.1.1"), [])

    def test_other_kernels_and_other_text_are_told(self):
        more = self.rows | {("backward", *PLACE[1:]): self.rows[PLACE]}
        self.assertEqual(page.difference(self.text, more, "13.1.1"),
                         ["no row: backward lstm bf16 grid"])
        self.assertEqual(page.difference(self.text, {}, "13.1.1"),
                         ["no kernel: forward lstm bf16 grid"])
        self.assertEqual(page.difference(self.text + "more\n", self.rows, "13.0.88"),
                         ["its text is not page.py's"])


class Names(unittest.TestCase):
    def test_a_symbol_is_the_compilers(self):
        self.assertEqual(
            page.symbol("persistent_forward_kernel", "Gru", "bf16", "grid"),
            "_ZN4takt25persistent_forward_kernelINS_5cells3GruENS_13TensorProductI13__nv_bfloat16EE"
            "Lb1ENS_12GridExchangeEEEv")

    def test_cells_are_those_of_the_list(self):
        self.assertEqual(page.cells()["Lstm"], ("lstm", 4))


if __name__ == "__main__":
    unittest.main()
