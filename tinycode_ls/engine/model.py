"""A loaded model: an onnxruntime session and its card. State goes in and comes out; weights never change.

Shapes:  T bytes   B hypotheses side by side
State:   the float32 arrays of `card.spec.state_shapes`, B being the second axis of each
"""

import base64
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from ..characters import printable
from ..errors import ModelFileError
from ..model.card import CARD_KEY, MIXER_KEY, ModelCard, card_from_json
from ..model.contents import layout_of_file, metadata
from ..model.document import VOCABULARY
from ..model.file import read_model_file
from ..model.layout import Layout, layout_of_spec
from ..model.spec import MOST_ATTENDING
from .mixer import mixer_from_bytes

Array = npt.NDArray[np.float32]
State = tuple[Array, ...]
Shapes = dict[str, tuple[str, list[int | str]]]
"""Kind and shape of a graph's inputs, or outputs, by name."""


class Model:
    """Immutable and safe to share between threads; `step` and `read` are pure functions of their arguments.

    `mixer_bytes` is the mixer as it stands in the file, to be written into another.
    """

    def __init__(
        self, session: ort.InferenceSession, card: ModelCard, size_bytes: int, mixer_bytes: bytes | None
    ) -> None:
        self.card, self.size_bytes, self.mixer_bytes = card, size_bytes, mixer_bytes
        self.mixer = mixer_from_bytes(mixer_bytes) if mixer_bytes else None
        self._session = session
        self._state_inputs = tuple(card.spec.state_shapes(1))
        self._outputs = ["logits", *(f"{name}_out" for name in self._state_inputs)]
        self._most_tail = MOST_ATTENDING if card.spec.attention else sys.maxsize

    def initial_state(self, batch: int = 1) -> State:
        """Nothing read yet."""
        return tuple(np.zeros(shape, np.float32) for shape in self.card.spec.state_shapes(batch).values())

    def run(self, ids: npt.NDArray[np.int64], state: State, tail: int) -> tuple[Array, State]:
        """ids [T, B] -> logits of the last `tail` positions [tail, B, 256], the state after the last byte."""
        if tail <= self._most_tail:
            return self._run(ids, state, tail)
        begin = len(ids) - tail + self._most_tail
        logits, state = self._run(ids[:begin], state, self._most_tail)
        parts = [logits]
        for at in range(begin, len(ids), self._most_tail):
            piece = ids[at : at + self._most_tail]
            logits, state = self._run(piece, state, len(piece))
            parts.append(logits)
        return np.concatenate(parts), state

    def _run(self, ids: npt.NDArray[np.int64], state: State, tail: int) -> tuple[Array, State]:
        feeds: dict[str, Any] = {"ids": ids, "tail": np.array([tail], np.int64)}
        feeds.update(zip(self._state_inputs, state, strict=True))
        logits, *after = self._session.run(self._outputs, feeds)
        return logits, tuple(after)

    def step(self, ids: npt.NDArray[np.int64], state: State) -> tuple[Array, State]:
        """One byte for each of B hypotheses: ids [B] -> logits [B, 256], state."""
        logits, after = self.run(ids[None, :], state, 1)
        return logits[0], after

    def read(self, text: bytes, state: State | None = None) -> tuple[Array, State]:
        """Read many bytes in one call, one stream -> logits after the last [256], state. `text` must not be empty."""
        logits, after = self.run(byte_ids(text), self.initial_state() if state is None else state, 1)
        return logits[0, 0], after

    def read_all(self, text: bytes, state: State | None = None) -> tuple[Array, State]:
        """As `read`, with the logits after each byte [T, 256]."""
        logits, after = self.run(byte_ids(text), self.initial_state() if state is None else state, len(text))
        return logits[:, 0], after


def byte_ids(text: bytes) -> npt.NDArray[np.int64]:
    """Text as one stream of ids [T, 1]."""
    return np.frombuffer(text, np.uint8).astype(np.int64)[:, None]


def select_state(state: State, rows: npt.NDArray[np.int64]) -> State:
    """The states of some hypotheses, in the order of `rows` (a hypothesis may be taken twice)."""
    return tuple(tensor[:, rows] for tensor in state)


def log_softmax(logits: Array) -> Array:
    """Natural logarithms of probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)


def load_model(path: Path, mixed: bool = True) -> Model:
    """Load and check a model file; raises ModelFileError with what was found and what to do.

    Unless `mixed`, the network alone: a mixer of another version is no error then.
    """
    return open_model(read_model_file(path), str(path), mixed)


def open_model(content: bytes, path: str, mixed: bool = True) -> Model:
    """As `load_model`, for content in memory; `path` names it in messages."""
    try:
        words, layout = metadata(content), layout_of_file(content)
    except ValueError as error:
        raise ModelFileError(f"{path}: not a model, or damaged ({error}); copy or train it again") from error
    if CARD_KEY not in words:
        raise ModelFileError(f"{path}: an ONNX file without a tinycode card; expected one made by `tinycode-train`")
    card = card_from_json(words[CARD_KEY], path)
    check_layout(layout, card, path)
    ort.disable_telemetry_events()  # on Windows there is no other way: its build does not know ORT_DISABLE_TELEMETRY
    try:
        session = ort.InferenceSession(content, _session_options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own kinds, and not one base class of them
        reason = str(error).splitlines()[0][:120]
        raise ModelFileError(f"{path}: not a model, or damaged ({reason}); copy or train it again") from error
    _check_shapes(session, card, path)
    try:
        mixer = _decoded(words[MIXER_KEY]) if mixed and MIXER_KEY in words else None
        return Model(session, card, len(content), mixer)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error


def _decoded(mixer: str) -> bytes:
    """Raises ModelFileError where it is no base64."""
    try:
        return base64.b64decode(mixer, validate=True)
    except ValueError as error:
        raise ModelFileError(f"its mixer is damaged ({error}); copy or train the model again") from error


def _session_options() -> ort.SessionOptions:
    """One thread that never spins (an idle server uses no CPU); no arena that keeps memory it grew for one long read, and no
    plan of memory for each shape that was ever run, which saves no time and takes 5 MB after a hundred questions."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    options.log_severity_level = 4
    return options


def check_layout(found: Layout, card: ModelCard, path: str) -> None:
    """Raises ModelFileError where a graph is not the one of its card: with a few nodes more, or another size in one, a model
    that came with somebody's repository could take gigabytes, and minutes."""
    expected = layout_of_spec(card.spec)
    for kind in ("nodes", "tensors"):
        there, named = getattr(found, kind), getattr(expected, kind)
        if there != named:
            name = min(name for name in there.keys() | named.keys() if there.get(name) != named.get(name))
            raise ModelFileError(
                f"{path}: {kind[:-1]} {printable(name)!r} of its graph is not that of its card's network; "
                "train it again with this version, or remove it"
            )


def _check_shapes(session: ort.InferenceSession, card: ModelCard, path: str) -> None:
    """Raises ModelFileError where a graph's inputs or outputs are not those of its card."""
    states: Shapes = {name: ("tensor(float)", list(shape)) for name, shape in card.spec.state_shapes("B").items()}
    after: Shapes = {f"{name}_out": shape for name, shape in states.items()}
    given: Shapes = {"ids": ("tensor(int64)", ["T", "B"]), "tail": ("tensor(int64)", [1])}
    _expect(session.get_inputs(), given | states, path)
    logits: Shapes = {"logits": ("tensor(float)", ["tail", "B", VOCABULARY])}
    _expect(session.get_outputs(), logits | after, path)


def _expect(found: list[Any], expected: Shapes, path: str) -> None:
    shapes = {item.name: (item.type, item.shape) for item in found}
    if shapes == expected:
        return
    name = min(name for name in shapes.keys() | expected.keys() if shapes.get(name) != expected.get(name))
    there, named = (" ".join(map(str, each.get(name, ("absent",)))) for each in (shapes, expected))
    raise ModelFileError(f"{path}: {name} is {there}, expected {named} by its card; train it again with this version")
