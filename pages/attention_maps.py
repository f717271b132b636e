"""A1.6.1 · Which word drew which pixel

The network looks at the prompt from every place of the image: attention says how much each place
takes from each word. This lesson shows those numbers for every token and every step, and beside
them a second answer to the same question, obtained by leaving a word out.
"""

from lessons.beyond import attention_maps as lesson
from lessons.beyond import attention_pairs as pairs
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._teaching import attention_maps as ask

SIZE = 128
"""CSS pixels of a map."""

CLEAN, NOW = "the clean estimate", "the current sample"


def maps() -> None:
    """Every step's maps, and the mean of all steps."""
    ui.strip((found.sample,), size=224)
    ui.deliver((found.sample, *found.overall[0]), "A sample, and the attention to each token")
    ui.made_with(chosen, prompt=asked, γ=gamma, image=number)
    ui.say("## Where each place looks, step by step")
    under = ui.choice("Heat over", [CLEAN, NOW], CLEAN, key="a161_under")
    looked = found.looked if under == CLEAN else found.looked_now
    key = ui.named("a161_looked", chosen, asked, gamma, ui.seed(), number, under)
    labels = [f"t = {t}" for t in looked.times]
    middle = len(labels) // 2
    ui.scrubber(
        looked.frames,
        key=key,
        labels=labels,
        title="Step",
        start=middle,
        size=SIZE,
        address="a161_looked",
    )
    ui.caption(
        "One map a token, in the pieces that the text encoder reads; [CLS] and [SEP] are its own "
        "marks for the start and the end, and “##” continues a word. The colour goes from none "
        "at a map's smallest share to full at its largest; both stand under it. Over the tokens "
        "of the prompt the shares of a place add up to 100 %, and over the two of the empty "
        "prompt as well. There are 8 × 8 places, drawn smoothly."
    )
    ui.code_that_ran(found)
    ui.explain(lesson.attention_weights)
    ui.explain(lesson.over_layers)
    ui.explain(lesson.among_words)
    words_at_all()
    ui.say("## What changes without a word, step by step")
    ui.scrubber(
        found.changed.frames,
        key=key.replace("looked", "changed"),
        labels=labels,
        title="Step without a word",
        start=middle,
        size=SIZE,
        address="a161_changed",
    )
    ui.caption(
        "The same steps. Full colour is a map's largest change, which stands under it; white minus "
        "black is 1."
    )
    ui.explain(lesson.change_without, x_0="x_0_hat")
    ui.say("## Both as means of all steps, over the finished sample")
    ui.strip(found.overall[0], size=SIZE)
    ui.strip(found.overall[1], size=SIZE)
    ui.downloads(
        {"words.png": lambda: ui.montage(found.overall[0] + found.overall[1])}, key="a161_files"
    )


def words_at_all() -> None:
    """How much of the attention goes to words, over the steps."""
    times = found.looked.times
    ui.live_plot(
        [
            ui.Trace("with the prompt", times, found.on_words[0], color="eps_c"),
            ui.Trace("with the empty prompt", times, found.on_words[1], "dashed", "eps_u"),
        ],
        key="a161_words",
        x_title="timestep t",
        y_title="share of attention on words",
        height=280,
    )
    most, least = max(found.on_words[0]), min(found.on_words[0])
    ui.caption(
        f"In this network places and words share one softmax. Words get {100 * least:.0f} to "
        f"{100 * most:.0f} % of it, other places the rest. Even the empty prompt is looked at: its "
        "two marks always get something, since a softmax has to give its 1 to somebody."
    )


def how_well() -> None:
    """In which half of the image ten words have their heat, as measured."""
    shares = pairs.measured()
    there = [pair.attention for pair in shares.pairs]
    looked = [pair.attention > 0.5 for pair in shares.pairs]
    changed = [pair.change > 0.5 for pair in shares.pairs]
    rows = "\n".join(
        f"| **{pair.token}**, {pair.half} half: {pair.prompt} | {100 * pair.attention:.1f} | "
        f"{100 * pair.change:.1f} |"
        for pair in shares.pairs
    )
    ui.say(
        "## Does it say which word drew which pixel?\n"
        "Ten words whose thing has its place by nature, chosen before anything was measured: a hat "
        "is above, a bowl below. If a map shows where the thing is drawn, more than half of its "
        f"heat lies in that half. That holds for {sum(looked)} of ten with attention, and for "
        f"{sum(changed)} of ten with what changes without the word.\n\n"
        "| token and prompt | attention there, % | change there, % |\n|:--|--:|--:|\n" + rows
    )
    ui.caption(
        f"Means of {shares.count} samples and all steps; 50 % is what an even map has. Measured by "
        "`python -m lessons.beyond.attention_pairs`."
    )
    ui.say(
        "Chance alone would pass about five of ten, and the shares of the attention lie between "
        f"{100 * min(there):.0f} and {100 * max(there):.0f} %. So do not read the attention of "
        "this network as a map of things. Large models are reported to do better (Tang et al. "
        "2022, arXiv:2210.04885). Two things differ here: the attending layers have 8 × 8 and "
        "4 × 4 places, and the prompt also enters as one vector, the mean of its tokens, which "
        "scales and shifts every layer at all places alike. What comes that way is in no attention "
        "map. Besides, where the attention goes is not yet what it is used for: a place may look "
        "much at a word and take little."
    )


ui.lesson_header(__doc__)
chosen = ui.model()
if lesson.reads_words(chosen):
    prompts = prompts_for(chosen)
    asked = ui.prompt("Prompt", prompts.three[1], model=chosen, key="a161_prompt")
    with ui.more():
        gamma = ui.slider("Guidance scale γ", 0.0, 15.0, prompts.gamma, key="a161_gamma", step=0.5)
        number = ui.slider("Image of lesson 1.6", 1, 5, 1, key="a161_number")
    found = ui.live(
        lesson.demo,
        model=chosen,
        prompt=asked,
        gamma=gamma,
        seed=ui.seed(),
        number=number,
        on_frame=lambda frame: ui.strip(frame, size=224),
    )
    if found:
        maps()
    how_well()
else:
    ui.info(
        "This model has no attention to words that could be shown here. Digits is told its class "
        "as ten numbers, at all places alike. Choose Pictures in the sidebar."
    )
    ui.explain(lesson.attention_weights)
    ui.explain(lesson.among_words)
ui.say(ui.PREDICT)
ui.predict(ask.EMPTY, key="a161_q1")
ui.predict(ask.WITHOUT, key="a161_q2")
ui.say(
    "**Look closer.** At which step do the maps of the nouns stop changing? And which token "
    "changes most of the image when it is left out: a noun, or a mark that is no word at all?"
)
