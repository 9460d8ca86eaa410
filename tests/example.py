"""The chapter that tests of shared code take as their example. Its room is named here alone.

Its questions are an easy function (`A`, two parts), arithmetic (`B`), training (`C`), a decision
(`D`) and a sweep that a probe is given to (`E`): each kind of work that an answer can be.
"""

from lora_course.chapters.ch04_rank_selection import questions
from lora_course.chapters.rooms import room_of
from tests.chapters.ch04_rank_selection import answers

ROOM = room_of(4)
QUESTIONS = questions.QUESTIONS
FIRST, SECOND, TRAINING, DECISION, SWEEP = QUESTIONS
TABLES = answers.TABLES
IMPORT_QUESTIONS = f"from {questions.__name__.rpartition('.')[0]} import questions as ch04"
IMPORTS = """\
import statistics
from peft import LoraConfig
from lora_course import RankExperiment, adapt, adapter_state, count_trainable, evaluate, fit
from lora_course.tasks.matching import comparison_task
"""
NAMES = tuple(question.name for question in QUESTIONS)
FULL = {question.name: question.max_points for question in QUESTIONS}
ONLY_A = {FIRST.name: FIRST.max_points}


def solution(question):
    """The right code of one question, without the line that checks it."""
    *lines, check = question.solution().body.splitlines()
    assert ".check(" in check
    return "\n".join(lines)


A, B, C, D, E = map(solution, QUESTIONS)

# Half right: one of two parts of the first question, and of the second.
SQUARE = """
def estimate_lora_params(layer_dim, rank, num_layers=32):
    d = layer_dim if isinstance(layer_dim, int) else layer_dim[0]
    return 2 * rank * d * num_layers
"""
HALF_B = """
def adapter_memory(lora_params, bytes_per_value=4):
    mb = lora_params * 4 / 1e6
    return {"adapter_mb": mb, "gradients_mb": mb, "optimizer_mb": 2 * mb}
"""
