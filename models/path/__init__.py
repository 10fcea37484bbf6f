"""The readable path: SimPy processes carry each I/O through the mechanisms in time. It defines the model."""
