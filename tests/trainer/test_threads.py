"""The number of threads follows what else the machine does."""

from trainer.threads import STEPS_BETWEEN, TRIED_STEPS, ThreadChoice


def play(choice: ThreadChoice, seconds: dict[int, float], steps: int) -> list[int]:
    """Steps that take what `seconds` says for each number of threads -> the numbers used."""
    used = []
    for _ in range(steps):
        used.append(choice.now)
        choice.took(seconds[used[-1]])
    return used


def test_the_fastest_number_is_taken_and_asked_for_again() -> None:
    """All, half, a quarter, one; the best of them; and another once the machine is busy."""
    choice = ThreadChoice(6)
    assert choice.counts == [6, 3, 1]
    trial = [6] * TRIED_STEPS + [3] * TRIED_STEPS + [1] * TRIED_STEPS
    idle, busy = {6: 0.1, 3: 0.15, 1: 0.4}, {6: 3.0, 3: 1.0, 1: 0.5}
    assert play(choice, idle, len(trial) + STEPS_BETWEEN) == trial + [6] * STEPS_BETWEEN
    assert play(choice, busy, len(trial) + STEPS_BETWEEN) == trial + [1] * STEPS_BETWEEN
    assert play(choice, idle, len(trial) + 1) == [*trial, 6]


def test_one_slow_step_decides_nothing() -> None:
    """The first with a new number of threads may wait for something else."""
    choice = ThreadChoice(2)
    for seconds in (9.0, 0.1, 0.1, 0.2, 0.2, 0.2):
        choice.took(seconds)
    assert choice.best == 2
