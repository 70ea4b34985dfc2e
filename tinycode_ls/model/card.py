"""The model card: everything a model file says about itself, as JSON in the file's metadata."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..characters import printable
from ..errors import ModelFileError
from .spec import ModelSpec

FORMAT_VERSION = 1
CARD_KEY = "tinycode"
"""Metadata key of the card's JSON."""
MIXER_KEY = "tinycode.mixer"
"""Metadata key of the mixer's weights (see mixer.py), where the model was fitted together with an index."""

MOST_CHARACTERS = 100_000
"""Of a card; ours have a thousand. What a file can hold as JSON takes a gigabyte to read."""


@dataclass(frozen=True)
class ModelCard:
    """`quality`: measured figures by name; `recipe`: the whole resolved recipe; `corpus_hash`: sha256 of the text."""

    spec: ModelSpec
    name: str = "model"
    languages: tuple[str, ...] = ()
    licence: str = ""
    corpus_hash: str = ""
    made_with: str = ""
    recipe: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text that stands in the file's metadata."""
        return json.dumps({"format_version": FORMAT_VERSION, **asdict(self)}, sort_keys=True)


def card_from_json(text: str, where: str) -> ModelCard:
    """Raises ModelFileError when `text`, found in the file `where`, is no card of this format version."""
    if len(text) > MOST_CHARACTERS:
        raise ModelFileError(
            f"{where}: its card has {len(text)} characters, expected at most {MOST_CHARACTERS}; train or copy the model again"
        )
    try:
        data = json.loads(text)
        version = data.pop("format_version")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{where}: its card is damaged ({error}); train or copy the model again") from error
    if version != FORMAT_VERSION:
        raise ModelFileError(
            f"{where}: format version {version}, expected {FORMAT_VERSION}; "
            + ("update tinycode-ls" if isinstance(version, int) and version > FORMAT_VERSION else "train it again")
        )
    try:
        spec = ModelSpec.from_dict(data.pop("spec"))
        card = ModelCard(spec=spec, **data)
        return replace(
            card,
            name=printable(card.name),
            languages=tuple(map(printable, card.languages)),
            quality={printable(name): float(figure) for name, figure in card.quality.items()},
        )
    except ModelFileError as error:
        raise ModelFileError(f"{where}: {error}") from error
    except (TypeError, ValueError, OverflowError, KeyError, AttributeError) as error:
        raise ModelFileError(f"{where}: its card is damaged ({error}); train or copy the model again") from error
