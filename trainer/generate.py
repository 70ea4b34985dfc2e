"""Character-level text generation: a prompt, then bytes drawn from the network, decoded as they come."""

import codecs
from collections.abc import Iterator
from itertools import islice

from tinycode_ls.characters import DOCUMENT_END
from tinycode_ls.engine.model import Model
from tinycode_ls.engine.search import SamplingOptions, sample
from tinycode_ls.model.document import document_header

from .flags import expect, expect_within


def generate(model: Model, path: str, prompt: str, most_bytes: int, options: SamplingOptions) -> Iterator[str]:
    """Pieces of text after `prompt`, in a file named `path`; ends where the model ends the file. Raises SettingsError for
    numbers that make no sense."""
    for flag, value in (("bytes", most_bytes), ("temperature", options.temperature), ("top_k", options.top_k)):
        expect_within(flag, value, 0)
    expect(0 < options.top_p <= 1, "top_p", options.top_p, "a share above 0, at most 1")
    expect_within("seed", options.seed, 0)
    return _generate(model, path, prompt, most_bytes, options)


def _generate(model: Model, path: str, prompt: str, most_bytes: int, options: SamplingOptions) -> Iterator[str]:
    logits, state = model.read(document_header(path) + prompt.encode("utf-8", "replace"))
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for byte in islice(sample(model, logits, state, options), most_bytes):
        if byte == DOCUMENT_END:
            break
        yield decoder.decode(bytes([byte]))
    yield decoder.decode(b"", final=True)
