"""An HTTP server whose connections without an authorised request are few and short."""

from leitstand.serving.connection import report_authorised
from leitstand.serving.server import STOPPING, HttpServer
from leitstand.serving.sockets import listening

__all__ = ["STOPPING", "HttpServer", "listening", "report_authorised"]
