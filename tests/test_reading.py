"""A prompt that is longer than the encoder reads: what is cut off is said."""

import re
from pathlib import Path

import pytest
import tiny_if
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from lessons import model_choice
from models import embedded, reading
from models.catalog import finish
from models.deepfloyd import t5
from models.deepfloyd.embeddings import TOKENS

ROUTER = str(Path(__file__).parents[1] / "pages" / "_router.py")
LONG = " ".join(f"apple{n}" for n in range(25))


@given(st.lists(st.text("abc", min_size=1, max_size=9), max_size=30), st.integers(1, 40))
def test_what_is_read_and_what_is_not_are_the_whole_prompt(words: list[str], most: int) -> None:
    def tokens(text: str) -> int:
        return 1 + len(text.replace(" ", ""))

    rest = reading.unread(" ".join(words), tokens, most)
    read = words[: len(words) - len(rest.split())]
    assert read + rest.split() == words
    assert not read or tokens(" ".join(read)) <= most
    assert not rest or tokens(" ".join([*read, rest.split()[0]])) > most


def test_the_miniature_draws_the_same_without_what_it_does_not_read() -> None:
    rest = model_choice.unread("pictures", LONG)
    assert rest
    assert LONG.endswith(rest)
    encoder = finish(embedded.load()).model.encoder
    read = LONG.removesuffix(rest).strip()
    first = rest.split()[0]
    whole = encoder.embed([LONG])
    assert whole.shape[1] == 32
    assert (encoder.embed([f"{read} {first} something else"]) == whole).all()
    assert encoder.embed([read]).shape[1] <= 32
    assert model_choice.unread("pictures", read) == ""
    assert model_choice.unread("digits", LONG) == ""


def test_what_t5_does_not_read_is_told_too(tmp_path: Path) -> None:
    tiny_if.tokenizer().save_pretrained(tmp_path / "tokenizer")
    long = " ".join(["rocket"] * 100)
    rest = t5.unread(tmp_path, long)
    assert rest
    count = len(t5._tokenizer(tmp_path)(long.removesuffix(rest).strip()).input_ids)
    assert count <= TOKENS
    assert t5.unread(tmp_path, "a rocket") == ""


@pytest.mark.parametrize(("prompt", "told"), [(LONG, True), ("a red apple", False)])
def test_the_page_says_what_is_not_read(prompt: str, told: bool) -> None:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params["model"] = "Pictures"
    test.query_params["a13_prompt_pictures"] = prompt
    test.switch_page("one_step_denoising.py").run()
    said = [one.value for one in test.warning if "longer than the model reads" in one.value]
    assert len(said) == told
    if told:
        assert re.search(r"apple24”", said[0])
