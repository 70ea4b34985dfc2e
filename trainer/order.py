"""What a run was asked to do, as its folder keeps it."""

import json
from dataclasses import dataclass
from pathlib import Path

from tinycode_ls.atomic import write_atomic
from tinycode_ls.errors import TrainingError, reason_of
from tinycode_ls.small_file import read_small

from .recipe import Recipe


@dataclass(frozen=True)
class Order:
    """What a run was asked to do. `licence` and `name` go into the model's card; `mode` is that of the model file.

    `base` is the model file that a tuning run starts from, empty for a run from scratch; `languages`: what is read of folders,
    empty for all; `command`: `fit` or `tune`; `base_sha256`: of that model when the run began, empty where none is known.
    """

    paths: tuple[str, ...]
    out: str
    name: str = "model"
    licence: str = ""
    mode: int = 0o644
    base: str = ""
    languages: tuple[str, ...] = ()
    command: str = "fit"
    base_sha256: str = ""

    def save(self, folder: Path) -> None:
        """As run.json."""
        write_atomic(folder / "run.json", json.dumps(self.__dict__, indent=1).encode())


def open_order(folder: Path) -> tuple[Order, Recipe]:
    """What the run in `folder` was asked to do; raises TrainingError when it is none."""
    try:
        order = json.loads(read_small(folder / "run.json"))
        recipe = json.loads(read_small(folder / "recipe.json"))
        lists = {name: tuple(order.get(name, ())) for name in ("paths", "languages")}
        return _checked(Order(**{**order, **lists})), Recipe.from_dict(recipe)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TrainingError(
            f"{folder}: no run to resume ({reason_of(error)}); expected the folder of an earlier `tinycode-train fit` or `tune`"
        ) from error


def _checked(order: Order) -> Order:
    """Raises ValueError where a value is not of its kind: the file may have been edited, or come with somebody's repository."""
    texts = {**order.__dict__, "paths": "".join(order.paths), "languages": "".join(order.languages)}
    wrong = [name for name, value in texts.items() if name != "mode" and not isinstance(value, str)]
    wrong += [] if order.mode in range(0o1000) else ["mode"]
    wrong += [] if order.paths else ["paths"]
    if wrong:
        raise ValueError(f"in run.json no sound {', '.join(wrong)}")
    return order
