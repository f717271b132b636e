"""Calling a student's function: its parameters are known by their names, in any order."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

SYNONYMS: Final[Mapping[str, str]] = {
    "im": "im image img x x0 clean imclean testim original originalimage",
    "im_noisy": "imnoisy noisyim noisy noisyimage image im img x xt xT noise latents sample",
    "i_start": "istart start startindex startidx istartindex index",
    "t": "t timestep step time tindex",
    "prompt_embeds": "promptembeds promptembed embeds embed cond condembeds condpromptembeds prompt"
    " prompts textembeds promptembedding promptembeddings encoderhiddenstates c",
    "uncond_prompt_embeds": "uncondpromptembeds uncondembeds uncondpromptembed uncond nullembeds"
    " nullpromptembeds unconditionalembeds negativepromptembeds emptypromptembeds uncondembed",
    "prompt_embeds_1": "promptembeds1 prompt1embeds promptembedsp1 p1 p1embeds embeds1 prompt1"
    " promptembed1 prompt1embed cond1 promptembedsa lowpromptembeds promptembedslow farembeds"
    " promptembedslowpass uprightembeds",
    "prompt_embeds_2": "promptembeds2 prompt2embeds promptembedsp2 p2 p2embeds embeds2 prompt2"
    " promptembed2 prompt2embed cond2 promptembedsb highpromptembeds promptembedshigh nearembeds"
    " promptembedshighpass flippedembeds promptembedsflip",
    "both_prompts": "promptembeds promptembedspair promptembedslist prompts embeds",
    "timesteps": "timesteps stridedtimesteps ts steps tsteps stridedts",
    "scale": "scale guidancescale gamma cfgscale guidance cfg",
    "original_image": "originalimage original orig image im img source sourceimage xorig imorig x",
    "mask": "mask m masks",
    "image": "image im img noise xt xT x imnoisy noisy latents init sample",
    "display": "display verbose show plot",
    "stage_1": "stage1 model pipe pipeline",
    "stage_1_unet": "unet net denoiser network",
    "scheduler": "scheduler",
    "alphas_cumprod": "alphascumprod alphacumprod alphabar alphabars abar alphasbar",
    "device": "device",
    "unet": "unet model net network denoiser module",
    "ddpm_schedule": "ddpmschedule schedule sched tables constants ddpmscheduledict",
    "x_0": "x0 x images image img batch data realimages xstart clean",
    "x_1": "x1 x images image img batch data realimages clean",
    "num_ts": "numts t ts T timesteps numtimesteps nts steps numsteps nsteps numinferencesteps",
    "img_wh": "imgwh imgsize size hw wh imagesize imgshape imagewh imghw",
    "seed": "seed randomseed manualseed",
    "c": "c label labels y classes cls classlabels digit digits condition",
    "p_uncond": "puncond pdrop drop dropprob pdropout dropout unconddropoutprob uncondprob prob p",
    "guidance_scale": "guidancescale gamma scale cfgscale w guidance cfg",
    "count": "numsamples n nsamples batchsize count num b numimages samples",
    "beta1": "beta1 betastart betamin bmin start beta1value",
    "beta2": "beta2 betaend betamax bmax end",
    "betas": "betas beta betarange",
    "in_channels": "inchannels inch cin inc inputchannels indim infeatures nin channels inchannel"
    " infeature inputdim in",
    "out_channels": "outchannels outch cout outc outputchannels outdim outfeatures nout outchannel"
    " outputdim out hiddenchannels",
    "num_hiddens": "numhiddens hiddens hidden d D hiddendim numhidden nhidden width dim hiddensize",
    "num_classes": "numclasses nclasses classes ncls k",
    "channels": "channels inchannels inch c ch numchannels cin inchannel outchannels",
    "x": "x input inputs z im image img xt",
    "time": "t time timestep timesteps tnorm",
}
"""Other names, less their underscores, by the course's own."""


class CannotCall(TypeError):
    """A function's parameters are not understood; the message is one sentence."""


def plain(name: str) -> str:
    """A name less what does not count: capitals and underscores."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def understood(name: str, parameter: str) -> bool:
    """Whether a parameter of this name stands for one of the course's."""
    return plain(parameter) in {plain(name), *(plain(one) for one in SYNONYMS[name].split())}


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function, or of what makes an object of a class."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def has(function: Callable[..., Any], name: str) -> bool:
    """Whether a function takes one of the course's parameters, under any name."""
    return any(understood(name, one.name) for one in parameters(function))


def names_of(function: Callable[..., Any], known: Sequence[str]) -> list[str]:
    """What each of the parameters stands for, of those known; its own name if for none."""
    found = []
    for one in parameters(function):
        found.append(next((name for name in known if understood(name, one.name)), one.name))
    return found


def call(
    function: Callable[..., Any], needed: Mapping[str, Any], offered: Mapping[str, Any]
) -> Any:
    """Call a function with what it asks for.

    Args:
        function: a student's.
        needed: what the course's own function takes, in its order, by name.
        offered: what it may take besides.

    Returns:
        What the function returns.

    Raises:
        CannotCall: it asks for something unknown.
    """
    args, named = bind(function, needed, offered)
    return function(*args, **named)


def bind(
    function: Callable[..., Any], needed: Mapping[str, Any], offered: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Arguments by place and by name.

    Raises:
        CannotCall: the function asks for something unknown.
    """
    every = {**needed, **offered}
    free = dict(every)
    takes = parameters(function)
    given: dict[str, Any] = {}
    for names, same in ((needed, True), (needed, False), (offered, True), (offered, False)):
        for one in takes:
            if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) or one.name in given:
                continue
            name = _meant(one.name, [name for name in names if name in free], same)
            if name is not None:
                given[one.name] = free.pop(name)
    if any(p.kind is p.VAR_POSITIONAL for p in takes) and not given:
        return list(needed.values()), {}
    open_ = [p for p in takes if p.name not in given and _must(p)]
    rest = [name for name in needed if name in free]
    if len(open_) > len(rest):
        unknown = ", ".join(f"`{p.name}`" for p in open_)
        understood_here = ", ".join(every)
        raise CannotCall(
            f"It asks for {unknown}, which the check does not know. "
            f"Parameters that it knows here: {understood_here}."
        )
    # Names that say nothing are taken for the course's parameters in the course's order.
    given |= {p.name: free[name] for p, name in zip(open_, rest, strict=False)}
    by_place = [p.name for p in takes if p.kind is p.POSITIONAL_ONLY]
    return [given.pop(name) for name in by_place if name in given], given


def _meant(parameter: str, names: Sequence[str], same: bool) -> str | None:
    """The one of the course's names that a parameter stands for, by itself or as a synonym."""
    if same:
        return next((name for name in names if plain(name) == plain(parameter)), None)
    return next((name for name in names if understood(name, parameter)), None)


def _must(parameter: inspect.Parameter) -> bool:
    variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variable
