"""What happens to a VM over minutes, as SimPy generator processes. They act on the path and wait for its signals."""

WINDOW_RANK, JOB_RANK, CHECKPOINT_RANK, TASK_RANK, CONTROL_RANK, SIOC_RANK = 0, 1, 2, 3, 4, 9
"""Order of stories that wake at one instant."""
