"""Studies: many runs that belong together, kept in a store - what sweeps, plans and sensitivities are made of.

`work` says what one run is and what names it, `summary` what is kept of it, `store` where, `runner` gets it done.
"""
