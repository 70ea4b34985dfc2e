"""Character-level text generation: a prompt, then bytes drawn from the network, decoded as they come."""

import codecs
from collections.abc import Iterator
from itertools import islice

from tinycode_ls.engine.model import Model
from tinycode_ls.engine.search import DOCUMENT_END, SamplingOptions, sample
from tinycode_ls.model.document import document_header


def generate(model: Model, path: str, prompt: str, most_bytes: int, options: SamplingOptions) -> Iterator[str]:
    """Pieces of text after `prompt`, in a file named `path`; ends where the model ends the file."""
    logits, state = model.read(document_header(path) + prompt.encode("utf-8", "replace"))
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for byte in islice(sample(model, logits, state, options), most_bytes):
        if byte == DOCUMENT_END:
            break
        yield decoder.decode(bytes([byte]))
    yield decoder.decode(b"", final=True)
