"""What the environment asks for: what makes no sense ends the start in one sentence."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import tiny, wait_for

from lessons import settings
from lessons.training import runs
from lessons.training.runs import files
from models.cluster import settings as cluster_settings
from models.deepfloyd.settings import embeddings_folder

ROOT = Path(__file__).parents[1]
NUMBERS = ("DIFFUSION_WORKERS", "DIFFUSION_TRAINING_SLOTS")
FOLDERS = ("DIFFUSION_RUNS", "DIFFUSION_DATA", "DIFFUSION_EMBEDDINGS", "DIFFUSION_MINIATURE")
WORDS = (
    "DIFFUSION_WALL",
    "DIFFUSION_WEB_PICTURES",
    "DIFFUSION_DEEPFLOYD_T5",
    "DIFFUSION_DEEPFLOYD_OFFLOAD",
    "DIFFUSION_TRAINING_GPU",
)
STAGES = ("DIFFUSION_DEEPFLOYD", "DIFFUSION_DEEPFLOYD_STAGE2")
LIMITS = ("DIFFUSION_MOST_WAITING", "DIFFUSION_RUNS_MEGABYTES", "DIFFUSION_LONGEST_RUN")
SECRET = "DIFFUSION_TEACHER_KEY"
WRONG = [
    *(("DIFFUSION_TRAINING_THREADS", value) for value in ("", "0", "two", "257")),
    *((name, value) for name in NUMBERS for value in ("", "0", "-1", "two", "1.5", "17", "9" * 99)),
    *((name, value) for name in WORDS for value in ("", "perhaps")),
    *((name, value) for name in FOLDERS for value in ("", "  ", str(Path(__file__)))),
    *((name, value) for name in STAGES for value in ("IF-I-XXL", "/not/here")),
    *((name, value) for name in LIMITS for value in ("", "-1", "many", "1.5", "9" * 9)),
    *(("DIFFUSION_KEEP_DAYS", value) for value in ("", "-1", "3651", "long")),
    *(("DIFFUSION_WALL_IMAGES", value) for value in ("", "0", "121", "few")),
    *(
        ("DIFFUSION_RAY", value)
        for value in ("", "perhaps", "http://head:6379", "head:0", "a:70000")
    ),
    *(("DIFFUSION_RAY_WORKERS", value) for value in ("", "-1", "1001", "many")),
    ("DIFFUSION_MINIATURE", "/not/here"),
    ("DIFFUSION_RUNS", "/proc/runs"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_setting_that_is_none_is_told_with_its_value_and_what_is_allowed(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"^{name} is ") as refusal:
        settings.check()
    sentence = str(refusal.value)
    assert repr(value) in sentence
    assert "; allowed is " in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("value", ["", "   ", "sevenis", " seven7 "])
def test_a_teacher_s_key_that_is_too_short_ends_the_start_and_is_not_printed(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, value)
    with pytest.raises(ValueError, match=f"^{SECRET} is too short; allowed is ") as refusal:
        settings.check()
    assert value.strip() == "" or value.strip() not in str(refusal.value)
    monkeypatch.setenv(SECRET, "eight678")
    settings.check()


@pytest.mark.parametrize("value", ["auto", "10.0.0.1:6379", "[::1]:6379"])
def test_a_cluster_without_ray_ends_the_start_and_says_what_to_install(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFUSION_RAY", value)
    monkeypatch.setattr(cluster_settings, "installed", lambda: False)
    with pytest.raises(ValueError, match=r"^DIFFUSION_RAY is .* requirements-cluster\.txt\.$"):
        settings.check()
    monkeypatch.setattr(cluster_settings, "installed", lambda: True)
    settings.check()


def test_without_any_setting_and_with_allowed_ones_all_is_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.check()
    for name, value in (
        ("DIFFUSION_WORKERS", "16"),
        ("DIFFUSION_TRAINING_SLOTS", " 2 "),
        ("DIFFUSION_WEB_PICTURES", "No"),
        ("DIFFUSION_DEEPFLOYD_OFFLOAD", "1"),
        ("DIFFUSION_RUNS", str(tmp_path / "new" / "runs")),
    ):
        monkeypatch.setenv(name, value)
    settings.check()
    assert settings.workers() == 16
    assert (tmp_path / "new" / "runs").is_dir()


def test_every_setting_of_the_code_is_looked_at_at_the_start() -> None:
    """A variable that is new in the code fails here until its bad values are in the list above."""
    known = {name for name, _ in WRONG} | {SECRET}
    found = set()
    for folder in ("lessons", "models", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            words = path.read_text("utf-8").replace('f"{VARIABLE}_', '"DIFFUSION_DEEPFLOYD_')
            found |= set(re.findall(r'"(DIFFUSION_[A-Z0-9_]+)"', words))
    assert found - known == set()
    assert len(known) == 22


def test_the_server_ends_at_the_start_in_one_sentence() -> None:
    words = ["streamlit", "run", "streamlit_app.py", "--server.headless", "true"]
    done = subprocess.run(
        [sys.executable, "-m", *words, "--server.port", "0"],
        cwd=ROOT,
        env={**os.environ, "DIFFUSION_TRAINING_SLOTS": "none"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("The app can't start: DIFFUSION_TRAINING_SLOTS is 'none'; allowed is")
    assert "Traceback" not in done.stderr


def test_a_relative_folder_is_the_same_for_server_and_workers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFUSION_RUNS", "runs")
    monkeypatch.setenv("DIFFUSION_EMBEDDINGS", "words")
    assert files.root() == tmp_path / "runs"
    assert embeddings_folder() == tmp_path / "words"
    run_id = runs.start("denoiser", tiny(epochs=1))
    assert wait_for(run_id, "finished").step == 16
    assert not (ROOT / "runs" / run_id).exists()
