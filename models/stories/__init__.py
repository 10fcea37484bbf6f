"""What happens to a VM over minutes, as SimPy generator processes. They act on the path and wait for its signals."""

(
    WINDOW_RANK,
    JOB_RANK,
    CHECKPOINT_RANK,
    TASK_RANK,
    CONTROL_RANK,
    THAW_RANK,
    RETRY_RANK,
    ANSWER_RANK,
    CONNECTION_RANK,
    SIOC_RANK,
) = range(10)
"""Order of stories that wake at one instant."""
