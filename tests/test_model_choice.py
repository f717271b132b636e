"""Which models there are, and what they understand."""

from __future__ import annotations

from lessons import model_choice
from lessons.prompts import prompts_for


def test_every_prompt_that_the_lessons_begin_with_is_understood() -> None:
    for about in model_choice.models():
        known = prompts_for(about.name)
        pairs = (*known.anagrams, *known.hybrids)
        every = (known.neutral, known.wanted, *known.three, *known.edits, *sum(pairs, ()))
        assert [model_choice.problem(about.name, prompt) for prompt in every] == [""] * len(every)


def test_a_problem_with_a_prompt_is_told_without_loading_anything() -> None:
    assert "understands" in model_choice.problem("digits", "a dog")
