"""Sweeps: a designed experiment over fields of a scenario, every point in every arm and replicate.

`result` is what a sweep comes to; charts, tables and reports are made of it alone.
"""
