"""Faults in what the network is given: data, noise, times, labels."""

from __future__ import annotations

from typing import Final

from lessons.training.health.finding import Evidence, Finding, Rule


def _data_range(evidence: Evidence) -> Finding | None:
    p = evidence.now
    cause = "the digits are not in [0, 1]"
    if p["image_min"] < -0.1 or p["image_max"] > 1.1:
        return Finding(
            "data-range", cause, f"a batch runs from {p['image_min']:g} to {p['image_max']:g}"
        )
    return None


def _data_seen(evidence: Evidence) -> Finding | None:
    """The same, where it happens between batch and network."""
    p = evidence.now
    cause = "the digits are not in [0, 1] when the network gets them"
    if p["edge_mean"] < -0.25:
        tell = f"its input has a mean of {p['edge_mean']:.2f} at the black edge, which should be 0"
        return Finding("data-range", cause, tell)
    if p["x_max"] > 3 * p["x_max_right"]:
        tell = f"its input goes up to {p['x_max']:.0f}, where {p['x_max_right']:.1f} is usual"
        return Finding("data-range", cause, tell)
    return None


def _data_inverted(evidence: Evidence) -> Finding | None:
    p = evidence.now
    if p["image_mean"] > 0.5 or p["edge_mean"] > 0.25:
        tell = f"the mean pixel of a batch is {p['image_mean']:.2f}; that of MNIST is 0.13"
        return Finding("data-inverted", "the digits are black on white", tell)
    return None


def _batch_small(evidence: Evidence) -> Finding | None:
    p, epoch = evidence.now, evidence.settings["images_per_epoch"]
    ends_epoch = p["images"] % epoch == 0
    wanted = (ends_epoch and epoch % evidence.settings["batch_size"]) or evidence.settings[
        "batch_size"
    ]
    if p["batch"] > 4 or wanted <= 4:
        return None
    tell = f"the network gets {p['batch']} at a time, where the settings say {wanted}"
    return Finding("batch-small", "the batch is too small", tell)


def _one_image(evidence: Evidence) -> Finding | None:
    p = evidence.now
    if p["batch"] < 8 or p["alike"] < 0.9:
        return None
    tell = f"the images of a batch have a correlation of {p['alike']:.2f}; of digits, about 0.3"
    return Finding("one-image", "the same image is trained again and again", tell)


def _sorted(evidence: Evidence) -> Finding | None:
    p = evidence.now
    if p["batch"] < 12 or p["digits"] > 2:
        return None
    tell = f"a batch of {p['batch']} shows {p['digits']} of the ten digits"
    return Finding("sorted", "the digits come sorted by label, not shuffled", tell)


def _labels(evidence: Evidence) -> Finding | None:
    p = evidence.now
    if p["batch"] < 12 or p["labels_fit"] > 0.4:
        return None
    tell = f"{p['labels_fit']:.0%} of a batch look most like the mean digit of their label"
    return Finding("labels", "the labels do not belong to the images", f"{tell}; usual is 75%")


def _labels_dropped(evidence: Evidence) -> Finding | None:
    p, wanted = evidence.now, 1 - evidence.settings["drop"]
    if p["batch"] < 12 or abs(p["labels_kept"] - wanted) < 0.35:
        return None
    tell = f"{p['labels_kept']:.0%} of a batch keep their label; the settings say {wanted:.0%}"
    return Finding("labels-dropped", "the mask of the labels is wrong", tell)


def _noise_shared(evidence: Evidence) -> Finding | None:
    p = evidence.now
    if not p["edge_right"] or p["batch"] < 4 or p["edge_alike"] < 0.5:
        return None
    tell = f"the noise of two images has a correlation of {p['edge_alike']:.2f}; it should be 0"
    return Finding("noise-shared", "all images of a batch get one and the same noise", tell)


def _noise_fixed(evidence: Evidence) -> Finding | None:
    now, before = evidence.now, evidence.probes[-2]
    if not now["edge_right"] or now["edge_signs"] != before["edge_signs"]:
        return None
    steps = f"steps {before['step']:,} and {now['step']:,}"
    tell = f"the first image's noise was the same at {steps}"
    return Finding("noise-fixed", "the noise is not drawn anew at every step", tell)


def _noise_scale(evidence: Evidence) -> Finding | None:
    p = evidence.now
    share = p["edge"] / p["edge_right"]
    if p["batch"] < 8 or 0.7 < share < 1.4:
        return None
    tell = f"where the digits are black, the input's standard deviation is {share:.1f} times right"
    return Finding("noise-scale", "the noise has the wrong scale", tell)


def _time_range(evidence: Evidence) -> Finding | None:
    p = evidence.now
    if p["t_min"] >= 0 and p["t_max"] <= 1.01:
        return None
    tell = f"the network was given t from {p['t_min']:g} to {p['t_max']:g}"
    return Finding("time-range", "t is not scaled to [0, 1]", tell)


def _time_same(evidence: Evidence) -> Finding | None:
    p = evidence.now
    if p["batch"] < 4 or p["t_max"] - p["t_min"] > 0.2:
        return None
    tell = f"in a batch of {p['batch']}, t runs from {p['t_min']:.3g} to {p['t_max']:.3g}"
    return Finding("time-same", "the images of a batch do not get a t each", tell)


def _time_part(evidence: Evidence) -> Finding | None:
    """Of t evenly drawn for twelve images or more, hardly ever do all lie within a part of it."""
    p = evidence.now
    if p["batch"] < 12 or p["t_max"] - p["t_min"] > 0.5:
        return None
    seen = f"in a batch of {p['batch']}, t runs from {p['t_min']:.2f} to {p['t_max']:.2f} only"
    share = p["edge"] / p["edge_right"]
    if 0.7 < share < 1.4:
        tell = f"{seen}, though the noise is as strong as at all noise levels"
        return Finding("time-scale", "t is scaled to a part of [0, 1]", tell)
    tell = f"{seen}, and the noise is {share:.1f} times that of all noise levels"
    cause = "only a part of the noise levels is trained"
    return Finding("levels-few", cause, tell)


def _eval_mode(evidence: Evidence) -> Finding | None:
    if evidence.now["train_mode"]:
        return None
    tell = "its modules say that they are not training; call train() before the steps"
    return Finding("eval-mode", "the network, with its BatchNorm, trains in eval mode", tell)


RULES: Final[tuple[Rule, ...]] = (
    _data_range,
    _data_seen,
    _data_inverted,
    _batch_small,
    _one_image,
    _sorted,
    _labels,
    _labels_dropped,
    _noise_shared,
    _noise_fixed,
    _time_range,
    _time_same,
    _time_part,
    _noise_scale,
    _eval_mode,
)
