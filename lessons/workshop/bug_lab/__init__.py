"""The bug lab: mistakes that leave a plausible image, made on purpose in the real code.

A mistake is one changed line in a copy of the project's own modules (`copies`). What is run is the
lesson's own demo, and nothing outside of this package knows of any of it.

`lab` runs the right code and the code with mistakes, `mistakes` lists them, `changed` shows the
line, `quiz` asks which one is on.
"""
