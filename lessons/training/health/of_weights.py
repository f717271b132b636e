"""Faults in how the network learns: optimiser, gradients, architecture, target, rate."""

from __future__ import annotations

from typing import Final

from lessons.training.health.finding import Evidence, Finding, Rule


def _no_steps(evidence: Evidence) -> Finding | None:
    if evidence.now["weight"] != evidence.probes[-2]["weight"]:
        return None
    tell = f"the norm of the weights stays {float(evidence.now['weight']):.6g} to the last digit"
    return Finding("no-steps", "the optimiser does not change this network's weights", tell)


def _rate_fallen(evidence: Evidence) -> Finding | None:
    least = evidence.settings["learning_rate"] * evidence.settings["decay"]
    if evidence.now["rate"] > 0.5 * least:
        return None
    tell = f"it is {evidence.now['rate']:.1g} now; at the end it should be {least:.1g}"
    return Finding("rate-fallen", "the learning rate falls at every step, not as set", tell)


def _skips(evidence: Evidence) -> Finding | None:
    """What reads only zeros gets no gradient: half of the way up, where a UNet's skips arrive."""
    shares = [evidence.now["no_gradient_in"][name] for name in ("up1", "up2", "merge")]
    if not all(0.15 < share < 0.7 for share in shares):
        return None
    tell = f"{min(shares):.0%} or more of each block of the way up have a gradient of 0"
    return Finding("skips", "the skip connections carry nothing", tell)


def _no_gradient(evidence: Evidence) -> Finding | None:
    if evidence.now["no_gradient"] < 0.1:
        return None
    tell = f"{evidence.now['no_gradient']:.0%} of the weights have a gradient of 0 or none"
    return Finding("no-gradient", "part of the network is cut off from the loss", tell)


def _weights_decay(evidence: Evidence) -> Finding | None:
    if evidence.grown > 0.6:
        return None
    tell = f"their norm is {evidence.grown:.2g} of what it was after the first step"
    return Finding("weights-decay", "weight decay drives the weights to zero", tell)


def _loss_summed(evidence: Evidence) -> Finding | None:
    p = evidence.now
    recent = evidence.losses[max(p["step"] - 20, 0) : p["step"]]
    share = sum(recent) / len(recent) / max(p["held_out"] * p["target_variance"], 1e-9)
    if share < 30:
        return None
    tell = f"it is {share:,.0f} times the mean squared error on test digits"
    return Finding("loss-summed", "the loss is summed, not averaged", tell)


def _one_sided(evidence: Evidence) -> Finding | None:
    p = evidence.now
    if p["target_min"] > -1 or p["answer_min"] < -0.2 or p["answer_max"] < 1:
        return None
    ends = f"below {p['answer_min']:.2f}, where the target falls to {p['target_min']:.1f}"
    tell = f"its output never falls {ends}"
    return Finding("one-sided", "an activation such as GELU ends the network", tell)


def _target(evidence: Evidence) -> Finding | None:
    p = evidence.now
    name, other = max(p["others"].items(), key=lambda item: float(item[1]))
    if other < 0.5 or other < p["right"] + 0.15:
        return None
    tell = f"the output's correlation with it is {other:.2f}, with the target {p['right']:.2f}"
    return Finding("target", f"the network learns another target, {name}", tell)


def _other_noise(evidence: Evidence) -> Finding | None:
    """Test digits come with the right noise and t: only for others can the loss be lower."""
    if evidence.off or not any(evidence.off_at):
        return None
    cause = "the network is trained with another t, or with other noise, than the equations say"
    tell = "the loss is as usual in training, but not on test digits that follow the equations"
    return Finding("other-noise", cause, tell)


def _not_zeroed(evidence: Evidence) -> Finding | None:
    first, now = evidence.probes[0], evidence.now
    if not evidence.off or now["gradient"] < 3 * first["gradient"]:
        return None
    tell = f"their norm is {now['gradient'] / first['gradient']:.0f} times that of the first step"
    return Finding("not-zeroed", "gradients add up, as without zero_grad", tell)


def _normalisation(evidence: Evidence) -> Finding | None:
    if evidence.now["norm_layers"]:
        return None
    tell = "none of its layers is a BatchNorm or the like, which the networks of this lesson have"
    return Finding("normalisation", "the network lacks normalisation", tell)


def _rate_low(evidence: Evidence) -> Finding | None:
    """Adam moves a weight by little more than the rate at each step, however steep the loss is."""
    p, rate = evidence.now, max(probe["rate"] for probe in evidence.probes)
    moved = p["step"] * rate / p["weight_size"]
    if not evidence.off or moved > 0.5:
        return None
    tell = f"{p['step']:,} steps of {rate:.1g} are only {moved:.1%} of a weight's mean size"
    return Finding("rate-low", "the learning rate is too low", f"{tell}. Try ten times as much")


def _rate_high(evidence: Evidence) -> Finding | None:
    """Adam's first step is as large as the rate in every weight, whatever the gradient."""
    first = evidence.probes[0]
    share = first["rate"] / first["weight_size"]
    if share < (0.25 if evidence.is_worse else 0.5):
        return None
    tell = (
        f"the first step changed weights by {share:.0%} of their size; usual is a quarter at most"
    )
    return Finding("rate-high", "the learning rate is too high", f"{tell}. Try a tenth")


def _average(evidence: Evidence) -> Finding | None:
    times = evidence.now["averaged"]
    if times < 2:
        return None
    tell = f"on test digits their loss is {times:.1f} times that of the present ones"
    return Finding("average", "the averaged weights (EMA) still hold the random start", tell)


RULES: Final[tuple[Rule, ...]] = (
    _no_steps,
    _rate_fallen,
    _weights_decay,
    _skips,
    _no_gradient,
    _loss_summed,
    _target,
    _one_sided,
    _other_noise,
    _rate_high,
    _not_zeroed,
    _normalisation,
    _rate_low,
    _average,
)
