"""Ctrl-C that waits for the end of a step: in the middle of one, what would be saved does not fit together."""

import signal
import threading
from types import FrameType, TracebackType

OTHERS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""A machine that shuts down, a terminal that is closed; on Windows Ctrl-Break (a process whose console is closed has no time
to save)."""


class DeferredInterrupt:
    """`asked` turns True at the first Ctrl-C; a second one interrupts at once, and then nothing is saved.

    `alone`: being told to end counts as a first Ctrl-C, however often: a system that shuts down says it twice. Not in a
    group: a process whose partner is gone would wait for it for ever.
    A signal that the user wants to be ignored (`nohup`) stays ignored.
    """

    def __init__(self, alone: bool = True) -> None:
        self.asked = False
        main = threading.current_thread() is threading.main_thread()
        ending = [number for number in OTHERS if alone and signal.getsignal(number) == signal.SIG_DFL]
        self._signals = [signal.SIGINT, *ending] if main else []

    def __enter__(self) -> "DeferredInterrupt":
        self._before = {number: signal.signal(number, self._ask) for number in self._signals}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number not in OTHERS:
            raise KeyboardInterrupt
        self.asked = True
