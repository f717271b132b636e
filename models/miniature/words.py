"""What the miniature knows: its nouns, which pictures show them, and how a prompt is worded."""

from __future__ import annotations

from typing import Final

NOUNS: Final[dict[str, tuple[str, ...]]] = {
    # the course's prompts first
    "man": ("man", "man: beard", "man: blond hair", "man: red hair", "man: curly hair"),
    "woman": ("woman", "woman: blond hair", "woman: red hair", "woman: curly hair"),
    "old man": ("old man", "older person", "man: white hair"),
    "old woman": ("old woman", "woman: white hair"),
    "man wearing a hat": (
        "cowboy hat face",
        "man detective",
        "detective",
        "man farmer",
        "man guard",
        "man cook",
        "man construction worker",
        "man pilot",
    ),
    "dog": ("dog", "dog face", "poodle", "guide dog", "service dog", "dog head"),
    "cat": ("cat", "cat face", "black cat"),
    "rocket": ("rocket",),
    "skull": ("skull", "skull and crossbones"),
    "pencil": ("pencil", "crayon"),
    "campfire": ("fire",),
    "people around a campfire": (),
    "mountain": ("mountain", "snow-capped mountain"),
    "snowy mountain village": (),
    "village": ("houses", "homes"),
    "house": ("house", "house with garden", "big house", "small house", "my house"),
    "hat": ("top hat", "woman’s hat", "hat clothing", "billed cap"),
    "waterfall": (),
    "coast": (),
    "tree": ("deciduous tree", "tree", "leafless tree", "cartoon tree", "fall coloured tree"),
    "fir tree": ("evergreen tree", "christmas tree"),
    "palm tree": ("palm tree",),
    "tower": ("tokyo tower", "eiffel tower"),
    "sea": ("water wave",),
    "apple": ("red apple", "green apple", "apple", "an apple", "another apple", "cartoon apple"),
    "hot-air balloon": ("balloon",),
    # animals
    "horse": ("horse", "horse face"),
    "rabbit": ("rabbit", "rabbit face"),
    "bear": ("bear", "teddy bear", "polar bear"),
    "panda": ("panda",),
    "pig": ("pig", "pig face"),
    "cow": ("cow", "cow face"),
    "lion": ("lion",),
    "elephant": ("elephant",),
    "penguin": ("penguin",),
    "owl": ("owl",),
    "duck": ("duck", "duck (yellow)", "rubber duck"),
    "fish": ("fish", "tropical fish"),
    "whale": ("whale", "spouting whale"),
    "butterfly": ("butterfly",),
    "turtle": ("turtle",),
    "snake": ("snake",),
    "frog": ("frog",),
    "dragon": ("dragon", "dragon face"),
    "bird": ("bird", "eagle"),
    # things
    "airplane": ("airplane", "small airplane"),
    "car": ("automobile", "oncoming automobile", "racing car"),
    "bus": ("bus", "oncoming bus"),
    "bicycle": ("bicycle",),
    "sailboat": ("sailboat",),
    "train": ("train", "locomotive"),
    "ghost": ("ghost",),
    "robot": ("robot",),
    "alien": ("alien",),
    "snowman": ("snowman", "snowman without snow"),
    "book": ("closed book", "open book", "green book", "orange book", "blue book"),
    "key": ("key", "old key"),
    "hammer": ("hammer",),
    "clock": ("alarm clock", "mantelpiece clock", "three o’clock", "ten o’clock"),
    "camera": ("camera", "camera with flash"),
    "umbrella": ("umbrella", "umbrella with rain drops"),
    "guitar": ("guitar",),
    "telephone": ("telephone",),
    "candle": ("candle",),
    "light bulb": ("light bulb",),
    "crown": ("crown",),
    "glasses": ("glasses", "sunglasses"),
    "volcano": ("volcano",),
    "castle": ("castle", "japanese castle"),
    "church": ("church",),
    "tent": ("tent", "camping"),
    "island": ("desert island",),
    # plants, sky, food
    "rose": ("rose", "red flower"),
    "flower": ("blossom", "hibiscus", "cherry blossom", "flower", "white flower"),
    "sunflower": ("sunflower",),
    "tulip": ("tulip",),
    "cactus": ("cactus",),
    "mushroom": ("mushroom", "brown mushroom"),
    "sun": ("sun", "sun with face"),
    "moon": ("crescent moon", "full moon"),
    "star": ("star", "glowing star"),
    "rainbow": ("rainbow",),
    "banana": ("banana",),
    "strawberry": ("strawberry",),
    "pear": ("pear",),
    "grapes": ("grapes",),
    "lemon": ("lemon",),
    "pizza": ("pizza", "pizza slice"),
    "hamburger": ("hamburger",),
    "cake": ("birthday cake", "shortcake", "cake"),
    "ice cream": ("ice cream", "soft ice cream"),
    "heart": ("red heart", "heart suit"),
}
"""Noun → the captions, in the data, of the pictures that show it. Nouns without any are scenes
that `scenes.py` puts together from other pictures."""

FAVOURITES: Final = tuple(list(NOUNS)[:26])
"""The nouns of the course's prompts; training draws them twice as often."""

FORMS: Final = {
    "waterfall": ("waterfalls", "a waterfall"),
    "coast": ("the amalfi coast", "the coast", "a village by the sea"),
    "sea": ("the sea", "an ocean wave"),
    "sun": ("the sun",),
    "moon": ("the moon",),
    "rocket": ("a rocket", "a rocket ship"),
    "pencil": ("a pencil",),
    "man": ("a man", "a man with a beard", "a hipster barista"),
    "dog": ("a dog", "a dog"),
    "campfire": ("a campfire", "a fire"),
    "snowy mountain village": ("a snowy mountain village",),
    "people around a campfire": ("people around a campfire",),
    "glasses": ("glasses",),
    "grapes": ("grapes",),
    "ice cream": ("ice cream",),
    "hot-air balloon": ("a balloon",),
}

STYLES: Final[dict[str, tuple[str, ...]]] = {
    "photo": ("a photo of {}", "a high quality photo of {}"),
    "oil": ("an oil painting of {}",),
    "lithograph": ("a lithograph of {}",),
    "pencil": ("a pencil sketch of {}",),
    "icon": ("a flat icon of {}",),
    "line": ("a line drawing of {}",),
    "plain": ("{}", "a picture of {}", "a drawing of {}"),
}
"""Style → how its captions are worded."""

ANY_PHOTO: Final = "a high quality photo"


def forms(noun: str) -> tuple[str, ...]:
    """How the noun stands in a sentence: "a dog", "the sea", "waterfalls"."""
    article = "an" if noun[0] in "aeiou" else "a"
    return FORMS.get(noun, (f"{article} {noun}",))


def captions(noun: str, style: str) -> list[str]:
    """Every caption that a picture of `noun` in `style` may get."""
    worded = [template.format(form) for template in STYLES[style] for form in forms(noun)]
    return [*worded, noun] if style == "plain" else worded


def vocabulary() -> list[str]:
    """What a prompt is compared with: all that training saw, as a reader would write it."""
    return [ANY_PHOTO, *(form for noun in NOUNS for form in dict.fromkeys(forms(noun)))]


def subject(prompt: str) -> str:
    """What a prompt is of: "a lithograph of a skull" is of "skull", in whatever style."""
    plain = " ".join(prompt.lower().split())
    for template in (t for style in STYLES.values() for t in style if t != "{}"):
        plain = plain.removeprefix(template.removesuffix("{}"))
    for article in ("a ", "an ", "the "):
        plain = plain.removeprefix(article)
    return plain
