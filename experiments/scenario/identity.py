"""The canonical text of a scenario: what two files must share to be the same experiment.

Sorted JSON after defaults, in base units, traces by their digest. Without seed and replications (a result's identity
adds them), without the trace's file name.
"""

import json
from dataclasses import fields, is_dataclass, replace

from models.scenario import Scenario, Trace

APART = ("seed", "replications", "identity")


def identity(scenario: Scenario) -> Scenario:
    """The same scenario with its identity filled in."""
    text = json.dumps(_plain(scenario), sort_keys=True, separators=(",", ":"))
    return replace(scenario, identity=text)


def _plain(value: object) -> object:
    if isinstance(value, Trace):
        return value.digest
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name not in APART}
    return value
