"""Train a run that ships with the project: `python -m lessons.training.runs.reference denoiser`.

It is trained by the same worker as any reader's run, goes on where it was interrupted, and is then
put into `models/reference` without what only training needs: no optimiser, weights in float16.
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path

from lessons.training.runs import control, files, notes, options, processes, watch
from lessons.training.runs.recipes import NAMES, read_settings
from models import checkpoints

_KEPT = ("settings.json", "status.json", "metrics.jsonl", "epochs.jsonl")
_KEPT_EPOCH = "weights/epoch-005.safetensors"


def main() -> None:
    """Read the command line, train to the end, ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=NAMES)
    parser.add_argument("--preset", default="Course")
    parser.add_argument("--num-hiddens", type=int)
    parser.add_argument("--precision", choices=("float32", "bfloat16"))
    chosen = vars(parser.parse_args())
    recipe, preset = chosen.pop("recipe"), chosen.pop("preset")
    wanted = {name: value for name, value in chosen.items() if value is not None}
    settings, changes = options.nearest_settings(
        recipe, {**options.presets(recipe)[preset], **wanted}
    )
    print(*changes, sep="\n")
    run_id = control.start(recipe, settings)
    _wait(run_id)
    print(f"shipped as {ship(run_id)}")


def ship(run_id: str) -> Path:
    """Copy a finished run into the folder of shipped runs.

    Raises:
        ValueError: the run is not finished.
        OSError: the disk refused.
    """
    folder, target = files.folder_of(run_id), files.SHIPPED / run_id
    if notes.Status.read(folder).state != "finished":
        raise ValueError(f"{run_id} is not finished")
    target.mkdir(parents=True, exist_ok=True)
    for name in _KEPT:
        shutil.copyfile(folder / name, target / name)
    shutil.copytree(folder / "samples", target / "samples", dirs_exist_ok=True)
    _, settings = read_settings(folder)
    if settings.epochs > 5 and (folder / _KEPT_EPOCH).exists():  # else they are the last ones
        (target / "weights").mkdir(exist_ok=True)
        shutil.copyfile(folder / _KEPT_EPOCH, target / _KEPT_EPOCH)
    weights, _ = checkpoints.load_tensors(folder / "weights.safetensors")
    checkpoints.save_tensors(target / "weights.safetensors", checkpoints.halved(weights), {})
    return target


def _wait(run_id: str) -> None:
    while True:
        run = watch.view(run_id)
        loss = f"{run.curve.losses[-1]:.4f}" if run.curve.losses else "–"
        print(f"\r{run.state}: step {run.step:,}, loss {loss}   ", end="", flush=True)
        if run.state not in notes.ACTIVE:
            print(run.reason)
            processes.join(files.folder_of(run_id), timeout=60)
            return
        time.sleep(2)


if __name__ == "__main__":
    main()
