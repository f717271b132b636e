"""Part B: each question can be answered by looking at its page."""

from typing import Final

from pages._ui.predict import Question

# -- 1.1 The UNet --------------------------------------------------------------------------------

MOST_NUMBERS: Final = Question(
    "Which block learns the most numbers?",
    (
        "lift, which sees the largest pictures",
        "unflatten, which sees a single pixel",
        "merge, which has the most to join",
    ),
    1,
    "A convolution learns the same few numbers for all places. unflatten has a number of its own "
    "for every one of 7 × 7 places, and for every pair of its 2D channels: $7 \\cdot 7 \\cdot 2D "
    "\\cdot 2D$.",
)
LAST_GELU: Final = Question(
    "Suppose the last layer ended in a GELU, and the network were asked for noise. What could it "
    "not say?",
    ("Nothing: a GELU is soft", "Anything much below 0", "Anything above 1"),
    1,
    "A GELU lets large numbers through and stops nearly all negative ones. Half of all noise is "
    "negative.",
)

# -- 1.2 Train a denoiser ------------------------------------------------------------------------

LATE_LOSS: Final = Question(
    "After the first 13,000 digits the course's loss stands at 0.02. Where is it after 300,000?",
    ("At 0.002", "At 0.008", "Still at 0.02"),
    1,
    "Some of a digit cannot be read from under this noise by anybody, so the loss can't go to 0. "
    "The course's curve is the one behind those of the runs here.",
)
PIXEL_OFF: Final = Question(
    "A loss of 0.01: how far off is a pixel, as a root mean square?",
    ("By 0.01", "By 0.1", "By 0.5, as much as the noise"),
    1,
    "The loss is a mean of squares, and $\\sqrt{0.01} = 0.1$. The noise that was given has "
    "$0.5^2 = 0.25$, so the network has removed 96 % of the squared error.",
)

# -- 1.2.2 Out of distribution -------------------------------------------------------------------

TWICE: Final = Question(
    "Give the network its own answer once more. In decibels, the second answer will be …",
    ("better: what is left of the noise goes too", "the same: nothing is left to do", "worse"),
    2,
    "It expects noise of σ = 0.5 and takes something away whatever it is given. A sharper look is "
    "not a smaller error: what it thins or fills was right.",
)
NOTHING_UNDER: Final = Question(
    "Give it noise of σ = 0.5 with no digit under it. What does it answer?",
    ("Black", "A whole digit", "Fragments of strokes"),
    2,
    "It was never shown a picture without a digit, so it looks for one. Where the noise happens to "
    "be bright along a line it half believes in a stroke; nowhere is there enough for a digit.",
)

# -- 1.2.3 Pure noise ----------------------------------------------------------------------------

TEN_NOISES: Final = Question(
    "Ten different noises go in. How different are the ten answers?",
    ("Ten different digits", "All but alike", "As different as the noises"),
    1,
    "The noise says nothing about the digit that is wanted, so the best answer is the same for all "
    "of them. What differs in the rows above is what training has not yet removed.",
)
SHARP_DIGIT: Final = Question(
    "Somebody answers always with the same sharp training digit. Beside the mean digit, the loss "
    "is …",
    ("smaller: it is at least a digit", "about the same", "about twice as large"),
    2,
    "For two independent digits $\\mathbb{E} \\lVert x - y \\rVert^2 = 2 \\operatorname{Var}[x]$: "
    "once for the digit that was wanted, once for the one that was drawn. The squared error would "
    "rather have a blur, and even black is better than a wrong digit.",
)

# -- 2.1 From denoiser to DDPM -------------------------------------------------------------------

SMALL_STEPS: Final = Question(
    "Three hundred small steps of noise, or one jump with the equation above. With equal noise in "
    "the end, how different are the pictures?",
    (
        "The steps leave less of the digit",
        "The steps leave more of the digit",
        "They are the same",
    ),
    2,
    "Gaussian noises add up to Gaussian noise, and the weights multiply: $\\sqrt{\\bar\\alpha_t}$ "
    "is the product of all $\\sqrt{1 - \\beta}$. That is why training can jump to any $t$ at once.",
)
EQUAL_SHARE: Final = Question(
    "At which timestep have digit and noise the same weight?",
    ("About t = 60", "About t = 145", "About t = 240"),
    1,
    "The curves cross where $\\bar\\alpha = 1/2$. β grows evenly, so what is left of the digit "
    "falls slowly at first, fast in the middle and slowly at the end.",
)

# -- 2.2 Train a time-conditioned DDPM -----------------------------------------------------------

WRONG_TIME: Final = Question(
    "The network learnt with t / T, between 0 and 1. Sampling tells it t itself, 1 to 300. What "
    "comes out?",
    ("The same digits", "Digits that are worse", "No digits at all"),
    2,
    "The network sees times that no training had, and adds to its features whatever its two small "
    "layers make of them. Nothing fails and no shape is wrong, so only the pictures tell.",
)
BATCH_STATISTICS: Final = Question(
    "Somebody forgets eval(). A digit is sampled alone, and again in a batch of ten, from the same "
    "noise. What changes?",
    ("Nothing", "A rounding error", "The digit"),
    2,
    "In training mode BatchNorm takes mean and variance from the batch at hand, so every picture "
    "depends on its neighbours. In evaluation mode it uses what it gathered while training.",
)

# -- 2.3 Train a class-conditioned DDPM ----------------------------------------------------------

LABEL_LOSS: Final = Question(
    "How much does it lower the loss to know the label?",
    ("To a half", "By a few percent", "Not at all"),
    1,
    "At most timesteps the digit can still be seen in the picture, so the label is no news. It "
    "matters deep in the noise, where the digit is decided, and those are few timesteps.",
)
MASKED: Final = Question(
    "Ask for 3 and for 8 from the same noise, but with the mask at 0. How different are the "
    "samples?",
    ("3s and 8s, but weaker", "Slightly different", "Not at all"),
    2,
    "The mask multiplies the label: $0 \\cdot c$ is the same for every class. Only because "
    "training dropped one label in ten does the network know what to do with that.",
)

# -- 2.4 Guidance --------------------------------------------------------------------------------

GAMMA_ONE: Final = Question(
    "γ = 1 beside the network that is told the label and asked only once: how different?",
    ("γ = 1 is stronger", "γ = 1 is half as strong", "The same"),
    2,
    "At γ = 1 the prediction without the label cancels. It costs twice as much and changes "
    "nothing.",
)
BEST_GAMMA: Final = Question(
    "Accuracy goes on rising with γ. At which γ do all samples together look most like "
    "handwriting?",
    ("γ = 1", "γ = 2", "γ = 10"),
    1,
    "Lowest is the Fréchet distance a little above 1, where nearly all digits are read right and "
    "are still varied. Beyond, they become more typical than handwriting is.",
)
THICK_STROKES: Final = Question(
    "Why are strokes thicker at γ = 5 than at γ = 1?",
    (
        "The label makes ink more likely in some places, and γ exaggerates it",
        "More steps are taken",
        "Typical digits are written with a thick pen",
    ),
    0,
    "Every step adds more ink than the network believes in, and the next step starts from there. "
    "The list of inks above grows with γ from γ = 1 on.",
)

# -- 2.5 Flow matching ---------------------------------------------------------------------------

ONE_STEP: Final = Question(
    "A single step from noise to the end, asked for each digit. What comes out?",
    ("Noise", "A sharp digit, perhaps a wrong one", "The mean of the class"),
    2,
    "From pure noise all digits of the class are possible, and the velocity was trained to have a "
    "small squared error: it points to their mean. The later steps choose among them.",
)
ONE_DIGIT: Final = Question(
    "Were there only one digit in the world, in how many steps would flow matching find it?",
    ("In one or in any number", "The more exactly the more steps", "Not exactly in any number"),
    0,
    "Then no ways cross, all are straight, and Euler makes no mistake on a straight line. Where "
    "ways cross, the field bends, and steps begin to matter.",
)
FEWER_STEPS: Final = Question(
    "Which of the two can do with fewer steps, and why?",
    (
        "The DDPM: it knows its schedule",
        "Flow matching: its ways are straighter",
        "Both alike: a step is a call of the network",
    ),
    1,
    "A step goes straight on, so it errs by how much the way bends. The captions above say by how "
    "much the ways are longer than straight, and the curves what fewer steps cost.",
)
