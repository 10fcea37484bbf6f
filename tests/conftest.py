"""Settings for all tests: generated examples are the same in every run, so that a red suite is red again.

`pytest --hypothesis-profile=search` draws new ones, more of them, and remembers failures inside the checkout.
`unshrunk` is for whoever wants to know only whether something fails (tests/mutants).

Hypothesis takes numbers and texts of whatever modules of ours a process has loaded by then: draws would hang on the
order of the tests and on every edit of a source, and so would what occurs in random worlds, which laws insist on.
"""

from hypothesis import Phase, settings
from hypothesis.internal.conjecture import providers

settings.register_profile("house", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.register_profile("unshrunk", derandomize=True, deadline=None, phases=(Phase.explicit, Phase.generate))
settings.load_profile("house")

if hasattr(providers, "_get_local_constants"):  # an inner part: a version that has it not draws as it likes
    _NONE = providers.Constants()
    providers._get_local_constants = lambda: _NONE
