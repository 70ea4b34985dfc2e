"""The shape of a network: what both the trainer and the engine must know to agree on a model file."""

from dataclasses import asdict, dataclass
from typing import Any

from ..errors import ModelFileError

CELLS = ("lstm", "gru", "rnn")
LIMITS = {"layers": 8, "hidden": 4096, "embedding": 4096}
"""Largest value of each size that a model file may claim; a hostile or damaged file must not make us allocate."""


@dataclass(frozen=True)
class ModelSpec:
    """embedding[256, embedding] -> `layers` x cell[hidden] -> linear[256].

    `tie_weights`: the output layer is the embedding matrix, behind a projection hidden -> embedding.
    """

    cell: str = "lstm"
    layers: int = 1
    hidden: int = 512
    embedding: int = 64
    tie_weights: bool = False

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise ModelFileError(f"cell is {self.cell!r}; expected one of {', '.join(CELLS)}")
        for name, most in LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not 1 <= value <= most:
                raise ModelFileError(f"{name} is {value!r}; expected a whole number from 1 to {most}")

    @property
    def state_names(self) -> tuple[str, ...]:
        """The recurrent state's tensors, each [layers, batch, hidden] float32."""
        return ("h", "c") if self.cell == "lstm" else ("h",)

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
