"""The one error of bad input: whatever a user gave us that cannot be used ends here, never in a traceback."""


class InputError(Exception):
    """Input that cannot be used, with all its mistakes at once.

    `messages` are complete: each names its place (``file:line:column: key.path: ...``), what is wrong and what to do,
    and may show the line itself. The command line prints them to standard error and exits with 2.
    """

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages

    def __reduce__(self) -> tuple[type["InputError"], tuple[list[str]]]:
        return InputError, (self.messages,)
