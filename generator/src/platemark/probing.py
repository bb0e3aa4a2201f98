"""`platemark conform`: which service is asked with which key, what may be spent, and where the report goes."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from platemark import conform, ir
from platemark.answers import SCHEMA_VERSION, Answer, Usage
from platemark.commands import find_model, table
from platemark.conform import journal, reports
from platemark.problems import did_you_mean

EMULATOR = "the built-in emulator"
KEY = conform.IN_PROCESS_KEY
_FORMS = {".md": "Markdown", ".json": "JSON", ".xml": "JUnit"}


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line."""

    base_url: str = ""
    provider: str = ""
    models: Sequence[str] = ()
    budget: str = ""
    region: str = ""
    picture: str = ""
    key_env: str = ""
    report: str = ""
    resume: str = ""
    plan: bool = False
    emulator: bool = False


@dataclass(frozen=True)
class Target:
    """Whom to ask. `url` is empty for the emulator in this process; `local` is this machine, which bills nothing."""

    url: str
    models: tuple[str, ...]
    providers: tuple[ir.Provider, ...]
    keys: Mapping[str, str]
    region: str
    local: bool

    @property
    def name(self) -> str:
        return self.url or EMULATOR


def run(
    known: ir.Ir,
    wanted: Wanted,
    env: Mapping[str, str],
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Probe a service and report; with `plan`, say what would be sent and send nothing. Raises Usage and OSError."""
    target = aim(known, wanted, env)
    budget = _budget(wanted, target)
    form = _form(wanted.report)
    plan = conform.plan(known, target.models, picture=wanted.picture, fetches=not target.local, region=target.region)
    if wanted.plan:
        return _planned(plan, budget, target)
    held, write = _journal(wanted, plan, target)
    if not target.url:
        say(f"no --base-url and no key: asking {EMULATOR}")
    total, done = len({probe.key for probe in (*plan.outside, *plan.inside)}), len(held.outcomes)

    def told(probe: conform.Probe, outcome: conform.Outcome) -> None:
        nonlocal done
        done += 1
        write(probe, outcome)
        if done % 50 == 0 or not target.local:
            say(f"{done} of about {total}: {probe.id}")

    with _sender(known, target) as send:
        report = conform.run(
            plan, send, budget=budget, known=held.outcomes, spent=held.spent, told=told,
            wait=sleep if target.url else lambda _: None, patience=_patience(target),
        )  # fmt: skip
    if wanted.report:
        Path(wanted.report).write_text(_printed(report, target.name, form), encoding="utf-8")
    return _answer(report, target, budget)


def _answer(report: conform.Report, target: Target, budget: conform.Budget) -> Answer:
    lines = list(reports.summary(report, target.name))
    if budget == conform.NOTHING:
        lines.append("hint: nothing may be spent without --budget 2.00CNY; --plan shows what it could cost")
    code = 1 if report.differences else 5 if report.unchecked else 0
    return Answer("\n".join(lines), reports.as_data(report, target.name), code)


def _planned(plan: conform.Plan, budget: conform.Budget, target: Target) -> Answer:
    data = reports.planned(plan, budget.currency or "CNY")
    head = ("model", "should be refused", "should be accepted", "could cost", "if those to refuse are accepted")
    text = f"{table(head, reports.plan_rows(data))}\n\nnothing was sent to {target.name}; the budget is {budget}"
    return Answer(text, data)


def _printed(report: conform.Report, target: str, form: str) -> str:
    if form == "JSON":
        return json.dumps({"schema_version": SCHEMA_VERSION, **reports.as_data(report, target)}, indent=1) + "\n"
    return reports.markdown(report, target) if form == "Markdown" else reports.junit(report, target)


def _form(path: str) -> str:
    if not path:
        return ""
    suffix = Path(path).suffix
    if suffix not in _FORMS:
        raise Usage("unknown-report", f"{path} is no report that can be written", "its name ends in .md, .json or .xml")
    return _FORMS[suffix]


def _journal(
    wanted: Wanted, plan: conform.Plan, target: Target
) -> tuple[journal.Known, Callable[[conform.Probe, conform.Outcome], None]]:
    if not wanted.resume:
        return journal.Known(), lambda _, __: None
    path = Path(wanted.resume)
    try:
        return journal.read(path, plan, target.name), journal.writer(path, plan, target.name)
    except journal.OtherJournal as error:
        raise Usage("other-journal", str(error)) from None


def _budget(wanted: Wanted, target: Target) -> conform.Budget:
    if not wanted.budget:
        return conform.UNLIMITED if target.local else conform.NOTHING
    try:
        return conform.budget(wanted.budget)
    except ValueError as error:
        raise Usage("bad-budget", str(error)) from None


def _patience(target: Target) -> conform.Patience:
    """A stand-in on this machine answers at once; a service is asked after a second, then ever less often."""
    return conform.Patience(first=0.0 if not target.url else 0.02 if target.local else 1.0)


@contextmanager
def _sender(known: ir.Ir, target: Target) -> Generator[conform.Send]:
    try:
        if not target.url:
            yield conform.in_process(known)
            return
        with conform.over_http(target.keys, target.providers, target.url) as send:
            yield send
    except ImportError as error:
        raise Usage("missing-extra", str(error), 'python -m pip install "platemark[testing]"') from None


# ── Whom to ask ───────────────────────────────────────────────────────────────────────────────────────────────────


def aim(known: ir.Ir, wanted: Wanted, env: Mapping[str, str]) -> Target:
    """Whom to ask for which models, with which keys. Raises Usage."""
    host = _host(wanted.base_url)
    local = not host or _is_local(host)
    models = _models(known, wanted, host, local)
    providers = tuple({known.find(name)[0].id: known.find(name)[0] for name in models}.values())
    keys = {provider.id: env.get(wanted.key_env or provider.auth.env, "") for provider in providers}
    if not host:
        if any(keys.values()) and not wanted.emulator and not wanted.plan:
            named = next(wanted.key_env or p.auth.env for p in providers if keys[p.id])
            raise Usage(
                "no-service", f"{named} is set, but no --base-url says which service to ask",
                f"{_addresses(providers)}; --emulator asks {EMULATOR}",
            )  # fmt: skip
        return Target("", models, providers, {}, "", local=True)
    missing = [provider for provider in providers if not keys[provider.id]]
    if missing and not local and not wanted.plan:
        name = wanted.key_env or missing[0].auth.env
        raise Usage("no-key", f"no key for {host}: {name} is not set", "--key-env NAME takes it from another variable")
    if not local and urlsplit(wanted.base_url).scheme != "https":
        raise Usage("not-https", f"a key would travel to {host} for all to read", f"https://{host}")
    region = _region(providers, wanted.region, host)
    return Target(wanted.base_url, models, providers, {k: v or KEY for k, v in keys.items()}, region, local)


def _host(base_url: str) -> str:
    if not base_url:
        return ""
    try:
        found = urlsplit(base_url)
        if (
            found.scheme in {"http", "https"}
            and found.hostname
            and not (found.query or found.fragment or found.username)
        ):
            return found.hostname if found.port != 0 else ""
    except ValueError:  # no port is larger than 65535
        pass
    raise Usage("bad-address", f"`{base_url}` is no base address", "such as https://dashscope-intl.aliyuncs.com/api/v1")


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _models(known: ir.Ir, wanted: Wanted, host: str, local: bool) -> tuple[str, ...]:
    """The models that were named, else all of the provider that was named, or that the address belongs to."""
    if wanted.models:
        for name in wanted.models:
            find_model(known, name)
        return tuple(dict.fromkeys(wanted.models))
    names = [provider.id for provider in known.providers]
    if wanted.provider and wanted.provider not in names:
        raise Usage(
            "unknown-provider", f"no provider is called `{wanted.provider}`", did_you_mean(wanted.provider, names)
        )
    chosen = [wanted.provider] if wanted.provider else names
    if not wanted.provider and not local:
        chosen = [p.id for p in known.providers if host in {region.host for region in p.regions}]
        if len(chosen) != 1:
            raise Usage("which-provider", f"nobody knows whose service {host} is", f"--provider {', '.join(names)}")
    return tuple(name for name, (provider, _, _) in known.models.items() if provider.id in chosen)


def _region(providers: Sequence[ir.Provider], named: str, host: str) -> str:
    """The region whose prices hold: the one that was named, or that the address belongs to; else all count."""
    regions = [region for provider in providers for region in provider.regions]
    if not named:
        return next((region.id for region in regions if region.host == host), "")
    found = next((region.id for region in regions if named in {region.id, region.alias}), "")
    if not found:
        known = [name for region in regions for name in (region.id, region.alias) if name]
        raise Usage("unknown-region", f"no region is called `{named}`", did_you_mean(named, known))
    return found


def _addresses(providers: Sequence[ir.Provider]) -> str:
    hosts = [f"--base-url https://{r.host}{p.base_path}" for p in providers for r in p.regions if r.host]
    return ", ".join(hosts[:3])
