"""ObsError <- Absent | Hung | WrongPassword | NotObs | RequestFailed."""

from __future__ import annotations


class ObsError(Exception):
    """Why there is no answer; the text is one line, fit for a log, and holds no secret."""


class Absent(ObsError):
    """Nothing is there, or it went away."""


class Hung(ObsError):
    """There, but does not answer in time. What was asked may still be carried out."""


class WrongPassword(ObsError):
    """The password was refused, or one is needed and none was given."""


class NotObs(ObsError):
    """Something else is on that port, or an OBS that speaks another protocol."""


class RequestFailed(ObsError):
    """OBS refused a request; the link is as good as before."""

    def __init__(self, request: str, code: int, comment: str | None = None) -> None:
        self.request = request
        self.code = code
        self.comment = " ".join((comment or "").split())[:200]
        super().__init__(f"{request} refused with {code}: {self.comment}".removesuffix(": "))
