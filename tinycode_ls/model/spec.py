"""The shape of a network: what both the trainer and the engine must know to agree on a model file."""

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from ..errors import ModelFileError

Batch = TypeVar("Batch", int, str)
"""How many hypotheses, or the name that a graph has for their number."""
CELLS = ("lstm", "gru", "rnn")
LIMITS = {"layers": (1, 8), "hidden": (1, 4096), "embedding": (1, 4096), "attention": (0, 1024)}
"""Smallest and largest value that a model file may claim; a hostile or damaged file must not make us allocate."""
ATTENTION_WIDTH = 32
"""Numbers in a key, and in a value."""
MOST_ATTENDING = 256
"""Positions whose logits a network with attention gives in one run: scores take memory by the square."""


@dataclass(frozen=True)
class ModelSpec:
    """embedding[256, embedding] -> `layers` x cell[hidden] -> linear[256].

    `tie_weights`: the output layer is the embedding matrix, behind a projection hidden -> embedding.
    `attention`: what was found in the last so many states goes into the output layer, too (0 = no attention).
    """

    cell: str = "lstm"
    layers: int = 1
    hidden: int = 512
    embedding: int = 64
    tie_weights: bool = False
    attention: int = 0

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise ModelFileError(f"cell is {self.cell!r}; expected one of {', '.join(CELLS)}")
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not least <= value <= most:
                raise ModelFileError(f"{name} is {value!r}; expected a whole number from {least} to {most}")

    @property
    def cell_states(self) -> tuple[str, ...]:
        """The state's tensors that belong to the recurrent layers."""
        return ("h", "c") if self.cell == "lstm" else ("h",)

    def state_shapes(self, batch: Batch) -> dict[str, tuple[int | Batch, ...]]:
        """All the state's tensors, float32, zeros where nothing was read yet. The second axis is always the batch.

        A key ends with 1 where something was read, so that the zeros of the beginning are no keys.
        """
        shapes: dict[str, tuple[int | Batch, ...]] = {}
        for name in self.cell_states:
            shapes[name] = (self.layers, batch, self.hidden)
        if self.attention:
            shapes["keys"] = (1, batch, self.attention, ATTENTION_WIDTH + 1)
            shapes["values"] = (1, batch, self.attention, ATTENTION_WIDTH)
        return shapes

    def to_dict(self) -> dict[str, Any]:
        """For a model card or a recipe."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ModelSpec":
        """Raises ModelFileError for fields that this version does not know."""
        unknown = set(data) - set(cls.__dataclass_fields__)
        if unknown:
            raise ModelFileError(f"the model needs {', '.join(sorted(unknown))}, unknown here; update tinycode-ls")
        return cls(**data)
