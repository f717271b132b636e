"""Part A: each question can be answered by looking at its page."""

from typing import Final

from pages._ui.predict import Question

# -- 0 Set-up ------------------------------------------------------------------------------------

SAME_SEED: Final = Question(
    "The first prompt once more, from the same seed. Will it be the same pictures?",
    ("Yes, pixel for pixel", "Alike, but with small differences", "No, sampling is random"),
    0,
    "All randomness comes from the seed: the noise at the start and the noise of every step. The "
    "network itself only calculates.",
)
LOOKS: Final = Question(
    "A picture in 20 steps with guidance γ = 7: how often is the network asked about it?",
    ("20 times", "40 times", "140 times"),
    1,
    "Every step asks twice, with the prompt and without it. γ only multiplies the difference of "
    "the two answers, so γ = 7 costs as much as γ = 2.",
)

# -- 1.1 The forward process ---------------------------------------------------------------------

NO_NOISE: Final = Question(
    "Put ᾱ = 1 into the equation. What comes out?",
    ("The clean picture", "The picture under a trace of noise", "Pure noise"),
    0,
    "The picture gets the weight √1 and the noise √0. No timestep of the schedule is that clean: "
    "even at $t = 0$ the noise has a weight above 0, as the slider shows.",
)
WEIGHTS: Final = Question(
    "Move the slider and watch the two weights under the pictures. What stays the same?",
    ("Their sum", "The sum of their squares", "Neither of the two"),
    1,
    "Variances add, not weights: $\\bar\\alpha + (1 - \\bar\\alpha) = 1$. So a picture of variance "
    "1 stays one of variance 1 at every $t$, and the network never meets larger numbers.",
)

# -- 1.2 Classical denoising ---------------------------------------------------------------------

BEST_SIGMA: Final = Question(
    "The more noise, the best σ of the filter is as a rule …",
    ("smaller", "the same", "larger"),
    2,
    "Where noise is strong, averaging it away is worth more than the edges that go with it. The "
    "captions of the table name the best setting of each level; in your own curves the peak moves "
    "when you move $t$.",
)
NOISE_LEFT: Final = Question(
    "A filter with kernel 5 and σ = 1 goes over pure noise. How strong is the noise afterwards?",
    ("About 3/4 of what it was", "About 1/3 of what it was", "About 1/25: the mean of 25 pixels"),
    1,
    "A mean of 25 pixels with equal weights would leave 1/5, since noise falls with the square "
    "root of the number. The bell weighs the middle more, so it is as if only about twelve pixels "
    "counted.",
)

# -- 1.3 One-step denoising ----------------------------------------------------------------------

EXACT_NOISE: Final = Question(
    "Suppose the network named the noise exactly, at the noisiest timestep of the lesson. How good "
    "would its one-step guess be?",
    ("Still blurred: too little of the picture is left", "Close to the picture", "The picture"),
    2,
    "The equation only undoes the forward process, and what it undoes is never lost, however faint "
    "it is. All blur in the guesses above is the network's uncertainty about the noise.",
)
WHY_A_MEAN: Final = Question(
    "Why do guesses from deep in the noise look like a blend of many pictures?",
    (
        "The network is too small to draw sharply",
        "It was trained to have a small squared error",
        "The noise was taken away unevenly",
    ),
    1,
    "Many clean pictures fit the same noisy one, and the answer that is least wrong for all of "
    "them, in squared error, is their mean. A larger network would find that mean more exactly, "
    "and it would be just as blurred.",
)

# -- 1.4 Iterative denoising ---------------------------------------------------------------------

SINGLE_STEP: Final = Question(
    "Walk from here to the clean picture in a single step. What comes out?",
    (
        "The same as the one-step guess",
        "Something between the guess and the noisy picture",
        "Something sharper than the guess",
    ),
    0,
    "Put $\\bar\\alpha_s = 1$ into the step: the guess gets the weight 1, the noisy picture 0. "
    "One-step denoising is the shortest of all walks.",
)
LAST_STEP: Final = Question(
    "Every step but the last adds a little noise. What if the last one did too?",
    (
        "The picture would be more varied",
        "The noise would stay in the picture",
        "The picture would be smoother",
    ),
    1,
    "Noise belongs to a picture on its way: the next step expects it and takes it away again. "
    "After the last step there is no next one.",
)
PSNR: Final = Question(
    "What does PSNR reward most?",
    ("Sharp edges", "Being nobody's mistake: the mean of what might have been", "Few grey pixels"),
    1,
    "PSNR is the squared error in other units, and the mean of all possible pictures has the "
    "smallest one. An edge that is one pixel off costs twice: where it is, and where it should be.",
)

# -- 1.5 Sampling --------------------------------------------------------------------------------

IN_COMPANY: Final = Question(
    "The first picture is made again, alone. Does it change without the others beside it?",
    ("No", "A little", "It becomes another picture"),
    0,
    "Every picture has a noise of its own, and the network looks at each alone. If the company "
    "mattered, something would be wrong: BatchNorm in training mode, for example, mixes them.",
)
SILENT_STEPS: Final = Question(
    "Leave out the noise that every step adds. What happens to the pictures?",
    ("Nothing that can be seen", "They lose detail and become emptier", "They become noisy"),
    1,
    "The step's mean moves towards a guess that is itself a mean, so each step smooths a little. "
    "The fresh noise makes up for what was smoothed; without it $x_t$ is less noisy than its $t$ "
    "says, and the network takes away too much.",
)

# -- 1.5.1 The perfect denoiser ------------------------------------------------------------------

ONE_PICTURE: Final = Question(
    "The set is a single picture. Walk from pure noise to no noise in 1, 2, 5 and 20 steps: what "
    "comes out?",
    (
        "The picture, in any number of steps",
        "The picture, the more exactly the more steps",
        "The picture under a little noise",
    ),
    0,
    "Every guess is the one picture there is, and the last step goes all the way to its guess. So "
    "this world tests samplers: one that ends elsewhere has a mistake.",
)
COPIES: Final = Question(
    "Give the perfect denoiser ten times as many pictures. Will it then draw new ones?",
    ("Yes, it will combine them", "Only between two that are alike", "No, it makes other copies"),
    2,
    "Late in the walk one picture has all the weight, whatever the size of the set. Only in the "
    "middle of the walk is a guess a mixture, and there it is a blur; choose another size and look "
    "at the distances.",
)

# -- 1.6 Classifier-free guidance ----------------------------------------------------------------

GAMMA_ZERO: Final = Question(
    "γ = 0 with your prompt. What will the pictures be?",
    ("What the empty prompt gives", "A weak version of the prompt", "Grey, since nothing is left"),
    0,
    "$\\epsilon_u + 0 \\cdot (\\epsilon_c - \\epsilon_u)$ is $\\epsilon_u$: the prompt is asked, "
    "and not listened to.",
)
GAMMA_ONE: Final = Question(
    "And γ = 1?",
    (
        "Half prompt, half empty prompt",
        "What the network says to the prompt, without guidance",
        "The strongest picture of the prompt",
    ),
    1,
    "$\\epsilon_u$ cancels, and $\\epsilon_c$ is left. Guidance begins above 1; where others write "
    "$w = \\gamma - 1$, it begins above 0.",
)
MOST_VARIED: Final = Question(
    "Of the five rows of the grid above: which has the most varied subjects, which the most alike?",
    (
        "γ = 0 the most varied, γ = 12 the most alike",
        "γ = 12 the most varied, γ = 0 the most alike",
        "All alike: the noises are the same",
    ),
    0,
    "Strong guidance leads all noises towards what is most typical of the prompt. Contrast grows "
    "on the way, but that is not variety: compare what the pictures are of.",
)

# -- 1.7 Image to image --------------------------------------------------------------------------

TWO_ORIGINALS: Final = Question(
    "Two different originals, drowned at place 0 in the same noise. How different are the results?",
    (
        "Not at all: the originals are gone",
        "A little: a trace of each is left",
        "As different as the originals",
    ),
    1,
    "Noise is never all: √ᾱ at place 0 is small, but not 0. How much that trace matters depends "
    "on the schedule: in the course's it is 1.4 % of the picture, in that of the digits a fifth.",
)
LIGHTEST: Final = Question(
    "Which of the six levels keeps most of the original?",
    ("i_start = 1", "i_start = 7", "i_start = 20"),
    2,
    "The places count along the walk: place 0 is the noisiest, and from place 20 on only fourteen "
    "steps are left. What the noise has not covered, the network has no reason to change.",
)

# -- 1.7.2 Inpainting ----------------------------------------------------------------------------

MASK_NOTHING: Final = Question(
    "The mask is 0 everywhere: nothing is new. What comes out?",
    ("The original", "The original, redrawn by the network", "A new picture"),
    0,
    "After every step all of the picture is replaced by the original at that noise level, and at "
    "the end by the original itself. The network draws at every step, and nothing of it is kept.",
)
MASK_EVERYTHING: Final = Question(
    "The mask is 1 everywhere. Will the original still have an influence?",
    (
        "No, this is plain sampling",
        "Yes, through the noise at the start",
        "Yes, through the colours",
    ),
    0,
    "The original enters only where the mask is 0, and the walk begins at pure noise. Compare "
    "image to image, where the walk begins at the noisy original.",
)

# -- 1.7.3 Text-conditioned image to image -------------------------------------------------------

UNHEARD: Final = Question(
    "The same picture at place 7 with two prompts, at γ = 0. How different are the results?",
    ("As different as the prompts", "A little", "Not at all"),
    2,
    "At γ = 0 only the prediction without the prompt counts. Words need γ > 0 to be heard, and "
    "the guided results above have it.",
)
PROMPT_WINS: Final = Question(
    "At which level does the prompt win over the picture?",
    ("Where most noise was added", "Where least noise was added", "At all levels alike"),
    0,
    "Large shapes are decided in strong noise and details in weak noise. Where the walk begins "
    "late, the shapes are already there and the prompt can only name them anew.",
)

# -- 1.8 Visual anagrams -------------------------------------------------------------------------

ANAGRAM_ITSELF: Final = Question(
    "Both prompts are the first one, and the view changes nothing. What comes out?",
    ("Plain samples of that prompt", "Something sharper: it is asked twice", "A blend, so blurred"),
    0,
    "The mean of two equal predictions is that prediction. An anagram adds nothing of its own; all "
    "that is special comes from the view.",
)
EXCHANGED: Final = Question(
    "Exchange the two prompts, and look at all noise through the view before it is used. What will "
    "the pictures be?",
    (
        "New pictures of the same two things",
        "The same pictures, seen through the view from the start",
        "The same pictures, exactly as they were",
    ),
    1,
    "A view that moves pixels or changes signs turns noise into equally good noise, so the whole "
    "walk turns with it. Were the view's inverse left out somewhere, the two would differ.",
)

# -- 1.10 Hybrid images --------------------------------------------------------------------------

HYBRID_ITSELF: Final = Question(
    "A hybrid of a prompt with itself: what comes out?",
    ("Plain samples of that prompt", "Samples with stronger edges", "Samples without edges"),
    0,
    "The coarse part and the fine part of one prediction add up to it, whatever σ is. Were the two "
    "filters not made for each other, something would be missing or counted twice.",
)
NO_BLUR: Final = Question(
    "Let σ go to 0. Which prompt is left?",
    ("The one seen from far", "The one seen from near", "Both, half and half"),
    0,
    "A bell without width lets everything through the low pass, and nothing is left for the high "
    "pass. With a very large σ it is the other way round, but for the mean grey.",
)
WHY_LOWPASS: Final = Question(
    "Why does the prompt that is seen from far get the low pass?",
    (
        "Coarse shapes are all that is left at a distance",
        "Coarse shapes are easier for the network",
        "Fine edges would be too bright",
    ),
    0,
    "Stepping back is itself a low pass: the eye cannot resolve the fine edges any more. With the "
    "passes exchanged the two prompts change places, as the row of small pictures would show.",
)
