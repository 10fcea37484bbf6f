"""Questions that ship: each in one short file that reads like a lab note, asked by name (`stunlab question NAME`)."""

from experiments.questions import (
    break_even,
    does_the_merge_finish,
    how_many_vms_fit,
    one_more_filter,
    outlast_the_timer,
    rpo_under_bursts,
    stun_storm,
)
from experiments.questions.question import Question

QUESTIONS: tuple[Question, ...] = (
    does_the_merge_finish.QUESTION,
    break_even.QUESTION,
    how_many_vms_fit.QUESTION,
    one_more_filter.QUESTION,
    rpo_under_bursts.QUESTION,
    stun_storm.QUESTION,
    outlast_the_timer.QUESTION,
)
