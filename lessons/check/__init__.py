"""Check my code: a student's solution of the assignment, held against the lessons' mathematics.

`python -m lessons.check my_solution.py` runs on the student's own machine, in a process of its own.
What is wrong is named by the known mistake that it looks like: the bug lab turned round. The app
never imports this package, for nothing that a visitor wrote may run on a server.
"""
