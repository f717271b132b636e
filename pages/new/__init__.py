"""The files of a new lesson: `python -m pages.new my_idea "A1.12 · My idea"`."""
