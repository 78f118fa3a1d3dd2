"""Tests of a module and the module of a test, by the names of files."""

from __future__ import annotations

import pytest

from beadline.context.retrieval.sources.pairs import Pairs
from tests.context.retrieval.files import MemoryFiles, queries, scene

MODULE = '''"""Invoices."""


def parse_invoice(path, currency):
    amount = read_amount(path, currency)
    return Invoice(amount)


def unrelated_thing(x):
    return x
'''
TESTS = """from billing.invoices import parse_invoice


def test_parse_invoice_in_euros():
    invoice = parse_invoice("a.txt", currency="EUR")
    assert invoice.amount == 3


def test_something_else():
    assert 1
"""


def paths(module: str, tests: str, marked: str, own: str) -> list[str]:
    files = MemoryFiles({module: MODULE, tests: TESTS})
    found = Pairs(files, queries()).search(scene(marked, own), 1000)
    return [c.snippet.text.split("(")[0] for c in found]


@pytest.mark.parametrize(
    ("module", "tests"),
    [
        ("billing/invoices.py", "tests/test_invoices.py"),
        ("billing/invoices.py", "billing/invoices_test.py"),
        ("src/billing/invoices.py", "tests/billing/test_invoices.py"),
        ("billing/invoices/__init__.py", "tests/test_invoices.py"),
        ("lib/parser.py", "tests/parser.py"),
    ],
)
def test_both_ways(module: str, tests: str):
    test = "def test_parse_invoice_twice():\n    parse_invoice(path, currency¦\n"
    assert paths(module, tests, test, tests) == ["def parse_invoice"]
    code = MODULE.replace("return Invoice(", "return Invoice(¦")
    assert paths(module, tests, code, module) == ["def test_parse_invoice_in_euros"]


def test_the_nearest_of_several_is_taken():
    files = MemoryFiles(
        {
            "a/invoices.py": MODULE, "b/invoices.py": MODULE.replace("amount", "total"),
            "tests/b/test_invoices.py": TESTS,
        }
    )  # fmt: skip
    test = scene("def test_parse_invoice():\n    parse_invoice(¦", "tests/b/test_invoices.py")
    (found,) = Pairs(files, queries()).search(test, 1000)
    assert found.snippet.path == "b/invoices.py"
    assert "total" in found.snippet.text


@pytest.mark.parametrize(
    ("module", "tests", "code"),
    [
        (
            "pkg/Bill.java",
            "test/BillTest.java",
            "class Bill {\n  int parseInvoice(String path) { return readAmount(path); }\n}\n",
        ),
        (
            "a/bill.ts",
            "a/bill.spec.ts",
            "export function parseInvoice(path: string) {\n  return readAmount(path);\n}\n",
        ),
    ],
)
def test_other_conventions(module: str, tests: str, code: str):
    files = MemoryFiles({module: code, tests: "// none yet\n", "x/other" + module[-5:]: code})
    (found,) = Pairs(files, queries()).search(scene("x = parseInvoice(path¦", tests), 1000)
    assert found.snippet.path == module
    assert "parseInvoice" in found.snippet.text


def test_no_pair_no_room_or_no_words():
    files = MemoryFiles({"a.py": MODULE})
    assert Pairs(files, queries()).search(scene("parse_invoice(¦", "main.py"), 1000) == []
    assert Pairs(files, queries()).search(scene("¦", "test_a.py"), 1000) == []
    assert Pairs(files, queries()).search(scene("parse_invoice(¦", "test_a.py"), 0) == []
