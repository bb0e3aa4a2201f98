"""`doctor`: key, region, host, clock and proxy, each checked and explained. Nothing that it asks costs anything."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from platemark_images._runtime.cli.connecting import client, connection, form, provider, provider_of
from platemark_images._runtime.cli.failures import AUTH, COPIED, FAILURE, NETWORK, USAGE, BadKey, NoKey
from platemark_images._runtime.cli.voice import Voice
from platemark_images._runtime.settings import Options

if TYPE_CHECKING:
    from platemark_images._runtime.answers import Answer
    from platemark_images._runtime.client import Client
    from platemark_images._runtime.ir import Provider
    from platemark_images._runtime.protocol import Talk

_NOBODY = "00000000-0000-0000-0000-000000000000"
"""The id of a task that is not there."""
_APART = 300.0
"""Seconds by which a clock may be wrong: signed addresses and moments of tasks bear that."""
_SHORT: Options = {"timeout": 20.0, "max_retries": 0}
"""A check that takes longer has its answer."""
_CODES = {
    "settings": USAGE,
    "proxy": USAGE,
    "key": AUTH,
    "key and region": AUTH,
    "host": NETWORK,
    "connection": NETWORK,
}
_MARKS = {True: "ok", False: "WRONG", None: "-"}


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at; `ok` is None where nothing can be said, or nothing was asked."""

    name: str
    ok: bool | None
    message: str
    hint: str = ""


def command() -> click.Command:
    """`doctor`."""
    return click.Command("doctor", params=[
        click.Option(["--try-regions"], is_flag=True,
                     help="Where the key is refused, ask the service's other regions whether they know it. It travels there."),
        *connection(), *form(),
    ], callback=_doctor, help="Check key, region, host, clock and proxy. It costs nothing. Exit code: 0 all is well, 2 "
                              "settings, 4 key, 5 network, 1 anything else.")  # fmt: skip


def _doctor(**given: Any) -> int:
    voice: Voice = click.get_current_context().obj
    found = list(_checks(voice, given))
    wrong = [check for check in found if check.ok is False]
    lines: list[str] = []
    width = max(len(check.name) for check in found)
    for check in found:
        lines.append(f"{_MARKS[check.ok]:5}  {check.name.ljust(width)}  {check.message}")
        lines += [f"{' ' * (width + 9)}{check.hint}"] if check.hint else []
    voice.say({"ok": not wrong, "checks": [asdict(check) for check in found]}, "\n".join(lines))
    return _CODES.get(wrong[0].name, FAILURE) if wrong else 0


def _checks(voice: Voice, given: Mapping[str, Any]) -> Iterator[Check]:
    from platemark_images._runtime.errors import ConfigurationError

    place = provider(provider_of(given))
    try:
        used = client(voice, {**given, **{name: value for name, value in _SHORT.items() if given[name] is None}})
    except NoKey as error:
        yield Check("key", False, str(error))
        return
    except BadKey as error:
        yield Check("key", False, str(error), COPIED)
        return
    except ConfigurationError as error:
        variables = _variables(place)
        yield Check("settings", False, str(error), f"the environment may say it: {variables}" if variables else "")
        return
    with used:
        yield _key(used, given)
        yield _region(used)
        host = urlsplit(used.service.base_url).hostname or ""
        yield (proxy := _proxy(used.service.base_url, host))
        if proxy.ok is False:
            return
        if proxy.ok is None:
            yield (name := _host(host))
            if not name.ok:
                return
        yield from _asked(used, given)


def _key(used: Client, given: Mapping[str, Any]) -> Check:
    place, key = used.service.provider, used.service.key
    source = "--api-key" if given["api_key"] else f"variable {given['api_key_env'] or place.env}"
    if not key:
        return Check(
            "key", False, f"none: the {source} is not set", "requests are prepared without a key, but none can be sent"
        )
    if key.startswith(place.refused):
        start = next(each for each in place.refused if key.startswith(each))
        return Check("key", False, f"the {source} holds a key that begins with {start}: such keys can't make pictures",
                     f"make another key for {place.client}")  # fmt: skip
    return Check("key", True, f"{len(key)} characters from the {source}")


def _region(used: Client) -> Check:
    service = used.service
    if not service.region:
        return Check(
            "region", None, f"none is named; requests go to {service.base_url}", "prices are the highest of all regions"
        )
    return Check("region", True, f"{service.region} at {service.base_url}")


def _proxy(url: str, host: str) -> Check:
    """The proxy that the environment names for an address; its password is not told."""
    import urllib.request

    hint = "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY name one; NO_PROXY lists hosts to ask without it"

    named = urllib.request.getproxies()
    found = named.get(urlsplit(url).scheme) or named.get("all")
    if not found or urllib.request.proxy_bypass(host):
        return Check("proxy", None, "none is used")
    try:
        parts = urlsplit(found if "://" in found else f"http://{found}")
        return Check(
            "proxy", True, f"goes by {parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}", hint
        )
    except ValueError:
        return Check("proxy", False, "what the environment names is no address", hint)


def _host(host: str) -> Check:
    import socket

    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        return Check(
            "host",
            False,
            f"{host} has no address: {getattr(error, 'strerror', None) or error}",
            "is the region right, and is there a network?",
        )
    return Check("host", True, f"{host} is {', '.join(sorted(found)[:3])}")


def _asked(used: Client, given: Mapping[str, Any]) -> Iterator[Check]:
    """What the service's answer to a question about no task tells: that it is there, its time, and whether it knows the key."""
    from platemark_images._runtime.errors import ConfigurationError, ConnectionFailed

    try:
        answer = used.run(_question(used))
    except ConfigurationError as error:
        yield Check("settings", False, str(error))
        return
    except ConnectionFailed as error:
        yield Check("connection", False, str(error), _tls_hint(str(error)))
        return
    yield Check(
        "connection", True, f"HTTP {answer.status}{' over TLS' if used.service.base_url.startswith('https') else ''}"
    )
    yield _clock(answer)
    if used.service.key:
        yield _known(used, given, answer)


def _tls_hint(text: str) -> str:
    if "certificate" in text.lower() or "ssl" in text.lower():
        return "the certificate can't be verified: a proxy may open connections (SSL_CERT_FILE names its certificate), or the clock is wrong"
    return "a firewall or a proxy may be in between"


def _question(used: Client) -> Talk[Answer]:
    """The answer to a question about a task that is not there; where there is no key, to one without."""
    from platemark_images._runtime.protocol import Send, ask

    service = used.service
    tasks = service.provider.tasks
    method, _, path = tasks.query.partition(" ") if tasks else ("GET", "", "/")
    url = service.base_url + path.replace("{task_id}", _NOBODY)
    headers = service.headers() if service.key else {}
    return (yield from ask(used.context, Send(method, url, headers, timeout=used.context.settings.timeout)))


def _clock(answer: Answer) -> Check:
    from email.utils import parsedate_to_datetime

    try:
        apart = time.time() - parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return Check("clock", None, "the service does not tell the time")
    if abs(apart) > _APART:
        word = "fast" if apart > 0 else "slow"
        return Check(
            "clock",
            False,
            f"{abs(apart):,.0f} s {word}, by the service's time",
            "set it: TLS and signed addresses need it",
        )
    return Check("clock", True, f"within {abs(apart):.0f} s of the service's time")


def _known(used: Client, given: Mapping[str, Any], answer: Answer) -> Check:
    """Whether the key is taken here: who is refused is told so before anybody looks for the task."""
    from platemark_images._runtime import errors
    from platemark_images._runtime.answers import parsed

    name = "key and region"
    try:
        parsed(used.service, answer, paid=False)
    except (errors.AuthenticationError, errors.PermissionDenied) as error:
        hint = (
            _elsewhere(used)
            if given["try_regions"]
            else "--try-regions asks the other regions whether they know the key"
        )
        return Check(name, False, str(error), hint if len(used.service.provider.regions) > 1 else "")
    except errors.APIError as error:  # it knows no such task, and says so in its own way
        return Check(
            name,
            True if answer.status < 500 else None,
            f"the key is taken ({error})" if answer.status < 500 else str(error),
        )
    except errors.PlatemarkError as error:
        return Check(name, False, str(error), "this does not answer as the service does: is the base address right?")
    return Check(name, True, "the key is taken here")


def _elsewhere(used: Client) -> str:
    """Which other regions take the key."""
    from platemark_images._runtime.answers import parsed
    from platemark_images._runtime.errors import PlatemarkError

    takes: list[str] = []
    for region in used.service.provider.regions:
        if not region.host or region.id == used.service.region:
            continue
        # Texts that are empty keep what the environment says out.
        with type(used)(used.service.key, region.id, "", "", **_SHORT) as other:
            try:
                parsed(other.service, other.run(_question(other)), paid=False)
                takes.append(region.id)
            except PlatemarkError:
                continue
    return f"the key is taken in {', '.join(takes)}: --region {takes[0]}" if takes else "no other region takes it"


def _variables(place: Provider) -> str:
    return ", ".join(variable for name, found in place.environment.items() if name != "api_key" for variable in found)
