"""MediaMTXError <- Unreachable | TooSlow | Refused | BadAnswer <- NotThere."""

from __future__ import annotations


class MediaMTXError(Exception):
    """Why a MediaMTX gave no usable answer; the text is fit for a log and holds no secret."""


class Unreachable(MediaMTXError):
    """No connection, or it broke."""


class TooSlow(MediaMTXError):
    """The whole exchange took longer than its deadline."""


class Refused(MediaMTXError):
    """401: wrong credentials or no `api` permission; the API does not say which."""


class BadAnswer(MediaMTXError):
    """An answer that is not one of this API's."""


class NotThere(BadAnswer):
    """404: the API has what was asked for, but not for this name."""
