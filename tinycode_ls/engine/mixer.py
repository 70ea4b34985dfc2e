"""One distribution from several voices: a small gate decides, byte by byte, how much each count may raise what it saw.

For candidate byte b, with p(b) the network's probability and c_s(b) the count of slot s:

    logit(b) = t * log p(b) + sum over s of w_s * r_s(b) + judge(b),  r_s(b) = log(1 + c_s(b) / (sigma_s * (p(b) + FLOOR)))

A byte that no slot saw keeps its p(b); one that was seen is raised the more, the less the network expected it. The gate, a
two-layer perceptron, reads how sure each slot is and whether the network agrees, and gives t and every w_s. This is
logistic mixing as in PAQ (Mahoney 2005), over bytes instead of bits and with a learned gate. The judge, a perceptron of
three layers, then sees each byte that was seen anywhere by itself: which byte it is, who saw it how often, what the gate
made of the place. It knows what no sum of weights can say: that two voices agree, or that lines rarely end here.
`trainer/mixer.py` fits both together.
"""

import io
import zipfile
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..characters import IN_WORD, LINE_END
from ..errors import ModelFileError
from ..index import words
from ..index.evidence import Evidence, Voice

Array = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
T = TypeVar("T", bound=Any)
"""An array of numpy, or a tensor of torch."""

FLOOR = 1e-3
"""Keeps one count of a byte that the network thinks impossible from deciding everything."""
MIXER_VERSION = 5
MOST_MIXER_BYTES = 1_000_000
"""Unpacked; ours are 150 kB. Zeros pack to a thousandth, and a model may come with a repository."""
MEND = "make it again with `tinycode-train tune`, or give it another mixer with `tinycode-train mix`"

ANCHORS = (0, 32, 128)
"""A line that is copied is known by what stands before it: further back than the orders reach, and whatever its indentation."""
DOCUMENT = Voice(orders=(1, 2, 3, 4, 5, 6, 8, 11, 16, 24), latest=(2, 4, 6, 10), anchors=ANCHORS)
WORKSPACE = Voice(orders=(2, 3, 4, 5, 6, 8, 11, 16, 24, 32), anchors=ANCHORS)
IN_WORKSPACE = slice(DOCUMENT.slots, DOCUMENT.slots + len(WORKSPACE.orders))
SLOTS = DOCUMENT.slots + WORKSPACE.slots + 1 + words.SLOTS  # the one: what the line below has at this place

LATEST = slice(DOCUMENT.slots - len(DOCUMENT.latest), DOCUMENT.slots)
LONGEST = slice(0, len(DOCUMENT.orders)), IN_WORKSPACE, LATEST
"""Slots in which a later one knows a longer context."""
NUMBERS = np.arange(SLOTS)

SIGNALS = 5
FADING = np.array([0.7, 0.93], np.float32)
FADED = np.tile(FADING, SIGNALS)
RECENT = len(FADED)
GLOBAL_FEATURES = 9 + RECENT
FEATURES = 4 * SLOTS + GLOBAL_FEATURES
JUDGED = 2 * SLOTS + 3


@dataclass(frozen=True)
class Mixer:
    """Fitted weights. gate_in [FEATURES, G], gate_bias [G], gate_out [G, 1 + SLOTS], out_bias, log_sigma [SLOTS].

    Of the judge: judge_in [JUDGED, H], judge_place [G, H], judge_byte [256, H], judge_middle [H, H], middle_bias [H],
    judge_out [H].
    """

    gate_in: Array
    gate_bias: Array
    gate_out: Array
    out_bias: Array
    log_sigma: Array
    judge_in: Array
    judge_place: Array
    judge_byte: Array
    judge_middle: Array
    middle_bias: Array
    judge_out: Array

    def mix(self, log_p: Array, evidence: Evidence, last: Ids, columns: Ids, recent: Array) -> Array:
        """log_p [B, 256] of the network, the evidence of all slots, last bytes and line columns [B], and who was right
        of late [B, RECENT] -> log probs [B, 256]."""
        features = gate_features(log_p, evidence, last, columns, recent)
        hidden = np.maximum(features @ self.gate_in + self.gate_bias, 0)
        weights = hidden @ self.gate_out + self.out_bias  # [B, 1+S]
        logits = weights[:, :1] * log_p
        seen = evidence.seen
        own = log_p[seen.rows, seen.ids, None]  # [N, 1]
        sigma = np.exp(self.log_sigma)
        odds = seen.counts / (sigma * (np.exp(own) + FLOOR))
        raised = np.log(1 + odds)  # [N, S]; numpy has vectors for log, none for log1p
        boost = np.einsum("ns,ns->n", raised, weights[seen.rows, 1:])[:, None]
        share = seen.counts / np.maximum(evidence.taken, 1)[seen.rows]
        behind = own - log_p.max(axis=1)[seen.rows, None]
        judged = np.concatenate(judged_signals(raised, share, own, boost, behind), axis=1)
        first = judged @ self.judge_in
        first += (hidden @ self.judge_place)[seen.rows]
        first += self.judge_byte[seen.ids]
        second = np.maximum(np.maximum(first, 0, out=first) @ self.judge_middle + self.middle_bias, 0)
        logits[seen.rows, seen.ids] += boost[:, 0] + second @ self.judge_out
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), np.float32)


def judged_signals(raised: T, share: T, own: T, boost: T, behind: T) -> list[T]:
    """What the judge reads of a byte, scaled alike: how much each slot raises it, its share of what the slot saw [.., S]
    each; its log probability, the sum of what the gate lets through, and how far it is behind the network's favourite
    [.., 1] each."""
    return [raised, share * 2, own / 4, boost / 8, behind / 4]


def expected_by_counts(evidence: Evidence) -> Ids:
    """[B, 3]: the favourite next byte of the document's longest context, of the workspace's, and of the latest place in the
    document; -1 where there is none."""
    favourite, present = evidence.seen.favourite, evidence.totals > 0
    rows = np.arange(len(present))
    found = np.empty((len(present), len(LONGEST)), np.int64)
    for column, slots in enumerate(LONGEST):
        last = np.where(present[:, slots], NUMBERS[slots], -1).max(axis=1)
        found[:, column] = np.where(last >= 0, favourite[rows, last], -1)
    return found


def guesses(expected: Ids, log_p: Array) -> Ids:
    """[B, 4]: what is `expected_by_counts`, and the favourite of the network."""
    return np.column_stack([expected, log_p.argmax(axis=1)])


def fade_along(recent: Array, guessed: Ids, log_p: Array, ids: "npt.NDArray[Any]") -> Array:
    """Who was right of late on the line, before and after each of T bytes `ids`: faded means of hits, and of the network's log
    probability. guessed [T, 4] and log_p [T, 256] before each; from `recent` [1, RECENT] on -> [T + 1, RECENT]."""
    along = np.concatenate([recent, (1 - FADED) * _signals(guessed, log_p, ids)])
    for row, byte in enumerate(ids.tolist(), start=1):
        along[row] = 0 if byte == LINE_END else along[row] + FADED * along[row - 1]
    return along


def _signals(guessed: Ids, log_p: Array, ids: "npt.NDArray[Any]") -> Array:
    """Hits, and how little the network was surprised [B, RECENT]; each once for each fading."""
    surprise = np.maximum(log_p[np.arange(len(ids)), ids], -8) / 4
    signals = np.concatenate([guessed == ids[:, None], surprise[:, None]], axis=1).astype(np.float32)
    return np.repeat(signals, len(FADING), axis=1)


def gate_features(log_p: Array, evidence: Evidence, last: Ids, columns: Ids, recent: Array) -> Array:
    """What the gate reads [B, FEATURES]: per slot size, certainty, variety and the network's opinion of its favourite."""
    seen, totals = evidence.seen, evidence.totals
    batch = len(log_p)
    opinion = log_p[np.arange(batch)[:, None], seen.favourite]
    present = totals > 0
    per_slot = np.empty((batch, SLOTS, 4), np.float32)
    per_slot[:, :, 0] = np.log1p(totals) / 4
    per_slot[:, :, 1] = seen.most / np.maximum(evidence.taken, 1)
    per_slot[:, :, 2] = np.log1p(seen.variety) / 2
    per_slot[:, :, 3] = np.where(present, opinion / 8, 0)
    p = np.exp(log_p)
    overall = np.empty((batch, GLOBAL_FEATURES), np.float32)
    overall[:, 0] = -(p * log_p).sum(axis=1) / 4
    overall[:, 1] = log_p.max(axis=1)
    overall[:, 2] = present[:, : len(DOCUMENT.orders)].sum(axis=1) / 10
    overall[:, 3] = present[:, IN_WORKSPACE].sum(axis=1) / 10
    overall[:, 4] = np.log1p(columns) / 4
    overall[:, 5:9] = BYTE_CLASS[last]
    overall[:, 9:] = recent
    return np.concatenate([per_slot.reshape(batch, -1), overall], axis=1)


def _byte_classes() -> Array:
    """[256, 4]: word character, blank, line end, anything else."""
    table = np.zeros((256, 4), np.float32)
    for byte in range(256):
        character = chr(byte)
        table[byte, 0 if IN_WORD[byte] else 1 if character in " \t" else 2 if character == "\n" else 3] = 1
    return table


BYTE_CLASS = _byte_classes()


def mixer_to_bytes(mixer: Mixer) -> bytes:
    """For the model file's metadata."""
    buffer = io.BytesIO()
    fields = {name: getattr(mixer, name).astype(np.float16) for name in Mixer.__dataclass_fields__}
    np.savez_compressed(buffer, version=np.array(MIXER_VERSION), **fields)
    return buffer.getvalue()


def mixer_from_bytes(content: bytes) -> Mixer:
    """Raises ModelFileError when the mixer does not fit this version's slots."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(member.file_size for member in packed.infolist()) > MOST_MIXER_BYTES:
                raise ModelFileError(f"its mixer is larger than {MOST_MIXER_BYTES} bytes, unpacked; {MEND}")
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            if int(stored["version"]) != MIXER_VERSION:
                raise ModelFileError(
                    f"its mixer is of version {int(stored['version'])}, expected {MIXER_VERSION}; {MEND}"
                )
            mixer = Mixer(*(stored[name].astype(np.float32) for name in Mixer.__dataclass_fields__))
    except ModelFileError:
        raise
    except Exception as error:  # of numpy, zipfile and zlib: a dozen kinds for damaged archives
        reason = str(error).partition(".")[0]  # numpy goes on to say how to load it unsafely
        raise ModelFileError(f"its mixer is damaged ({reason}); copy or train the model again") from error
    if not _fits_together(mixer):
        raise ModelFileError(f"its mixer reads other features than this version expects; {MEND}")
    if not all(np.isfinite(getattr(mixer, name)).all() for name in Mixer.__dataclass_fields__):
        raise ModelFileError(f"its mixer has weights that are no numbers; {MEND}")
    return mixer


def _fits_together(mixer: Mixer) -> bool:
    """Whether the shapes are those of `Mixer`, with widths of its own."""
    gate, judge = mixer.gate_bias.shape, mixer.judge_out.shape
    voices = (1 + SLOTS,)
    expected = {
        "gate_in": (FEATURES, *gate),
        "gate_out": (*gate, *voices),
        "out_bias": voices,
        "log_sigma": (SLOTS,),
        "judge_in": (JUDGED, *judge),
        "judge_place": (*gate, *judge),
        "judge_byte": (256, *judge),
        "judge_middle": (*judge, *judge),
        "middle_bias": judge,
    }
    return len(gate) == len(judge) == 1 and all(getattr(mixer, name).shape == shape for name, shape in expected.items())
