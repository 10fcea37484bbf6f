"""A TOML file of any kind that has a schema: read, located, its tables checked. Sweeps and plans come in here."""

from pathlib import Path
from typing import Generic, NamedTuple

from experiments.scenario import locate
from experiments.scenario.messages import Mistake, Source, printable
from experiments.scenario.shape import File, check_shape
from experiments.scenario.source import read_text, read_toml


class Document(NamedTuple, Generic[File]):
    """A file, the mistakes in its tables, and where everything stands, for more mistakes."""

    file: File | None  # without what is wrong in it; None where too little is left
    mistakes: list[Mistake]
    source: Source


def read_document(path: Path, schema: type[File], kind: str, least: str) -> Document[File]:
    """What stands in a file of a `kind` ("sweep"); `least` is a shipped one. Raises InputError if it is no TOML."""
    text = read_text(path, kind, least)
    name = printable(str(path))
    data = read_toml(text, name)
    mistakes, file = check_shape(data, schema)
    return Document(file, mistakes, Source(name, text.split("\n"), locate.locate(text), {}))
