"""Which assumptions of the register move an answer, and which could flip the verdict between two arms.

`fields` finds where an assumption acts in a scenario, `file` reads what to ask, `design` says which points to run,
`indices` what they come to, `conduct` has them run.
"""
