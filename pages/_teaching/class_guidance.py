"""B2.4 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

GAMMA_ONE: Final = Question(
    "How do samples at γ = 1 differ from those of the prediction with the label alone?",
    ("They follow the label more", "They follow the label less", "Not at all"),
    2,
    "At γ = 1 the prediction without the label cancels. It costs a second call of the network and "
    "changes nothing.",
)
BEST_GAMMA: Final = Question(
    "Accuracy rises with γ and is 100 % from γ = 3 on. At which γ do all samples together look "
    "most like handwriting?",
    ("γ = 1", "γ = 2", "γ = 10"),
    1,
    "Of the scales measured, γ = 2 has the lowest Fréchet distance: nearly all digits are right "
    "and still varied. Beyond, the samples are less varied than handwriting.",
)
THICK_STROKES: Final = Question(
    "Why are strokes thicker at γ = 5 than at γ = 1?",
    (
        "The label makes strokes more likely in some places, and γ exaggerates this",
        "More steps are taken",
        "Typical digits are written with a thick pen",
    ),
    0,
    "Every step makes strokes brighter than the network predicts, and the next step starts from "
    "there. The mean intensities listed above grow with γ.",
)
