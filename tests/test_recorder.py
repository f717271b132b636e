"""What a training writes first: its loss, then what the network did before."""

from pathlib import Path

import pytest
from small_runs import folder_of, tiny

from lessons.part_b.train_denoiser import DenoiserSettings
from lessons.training.loop import TrainingState, train
from lessons.training.runs import control, files
from lessons.training.runs.recipes import recipe
from lessons.training.runs.recorder import UNTRAINED_SECONDS, Recorder


def new_run(settings: DenoiserSettings) -> Path:
    folder = folder_of(f"denoiser-{settings.fingerprint()}")
    folder.mkdir(parents=True)
    control._set_up(folder, "denoiser", settings)
    return folder


def epochs_of(folder: Path) -> list[int]:
    return [line["epoch"] for line in files.read_lines(folder / "epochs.jsonl")]


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_the_first_loss_is_there_before_any_image_is_made(ema: float) -> None:
    settings = tiny(ema=ema)
    folder = new_run(settings)
    recorder = Recorder(folder)
    with recorder.opened() as training:
        steps = train(training)
        recorder.note(next(steps), seconds=0.01)
        assert files.curve(folder).steps == [1]
        assert epochs_of(folder) == []
        recorder.note(next(steps), seconds=UNTRAINED_SECONDS)
        assert epochs_of(folder) == [0]
    before = TrainingState.begin(recipe("denoiser"), settings).preview().numbers
    (line,) = files.read_lines(folder / "epochs.jsonl")
    assert (line["step"], line["images"]) == (0, 0)
    assert {name: line[name] for name in before} == {
        name: float(f"{value:.6g}") for name, value in before.items()
    }


def test_who_pauses_at_once_sees_the_network_from_before_too() -> None:
    folder = new_run(tiny())
    recorder = Recorder(folder)
    with recorder.opened() as training:
        recorder.note(next(train(training)), seconds=0.01)
        recorder.pause()
        assert epochs_of(folder) == [0]
        assert (folder / "samples" / "epoch-000.png").is_file()


def test_the_images_from_before_are_made_once_however_often_a_run_is_opened() -> None:
    folder = new_run(tiny())
    for _ in range(2):
        recorder = Recorder(folder)
        with recorder.opened() as training:
            recorder.note(next(train(training)), seconds=2 * UNTRAINED_SECONDS)
            recorder.pause()
    assert epochs_of(folder) == [0]
