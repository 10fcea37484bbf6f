"""Settings for all tests: generated examples are the same in every run, so that a red suite is red again.

`pytest --hypothesis-profile=search` draws new ones, more of them, and remembers failures inside the checkout.
"""

from hypothesis import settings

settings.register_profile("house", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile("house")
