"""Conformance probes: nothing is found of a service that does as the specs say, and the very fact of one that does not;
money, limits, outages and interruptions change nothing of that."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import platemark
from platemark import cli, conform, probing
from platemark.answers import Usage
from platemark.conform import exchange, journal, reports
from platemark.ir import Ir
from platemark.resolution.changes import Change, changed, changes
from platemark.spec import shape
from platemark.spec.model import Spec

BEIJING = "https://dashscope.aliyuncs.com"


@pytest.fixture(scope="module")
def spec() -> Spec:
    return platemark.load()


@pytest.fixture(scope="module")
def plan(ir: Ir) -> conform.Plan:
    """Everything there is to ask."""
    return conform.plan(ir)


@pytest.fixture(scope="module")
def small(ir: Ir) -> conform.Plan:
    """Everything there is to ask of one model."""
    return conform.plan(ir, ["z-image-turbo"])


def named(spec: Spec, ir: Ir, change: Change) -> tuple[str, ...]:
    """What is named of a service that differs by one fact."""
    plan = conform.plan(ir, [change.offer.model])
    return conform.run(plan, conform.in_process(changed(spec, ir, change))).named


# ── A service as its specs say ────────────────────────────────────────────────────────────────────────────────────


def test_an_unchanged_service_parts_nowhere(ir: Ir, plan: conform.Plan):
    report = conform.run(plan, conform.in_process(ir))
    assert report.named == ()
    assert report.unchecked == {}
    assert report.counts["confirmed"] > report.counts["not probed"] > 0
    assert {
        (f.question.model, f.question.route, f.question.mode) for f in report.findings if f.verdict == "confirmed"
    } == {(offer.model, offer.route, offer.mode) for family in ir.families for offer in family.offers}


def test_nor_does_one_whose_specs_are_nothing_like_ours():
    spec = platemark.resolve(platemark.load(Path(__file__).parent / "specs_extra"))
    report = conform.check(spec, conform.in_process(spec))
    assert report.named == ()
    assert report.unchecked == {}
    assert report.counts["confirmed"] > 100


def test_every_rule_default_and_size_is_asked_about_or_listed_with_the_reason(ir: Ir, plan: conform.Plan):
    asked = {question.id: question for question in plan.questions}
    for family in ir.families:
        for offer in family.offers:
            for change in changes(family, offer):
                question = asked[f"{offer.model}/{offer.route}/{offer.mode}/{change.fact}"]
                assert bool(question.probes) != bool(question.untried), question.id


def test_an_edge_keeps_away_from_those_of_other_rules(ir: Ir):
    plan = conform.plan(ir, ["wan2.6-image"])
    sizes = [probe.asks for probe in plan.inside if "/size.ratio/" in probe.id and probe.route == "sync"]
    assert sizes == ['size="400*1600"', 'size="1600*400"']  # 384*1536 has exactly the least area


def test_a_probe_sends_pictures_of_its_own_and_no_key(ir: Ir):
    for probe in conform.plan(ir, ["wan2.6-image"]).inside:
        assert b"sk-" not in probe.request.content
        assert not {"Authorization", "authorization"} & set(probe.request.headers)
        if "/images.schemes/" not in probe.id:
            assert b"example.com" not in probe.request.content


# ── A service that differs by one fact ────────────────────────────────────────────────────────────────────────────

CHANGES = [
    ("wan2.6-image", "sync", "edit", "n.range", "1..5", "looser"),
    ("wan2.6-image", "task", "edit", "n.range", "1..3", "stricter"),
    ("wan2.6-image", "sync", "edit", "n.range", "2..4", "stricter"),
    ("wan2.6-image", "sync", "edit", "n.default", 3, "differs"),
    ("wan2.6-image", "sync", "edit", "size.area", "589823..4194304", "looser"),
    ("wan2.6-image", "sync", "edit", "size.area", "589825..4194304", "stricter"),
    ("wan2.6-image", "sync", "edit", "size.ratio", "1:4..399:100", "stricter"),
    ("wan2.6-image", "sync", "edit", "size.tokens", {"1K": "1280*1280"}, "stricter"),
    ("wan2.6-image", "sync", "edit", "size.tokens", {"1K": "1264*1264", "2K": "2048*2048"}, "differs"),
    ("wan2.6-image", "sync", "edit", "size.default", "2K", "differs"),
    ("wan2.6-image", "sync", "edit", "size.rounds", 8, "differs"),
    ("wan2.6-image", "sync", "edit", "images.count", "2..4", "stricter"),
    ("wan2.6-image", "sync", "edit", "images.schemes", ["http", "https", "oss"], "stricter"),
    ("wan2.6-image", "sync", "edit", "enable_interleave.default", True, "differs"),
    ("wan2.6-image", "sync", "edit", "max_images.only_in", None, "looser"),
    ("wan2.6-image", "sync", "edit", "role.fixed", None, "looser"),
    ("wan2.6-image", "stream", "interleave", "max_images.range", "1..4", "stricter"),
    ("wan2.6-image", "stream", "interleave", "max_images.default", 4, "differs"),
    ("wan2.6-image", "stream", "interleave", "images.count", "0..0", "stricter"),
    ("wan2.6-image", "task", "interleave", "images.schemes", ["http", "https", "oss"], "stricter"),
    ("wan2.6-image", "task", "interleave", "n.fixed", None, "looser"),
    ("wan2.7-image", "task", "edit", "bbox_list.items.count", "0..1", "stricter"),
    ("wan2.7-image", "sync", "sequence", "n.default", 11, "differs"),
    ("wan2.7-image", "sync", "text_to_image", "color_palette.count", "4..10", "stricter"),
    ("qwen-image-edit-max", "sync", "edit", "size.side", "512..2049", "looser"),
    ("qwen-image-edit-max", "sync", "edit", "size.default", {"like": "last image", "area": "1008*1008"}, "differs"),
    ("qwen-image", "task", "text_to_image", "size.one_of",
     ["1664*928", "1472*1104", "1328*1328", "1104*1472"], "stricter"),
    ("z-image-turbo", "sync", "text_to_image", "prompt_extend.default", True, "differs"),
    ("z-image-turbo", "sync", "text_to_image", "prompt.required", False, "looser"),
]  # fmt: skip


@pytest.mark.parametrize("case", CHANGES, ids=["-".join((*c[:4], c[5], str(i))) for i, c in enumerate(CHANGES)])
def test_a_changed_service_is_named_by_just_that_fact(spec: Spec, ir: Ir, case: tuple[str, str, str, str, Any, str]):
    model, route, mode, fact, value, verdict = case
    family = ir.find(model)[1]
    offer = next(o for o in family.by_model[model] if (o.route, o.mode) == (route, mode))
    other = changed(spec, ir, Change(offer, fact, "other", value))
    report = conform.run(conform.plan(ir, [model]), conform.in_process(other))
    assert [(f.question.id, f.verdict) for f in report.differences] == [(f"{model}/{route}/{mode}/{fact}", verdict)]
    assert report.differences[0].request_ids


def test_every_smallest_change_of_a_small_model_is_named(spec: Spec, ir: Ir):
    family = ir.find("wan2.2-t2i-flash")[1]
    offer = family.offers[0]
    unseen = {"prompt.length", "negative_prompt.length", "unknown", "watermark.default"}
    unasked = {"model", "body.type", "route"}  # the emulator has no model, body or route to judge
    seen = [c for c in changes(family, offer) if c.fact not in unseen | unasked and not c.fact.endswith(".place")]
    assert len(seen) > 20
    for change in seen:
        assert named(spec, ir, change) == (f"{offer.model}/{offer.route}/{offer.mode}/{change.fact}",), change.name


# ── Money ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def billed(send: conform.Send, ir: Ir, paid: list[Decimal], price: Decimal) -> conform.Send:
    """A service that bills each picture that it makes as the request is accepted."""

    def sent(request: conform.Request) -> conform.Answer:
        answer = send(request)
        if request.method == "POST" and answer.status == 200:
            paid.append(price * answer.body.count(b"/pictures/"))
        return answer

    return sent


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.decimals("0", "6", places=2), st.sampled_from(["wan2.2-t2i-flash", "wan2.6-image", "z-image-turbo"]))
def test_no_budget_is_ever_exceeded(ir: Ir, amount: Decimal, model: str):
    found = conform.plan(ir, [model], region="cn-beijing")
    looser = {"wan2.2-t2i-flash": "n.range", "wan2.6-image": "n.range", "z-image-turbo": "prompt.required"}[model]
    family = ir.find(model)[1]
    offers = tuple(
        replace(o, rules=tuple(i for i in o.rules if family.rules[i].id != looser)) if o.model == model else o
        for o in family.offers
    )
    other = replace(ir, families=tuple(replace(f, offers=offers) if f is family else f for f in ir.families))
    paid: list[Decimal] = []
    price = {"wan2.2-t2i-flash": "0.14", "wan2.6-image": "0.20", "z-image-turbo": "0.2"}[model]
    budget = conform.Budget(amount, "CNY")
    report = conform.run(found, billed(conform.in_process(other), ir, paid, Decimal(price)), budget=budget)
    assert report.spent <= amount
    if model != "wan2.6-image":  # whose tasks tell their pictures later
        assert sum(paid) <= amount


def test_what_should_be_refused_goes_first_and_then_the_cheapest(ir: Ir):
    plan, order = conform.plan(ir, ["wan2.6-image"]), list[conform.Probe]()
    budget = conform.Budget(Decimal(100), "CNY")
    conform.run(plan, conform.in_process(ir), budget=budget, told=lambda probe, _: order.append(probe))
    sides = [probe.side == "outside" for probe in order]
    assert sides == sorted(sides, reverse=True)
    costs = [probe.cost("CNY") or Decimal(0) for probe in order if probe.side != "outside"]
    assert costs == sorted(costs)


def test_without_money_only_what_nobody_could_bill_is_sent(ir: Ir, small: conform.Plan):
    sent: list[conform.Probe] = []
    report = conform.run(
        small, conform.in_process(ir), budget=conform.NOTHING, told=lambda probe, _: sent.append(probe)
    )
    assert {probe.address.rpartition("/")[2] for probe in sent} == {"auth", "model"}
    assert report.spent == 0
    assert {f.verdict for f in report.findings} == {"confirmed", "not probed"}


def test_a_model_without_a_price_is_probed_outside_only_and_the_report_says_so(ir: Ir):
    plan, sent = conform.plan(ir, ["qwen-image-plus-2026-01-09"]), list[conform.Probe]()
    budget = conform.Budget(Decimal(5), "CNY")
    report = conform.run(plan, conform.in_process(ir), budget=budget, told=lambda probe, _: sent.append(probe))
    assert {probe.side for probe in sent} == {"outside"}
    found = next(f for f in report.findings if f.question.fact == "seed.range")
    assert found.verdict == "confirmed"
    assert found.reason.startswith("only outside; ")
    assert "no price in CNY is known" in found.reason


@pytest.mark.parametrize("text", ["2", "CNY", "-1CNY", "2.00 cny", "1e3CNY", "", "２CNY"])
def test_what_is_no_sum_of_money_is_told(text: str):
    with pytest.raises(ValueError, match=r"write it as 2\.00 CNY"):
        conform.budget(text)


# ── Limits, outages, and what is no verdict ───────────────────────────────────────────────────────────────────────


def failing(send: conform.Send, answers: Callable[[int], conform.Answer | Exception | None]) -> conform.Send:
    """A service that answers otherwise for a while; requests are counted from 0."""
    count = -1

    def sent(request: conform.Request) -> conform.Answer:
        nonlocal count
        if request.method == "GET":
            return send(request)
        count += 1
        other = answers(count)
        if isinstance(other, Exception):
            raise other
        return other or send(request)

    return sent


def error(status: int, code: str, **headers: str) -> conform.Answer:
    return conform.Answer(status, headers, json.dumps({"code": code, "message": "so", "request_id": "r-1"}).encode())


def test_what_was_too_much_is_waited_out(ir: Ir, small: conform.Plan):
    waits: list[float] = []
    busy = error(429, "Throttling.RateQuota", **{"retry-after": "7"})
    send = failing(conform.in_process(ir), lambda n: busy if n % 5 == 0 else None)
    report = conform.run(small, send, wait=waits.append)
    assert report.named == ()
    assert report.counts == conform.run(small, conform.in_process(ir)).counts
    assert set(waits) == {7.0}


def test_a_service_that_always_has_too_much_to_do_is_unchecked(ir: Ir, small: conform.Plan):
    waits: list[float] = []
    send = failing(conform.in_process(ir), lambda _: error(429, "Throttling.RateQuota"))
    report = conform.run(small, send, wait=waits.append)
    assert "dashscope/z-image-turbo" in report.unchecked
    assert max(waits) == 60.0


def test_a_short_outage_changes_nothing(ir: Ir, small: conform.Plan):
    send = failing(conform.in_process(ir), lambda n: error(500, "InternalError") if n % 3 == 0 else None)
    report = conform.run(small, send)
    assert report.named == ()
    assert report.counts == conform.run(small, conform.in_process(ir)).counts
    assert any(seen.outcome and seen.outcome.tries == 2 for f in report.findings for seen in f.seen)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (conform.Unsent("GET: no route to host"), "unreachable"),
        (error(401, "InvalidApiKey"), "auth"),
        (error(429, "Throttling.AllocationQuota"), "quota"),
        (conform.Answer(502, {}, b"<html>Bad gateway"), "server"),
        (conform.Answer(200, {}, b"<html>Welcome"), "no picture"),
    ],
    ids=["unreachable", "auth", "quota", "proxy", "portal"],
)
def test_a_provider_that_could_not_be_checked_is_told_and_parts_nowhere(
    ir: Ir, small: conform.Plan, answer: conform.Answer | Exception, why: str
):
    report = conform.run(small, failing(conform.in_process(ir), lambda _: answer))
    assert report.named == ()
    assert why in report.unchecked["dashscope/z-image-turbo"]


def test_after_an_unreachable_service_nothing_more_is_sent(small: conform.Plan):
    count = 0

    def send(_: conform.Request) -> conform.Answer:
        nonlocal count
        count += 1
        raise conform.Unsent("refused")

    conform.run(small, send)
    assert count == exchange.Patience().tries


def test_what_got_lost_counts_as_spent_and_is_not_sent_again(ir: Ir, small: conform.Plan):
    budget, bodies = conform.Budget(Decimal("1.00"), "CNY"), list[tuple[bool, bytes]]()

    def send(request: conform.Request) -> conform.Answer:
        bodies.append((request.keyed, request.content))
        raise conform.Lost("read timed out")

    report = conform.run(small, send, budget=budget)
    assert Decimal("0.80") < report.spent <= Decimal("1.00")
    assert len(bodies) == len(set(bodies))


def test_refused_content_is_no_verdict(ir: Ir, small: conform.Plan):
    send = failing(conform.in_process(ir), lambda _: error(400, "DataInspectionFailed"))
    assert conform.run(small, send).named == ()


def test_a_base_that_is_refused_leaves_its_rules_unprobed(ir: Ir, small: conform.Plan):
    send = failing(conform.in_process(ir), lambda _: error(400, "InvalidParameter"))
    report = conform.run(small, send)
    assert report.named == ()
    found = next(f for f in report.findings if f.question.fact == "size.area")
    assert (found.verdict, found.reason.partition(" is refused")[0]) == (
        "not probed",
        "what the probes are varied from",
    )


@given(st.binary(max_size=200), st.integers(100, 599), st.sampled_from(["application/json", "text/event-stream", ""]))
def test_no_answer_gives_a_traceback(small: conform.Plan, body: bytes, status: int, kind: str):
    one = replace(small, questions=tuple(q for q in small.questions if q.fact in {"n.unsupported", "size.default"}))
    report = conform.run(one, lambda _: conform.Answer(status, {"content-type": kind}, body))
    assert {f.verdict for f in report.findings} <= {"confirmed", "not probed"}


# ── Going on after an interruption ────────────────────────────────────────────────────────────────────────────────


def interrupted(send: conform.Send, after: int) -> conform.Send:
    def answers(count: int) -> conform.Answer | None:
        if count == after:
            raise KeyboardInterrupt
        return None

    return failing(send, answers)


@pytest.mark.parametrize("torn", [False, True])
def test_a_resumed_run_sends_only_what_is_missing(ir: Ir, small: conform.Plan, tmp_path: Path, torn: bool):
    path, sent = tmp_path / "journal", list[str]()
    with pytest.raises(KeyboardInterrupt):
        conform.run(small, interrupted(conform.in_process(ir), 40), told=journal.writer(path, small, "x"))
    if torn:
        path.write_text(path.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    known = journal.read(path, small, "x")
    assert len(known.outcomes) == (39 if torn else 40)
    write = journal.writer(path, small, "x")

    def told(probe: conform.Probe, outcome: conform.Outcome) -> None:
        sent.append(probe.key)
        write(probe, outcome)

    report = conform.run(small, conform.in_process(ir), known=known.outcomes, spent=known.spent, told=told)
    assert not set(sent) & set(known.outcomes)
    whole = conform.run(small, conform.in_process(ir))
    assert (report.counts, report.sent) == (whole.counts, whole.sent)
    again = journal.read(path, small, "x").outcomes
    assert conform.run(small, lambda _: pytest.fail("nothing is missing"), known=again).counts == whole.counts


def test_a_journal_of_something_else_is_refused(ir: Ir, small: conform.Plan, tmp_path: Path):
    path = tmp_path / "journal"
    journal.writer(path, small, "x")
    with pytest.raises(journal.OtherJournal, match="another service"):
        journal.read(path, small, "y")
    with pytest.raises(journal.OtherJournal, match="other specs"):
        journal.read(path, conform.plan(ir, ["qwen-image"]), "x")
    path.write_text("prompt,verdict\n", encoding="utf-8")
    with pytest.raises(journal.OtherJournal, match="is no journal"):
        journal.read(path, small, "x")


# ── Reports ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def parted(spec: Spec, ir: Ir, small: conform.Plan) -> conform.Report:
    """A report of a service that differs."""
    family = ir.find("z-image-turbo")[1]
    other = changed(spec, ir, Change(family.offers[0], "seed.range", "looser", "0..2147483648"))
    return conform.run(small, conform.in_process(other), budget=conform.Budget(Decimal(3), "CNY"))


def test_the_json_report_keeps_its_schema(parted: conform.Report):
    data = {"schema_version": 1, **reports.as_data(parted, "x")}
    Draft202012Validator(shape.schema("conformance")).validate(json.loads(json.dumps(data)))
    assert [f["fact"] for f in data["findings"] if f["verdict"] == "looser"] == ["seed.range"]


def test_the_page_names_what_parts_first_and_means_nothing_else(parted: conform.Report):
    text = reports.markdown(parted, "http://[a]|b")
    assert text.startswith("# Conformance of http://\\[a\\]\\|b\n")
    first = text.partition("## Where")[2].partition("## dashscope")[0]
    assert first.count("| looser |") == 1
    assert "seed=2147483648" in first


def test_junit_fails_what_parts_and_skips_what_is_not_probed(parted: conform.Report):
    root = Xml.fromstring(reports.junit(parted, "x\x00"))
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    skipped = sum(case.find("skipped") is not None for case in root.iter("testcase"))
    assert failed == ["seed.range"]
    assert skipped == parted.counts["not probed"]
    assert sum(int(suite.get("tests", "")) for suite in root.iter("testsuite")) == len(parted.findings)


# ── The command ───────────────────────────────────────────────────────────────────────────────────────────────────


def conforms(ir: Ir, env: dict[str, str] | None = None, **wanted: Any) -> Any:
    return probing.run(
        ir, probing.Wanted(models=wanted.pop("models", ["z-image-turbo"]), **wanted), env or {}, lambda _: None
    )


def test_without_key_and_address_the_emulator_is_asked(ir: Ir):
    answer = conforms(ir)
    assert answer.code == 0
    assert answer.text.startswith("the built-in emulator: ")


@pytest.fixture
def served(ir: Ir) -> Iterator[str]:
    from platemark.emulator import running

    with running(ir, pace=0) as server:
        yield server.url


def test_over_http_it_finds_the_same(ir: Ir, served: str, tmp_path: Path):
    out = tmp_path / "report.json"
    models = ["z-image-turbo", "wan2.2-t2i-flash"]
    answer = conforms(ir, models=models, base_url=f"{served}/api/v1", report=str(out), resume=str(tmp_path / "j"))
    assert answer.code == 0
    assert json.loads(out.read_text(encoding="utf-8"))["counts"] == conforms(ir, models=models).data["counts"]


def test_a_service_that_parts_gives_exit_code_1(spec: Spec, ir: Ir):
    from platemark.emulator import running

    family = ir.find("z-image-turbo")[1]
    other = changed(spec, ir, Change(family.offers[0], "seed.range", "tighter", "1..2147483647"))
    with running(other, pace=0) as server:
        answer = conforms(ir, base_url=server.url)
    assert answer.code == 1
    assert answer.text.startswith("stricter: dashscope/z-image-turbo/text_to_image/seed.range (sync): ")


def test_a_service_that_is_not_there_gives_exit_code_5(ir: Ir):
    wanted = probing.Wanted(base_url="http://127.0.0.1:1", models=["z-image-turbo"])
    answer = probing.run(ir, wanted, {}, lambda _: None, lambda _: None)
    assert answer.code == 5
    assert "could not be checked: dashscope/z-image-turbo: " in answer.text


def test_a_plan_sends_nothing_and_says_what_it_could_cost(ir: Ir):
    answer = conforms(ir, models=["wan2.6-image"], base_url=BEIJING, plan=True, budget="2.00CNY")
    assert answer.code == 0
    assert "nothing was sent" in answer.text
    (row,) = answer.data["models"]
    assert (row["currency"], row["model"]) == ("CNY", "dashscope/wan2.6-image")
    assert Decimal(row["outside_cost"]) > Decimal(row["inside_cost"]) > 10
    edge = next(p for p in answer.data["probes"] if p["id"].endswith("sync/edit/n.range/inside-2"))
    assert (edge["asks"], edge["pictures"], edge["cost"]) == ("n=4", 4, {"CNY": "0.80"})


KEY = {"DASHSCOPE_API_KEY": "sk-test-a"}
WRONG = {
    "no key": ({"base_url": BEIJING}, {}, "no-key", "DASHSCOPE_API_KEY is not set"),
    "in the clear": ({"base_url": "http://dashscope.aliyuncs.com"}, KEY, "not-https", "all to read"),
    "a key and no service": ({}, KEY, "no-service", "no --base-url"),
    "no address": ({"base_url": "dashscope.aliyuncs.com"}, {}, "bad-address", "is no base address"),
    "a port too high": ({"base_url": "http://127.0.0.1:99999"}, {}, "bad-address", "is no base address"),
    "whose": ({"base_url": "https://proxy.example.com", "models": []}, {}, "which-provider", "nobody knows whose"),
    "no provider": ({"provider": "dashscop"}, {}, "unknown-provider", "dashscop"),
    "no model": ({"models": ["z-image-turb"]}, {}, "unknown-model", "z-image-turb"),
    "no region": ({"base_url": BEIJING, "region": "bejing"}, KEY, "unknown-region", "bejing"),
    "no money": ({"budget": "2 yuan"}, {}, "bad-budget", "2.00 CNY"),
    "no report": ({"report": "out.docx"}, {}, "unknown-report", "out.docx"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_done_is_told(ir: Ir, name: str):
    wanted, env, code, words = WRONG[name]
    wanted = {"models": [] if "provider" in wanted else ["z-image-turbo"], **wanted}
    with pytest.raises(Usage) as caught:
        conforms(ir, env, **wanted)
    assert caught.value.code == code
    assert words in caught.value.message


def test_the_command_line_hands_everything_over(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    assert cli.run(["conform", "--model", "z-image-turbo", "--plan", "--format", "json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["models"][0]["model"] == "dashscope/z-image-turbo"
    assert cli.run(["conform", "--model", "z-image-turbo", "--budget", "much"]) == 2
    assert "write it as 2.00 CNY" in capsys.readouterr().err
