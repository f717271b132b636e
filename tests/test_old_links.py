"""Links made with earlier versions open what they opened: pages, controls, trajectories."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui.session import lessons

ROUTER = str((lessons.FOLDER / "_router.py").resolve())

LINKS: dict[str, tuple[str, dict[str, str], dict[str, object]]] = {
    "a timestep": (
        "forward_process.py",
        {"model": "Digits", "a11_t_digits": "120", "a11_picture_digits": "Test digit 7"},
        {"a11_t_digits": 120, "a11_picture_digits": "Test digit 7"},
    ),
    "a kernel and a sigma": (
        "classical_denoising.py",
        {"model": "Digits", "a12_kernel": "9", "a12_sigma": "1.5"},
        {"a12_kernel": 9, "a12_sigma": 1.5},
    ),
    "a seed and a source image": (
        "one_step_denoising.py",
        {"model": "Digits", "seed": "7", "a13_picture_digits": "Test digit 4"},
        {"seed": 7, "a13_picture_digits": "Test digit 4"},
    ),
    "the letters of a year": ("forward_process.py", {"year": "flow"}, {"year": "flow"}),
    "a model by its name": ("forward_process.py", {"model": "digits"}, {"model": "Digits"}),
    "the front of a room": ("forward_process.py", {"present": "1"}, {"present": 1}),
    "hidden controls": ("forward_process.py", {"hide": "a11_t"}, {}),
    "a block of the UNet": ("unet.py", {"b11_block": "up1"}, {"b11_block": "up1"}),
    "settings of a training": ("train_denoiser.py", {"num_hiddens": "16", "epochs": "2"}, {}),
    "a mistake by a former title": (
        "bug_lab.py",
        {"bug_mistake": "Noise · one noise for all pictures of a batch"},
        {"bug_mistake": "Noise · one noise for all images of a batch"},
    ),
    "a mistake": (
        "bug_lab.py",
        {"bug_mistake": "Pictures · squashed into a square"},
        {"bug_mistake": "Pictures · squashed into a square"},
    ),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("link", LINKS)
def test_an_old_link_opens_its_page_with_its_controls(link: str) -> None:
    file, address, expected = LINKS[link]
    test = AppTest.from_file(ROUTER, default_timeout=250)
    test.query_params.update(address)
    test.switch_page(file).run()
    assert not test.exception
    assert not test.error
    assert [toast.value for toast in test.toast] == []
    for key, value in expected.items():
        assert test.session_state[key] == value
