"""Why a message did not arrive: the same way is gone without Alertmanager, and without a message.

No text here holds an address that is a secret, nor a password.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl

import requests

from leitstand.config import EmailConfig, NotifyConfig

_SECONDS = 8.0
_LONGEST = 120
_IMPLICIT_TLS = 465
_LOG = "the log of Alertmanager says why"


def why(integration: str, notify: NotifyConfig) -> str:
    """One sentence with the way out."""
    if integration == "email" and notify.email is not None:
        return _mail(notify.email)
    if integration == "slack" and notify.slack is not None:
        return _web("notify.slack.url", notify.slack.url.get_secret_value())
    if integration == "webhook" and notify.heartbeat_url is not None:
        return _web("notify.heartbeat_url", notify.heartbeat_url.get_secret_value())
    return f"leitstand.yml has nothing of it; {_LOG}"


def _mail(email: EmailConfig) -> str:
    host = email.smarthost
    try:
        _knock(email)
    except smtplib.SMTPAuthenticationError as error:
        return (
            f"{host} refuses the login ({error.smtp_code}); see notify.email.username and password"
        )
    except smtplib.SMTPRecipientsRefused as error:
        return f"{host} does not take mail for {', '.join(error.recipients)}; see notify.email.to"
    except smtplib.SMTPSenderRefused:
        return f"{host} does not take mail from {email.sender}; see notify.email.sender"
    except smtplib.SMTPNotSupportedError:
        return (
            f"{host} offers no TLS or no login; see notify.email.smarthost (its port) and username"
        )
    except ssl.SSLCertVerificationError as error:
        return f"{host} has a certificate that is not trusted ({error.verify_message}); see ca_file"
    except (OSError, smtplib.SMTPException) as error:
        return f"{host} cannot be used ({_said(error)}); see notify.email.smarthost"
    return f"{host} takes a message now; was alertmanager.yml written anew since the change? {_LOG}"


def _knock(email: EmailConfig) -> None:
    """All that sending does, but the message."""
    context = ssl.create_default_context(cafile=email.ca_file)
    host, _, port = email.smarthost.rpartition(":")
    host = host.strip("[]")
    implicit = int(port) == _IMPLICIT_TLS
    server: smtplib.SMTP = (
        smtplib.SMTP_SSL(host, int(port), timeout=_SECONDS, context=context)
        if implicit
        else smtplib.SMTP(host, int(port), timeout=_SECONDS)
    )
    with contextlib.closing(server):
        server.ehlo()
        if not implicit and (email.require_tls or server.has_extn("starttls")):
            server.starttls(context=context)
        if email.username is not None and email.password is not None:
            server.login(email.username, email.password.get_secret_value())
        _envelope(server, email)


def _envelope(server: smtplib.SMTP, email: EmailConfig) -> None:
    code, said = server.mail(email.sender)
    if code >= 400:
        raise smtplib.SMTPSenderRefused(code, said, email.sender)
    answers = {each: server.rcpt(each) for each in {*email.to, *email.admins}}
    if refused := {each: answer for each, answer in answers.items() if answer[0] >= 400}:
        raise smtplib.SMTPRecipientsRefused(refused)
    server.rset()


def _web(key: str, url: str) -> str:
    """Slack refuses an empty message with 400 if the address is good, else with 403 or 404."""
    try:
        answer = requests.post(url, json={}, timeout=_SECONDS, allow_redirects=False)
    except requests.exceptions.SSLError:
        return f"the certificate there is not trusted; see {key}"
    except requests.RequestException as error:
        return f"nobody answers there ({type(error).__name__}); see {key}"
    text = answer.text.strip().partition("\n")[0][:_LONGEST]
    if answer.ok or answer.status_code == 400:
        return f"the address answers now ({answer.status_code}); {_LOG}"
    return f"the answer there is {answer.status_code} {text!r}; make a new address, into {key}_file"


def _said(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host"
    return getattr(error, "strerror", None) or type(error).__name__
