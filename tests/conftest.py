"""Settings for all tests: generated examples are the same in every run, so that a red suite is red again.

`pytest --hypothesis-profile=search` draws new ones, more of them, and remembers failures inside the checkout.
`unshrunk` is for whoever wants to know only whether something fails (tests/mutants).
"""

from hypothesis import Phase, settings

settings.register_profile("house", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.register_profile("unshrunk", derandomize=True, deadline=None, phases=(Phase.explicit, Phase.generate))
settings.load_profile("house")
