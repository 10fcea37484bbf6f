"""State machines without a clock: an I/O of this size at this address arrives at time t - what happens?

Plain functions over NamedTuples of columns used only by index. Whole numbers only. No SimPy, no randomness. Those
marked `@mechanism` run as Python over lists and compiled over flat memory alike (sim.mechanism has the rules).
"""
