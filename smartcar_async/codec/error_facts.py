"""What the bodies of errors say of themselves, in the forms that Smartcar has used."""

from typing import Any

from attrs import frozen

from ..wire import Anything, Word, sent


def _word(*paths: str) -> Any:
    """A field for a text that is only told to people: whatever is no text is none."""
    return sent(*paths, kind=Word, tolerant=True)


@frozen
class SuggestedResolution:
    """What to do about it: a word, or an object with a link."""

    type: str | None = _word()
    url: str | None = _word()

    @staticmethod
    def _of_wire(value: Any) -> Any:
        return {"type": value} if isinstance(value, str) else value


@frozen(kw_only=True)
class ErrorFacts:
    """What every form says."""

    type: str | None = _word()
    code: str | None = _word()
    details: Any = sent("detail", kind=Anything)
    resolution: SuggestedResolution | None = sent(tolerant=True)
    suggested_user_message: str | None = _word()


@frozen(kw_only=True)
class ErrorEntry(ErrorFacts):
    """One of the errors of API v3."""

    title: str | None = _word()
    message: str | None = _word("detail")
    description: str | None = _word("detail", "description")
    doc_url: str | None = _word("links.about")
    request_id: str | None = _word("meta.debug.requestId")


@frozen(kw_only=True)
class FlatError(ErrorFacts):
    """The form of API v2.0, that of v1, and that of OAuth, whose `error` is the type."""

    type: str | None = sent(tolerant=True)
    error: str | None = _word()
    message: str | None = _word("error_description", "message", "description")
    description: str | None = _word("description", "error_description", "message")
    doc_url: str | None = _word("docURL", "error_uri")
    request_id: str | None = _word()
