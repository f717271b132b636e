"""A training steps back to one thread while others need the cores."""

from lessons.runs.threads import LONGEST_PAUSE, PAUSE, SLOW, Threads


class Machine:
    """Keeps the time and the number of threads in use."""

    def __init__(self, threads: int = 2) -> None:
        self.now, self.using = 0.0, threads
        self.threads = Threads(threads, self.use, lambda: self.now)

    def use(self, count: int) -> None:
        self.using = count

    def steps(self, *seconds: float) -> None:
        for one in seconds:
            self.now += one
            self.threads.after_step(one)


def test_even_steps_keep_all_threads() -> None:
    machine = Machine()
    machine.steps(*[0.1] * 50, 0.3, 0.1)
    assert machine.using == 2


def test_a_held_up_step_leaves_one_thread() -> None:
    machine = Machine()
    machine.steps(0.1, 0.1, 0.1 * SLOW * 1.1)
    assert machine.using == 1


def test_all_threads_are_tried_again_after_a_pause() -> None:
    machine = Machine()
    machine.steps(0.1, 1.0)
    machine.steps(PAUSE / 2)
    assert machine.using == 1
    machine.steps(PAUSE / 2)
    assert machine.using == 2


def test_the_pause_grows_while_others_stay() -> None:
    machine = Machine()
    machine.steps(0.1)
    pauses = []
    for _ in range(8):
        machine.steps(4.0)
        begun = machine.now
        while machine.using == 1:
            machine.steps(0.2)
        pauses.append(machine.now - begun)
    assert pauses[1] > 1.9 * pauses[0]
    assert max(pauses) < LONGEST_PAUSE + 1


def test_a_single_thread_has_nothing_to_give_up() -> None:
    machine = Machine(threads=1)
    machine.steps(0.1, 10.0)
    assert machine.using == 1
