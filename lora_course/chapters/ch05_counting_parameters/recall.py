"""What later chapters ask again of this one."""

from __future__ import annotations

import random

from lora_course.checks.question import Mistake
from lora_course.checks.recall import Recall

REACHED, PASSED, REFUSED = "it gets an adapter", "nothing, and nobody says so", "an error"
TRAINS, FROZEN, FEW = "the whole matrix", "nothing of it", "the rows of these tokens"


def _attention(draws: random.Random) -> tuple[int, int, int, int]:
    width, groups = draws.choice((32, 64)), draws.choice((2, 4))
    return width, width // groups, draws.choice((2, 4)), groups


RECALL = (
    Recall(
        name="gqa",
        text="The input is {0} wide. q_proj has {0} rows; {3} heads of queries share one head of"
        " keys, so k_proj has {1}. How many numbers has the adapter of k_proj at rank {2}?",
        draw=_attention,
        right=lambda width, narrow, rank, groups: rank * (width + narrow),
        because="k_proj is {1} × {0}: r·(d_out + d_in).",
        mistakes=(
            Mistake("square", lambda w, n, rank, g: 2 * rank * w, "So many q_proj has."),
            Mistake(
                "narrow twice",
                lambda w, n, rank, g: 2 * rank * n,
                "Its input is as wide as that of q_proj.",
            ),
        ),
    ),
    Recall(
        name="bytes",
        text="An adapter of {0} million numbers is trained with PEFT on a base in bf16. How many MB"
        " has its file, about?",
        draw=lambda draws: (draws.choice((5, 10, 20, 40)),),
        right=lambda millions: 4.0 * millions,
        because="PEFT keeps A and B in fp32, 4 bytes each; the header is small.",
        mistakes=(
            Mistake("bf16", lambda millions: 2.0 * millions, "The base is in bf16, A and B not."),
        ),
    ),
    Recall(
        name="fused",
        text="The model has modules named qkv_proj and o_proj; the targets are v_proj and o_proj."
        " What becomes of qkv_proj?",
        draw=lambda draws: (),
        right=lambda: PASSED,
        because="A name has to be the target, or to end in a dot and the target.",
        choices=(REACHED, PASSED, REFUSED),
        mistakes=(
            Mistake("letters", lambda: REACHED, "It ends in v_proj, but with no dot before it."),
            Mistake("error", lambda: REFUSED, "There is an error only where all targets miss."),
        ),
    ),
    Recall(
        name="tokens",
        text="modules_to_save=['embed_tokens'] is set to teach a model {0} new tokens. What trains"
        " and is saved?",
        draw=lambda draws: (draws.choice((2, 3, 8)),),
        right=lambda *tokens: TRAINS,
        because="modules_to_save takes whole modules; trainable_token_indices takes single rows.",
        choices=(TRAINS, FEW, FROZEN),
        mistakes=(Mistake("rows", lambda *tokens: FEW, "That is trainable_token_indices."),),
    ),
)
