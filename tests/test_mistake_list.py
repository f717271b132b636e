"""The mistakes that are made on purpose can still be made, and their tests are still there."""

import re

import pytest

from benchmarks.mistakes import MISTAKES, ROOT, Mistake


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_its_line_stands_once_and_its_test_is_there(mistake: Mistake) -> None:
    assert (ROOT / mistake.file).read_text("utf-8").count(mistake.right) == 1
    file, _, name = mistake.tests.partition("::")
    written = (ROOT / "tests" / file).read_text("utf-8")
    assert re.search(rf"^def {re.escape(name.partition('[')[0]) or 'test_'}", written, re.MULTILINE)
