"""Ctrl-C that waits for the end of a step: in the middle of one, what would be saved does not fit together."""

import signal
import threading
from types import FrameType, TracebackType


class DeferredInterrupt:
    """`asked` turns True at the first Ctrl-C; a second one interrupts at once, and then nothing is saved."""

    def __init__(self) -> None:
        self.asked = False
        self._main = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "DeferredInterrupt":
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
