from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from flatsplit.config import Config
from flatsplit.cutover.bundle import Bundle
from flatsplit.model.report import Approved, Event, PasswordAge, Place, Rate, Rehearsed, Report, SeenClient, StepPast
from flatsplit.render.bundle import write_bundle
from flatsplit.render.communication_plan import moves
from flatsplit.render.heat import headlines, heat
from flatsplit.render.picture import pictures
from flatsplit.render.snippets import pools
from flatsplit.render.summary import picked
from flatsplit.rights.exposure import Ability, BlastRadius, Exposure
from flatsplit.walks.split import STEP_KEYS
from flatsplit.words import about
from tests.golden import bundles

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
EVERYTHING = "\n".join(bundles.HOSTILE)
VOID = {"meta", "link", "br", "rect", "path"}


class Page(HTMLParser):
    """Tags, attributes and text, with a complaint where a tag is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.said: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.said.append(data)


def hostile() -> Bundle:
    """Every text of the page is an attack, also what only a walk brings."""
    bundle = bundles.hostile()
    report = Report(
        at=NOW,
        begun_at=NOW,
        begun_by=EVERYTHING,
        past={
            step.key: StepPast(NOW, NOW, False, 3, timedelta(5), (EVERYTHING,), EVERYTHING, ((NOW, EVERYTHING),), 1, 1)
            for step in bundle.steps
        },
        story=(Event(NOW, "done", EVERYTHING, EVERYTHING, EVERYTHING),),
        story_left_out=7,
        clients=tuple(SeenClient(bundle.config.legacy_role, name, name, name, 1, NOW) for name in bundles.HOSTILE),
        observed=2,
        rehearsed=(Rehearsed(EVERYTHING, NOW, EVERYTHING, EVERYTHING, {"denied": 2}, False),),
        approvals=(Approved("verify", EVERYTHING, EVERYTHING, EVERYTHING, NOW, EVERYTHING),),
        place=Place(host=bundles.HOSTILE[1]),
        ages=(
            PasswordAge(EVERYTHING, NOW, EVERYTHING, EVERYTHING, timedelta(5), old=True),
            PasswordAge(bundles.HOSTILE[1], None, "", "", None, old=False),
        ),
    )
    return dataclasses.replace(bundle, report=report)


@pytest.mark.parametrize("make", [bundles.plain, hostile])
def test_the_page_is_whole_and_has_nothing_of_others_in_it(make, tmp_path):
    write_bundle(make(), tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert text.count("<script") == 1
    assert not page.tags & {"iframe", "object", "embed", "img", "form", "base", "audio", "video", "foreignobject"}
    assert not [name for name in page.attributes if name.startswith("on") or name in ("style", "srcdoc", "action")]
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids, link
        else:
            assert link == "data:," or (tmp_path / link).is_file(), link
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\';' in text
    assert not [char for char in text if not char.isprintable() and char not in "\n\t"]
    if make is hostile:
        for told in (text, (tmp_path / "runbook.md").read_text(encoding="utf-8")):
            assert "How old the passwords are" in told
            assert "not by flatsplit: not known" in told


def test_hostile_names_are_shown_as_they_are(tmp_path):
    write_bundle(hostile(), tmp_path)
    said = "".join(Page((tmp_path / "index.html").read_text(encoding="utf-8")).said)
    for name in ("<script>alert(1)</script>", "a`b``c", "pipe|back\\|slash", "*/ -- /*", "{{ 7 * 7 }} {% raw %}"):
        assert name in said, name
    assert "new\\nline; DROP ROLE x" in said


def decisions(bundle: Bundle, folder: Path) -> list[str]:
    """What stands at the top of the page, for those who read no further."""
    write_bundle(bundle, folder)
    text = (folder / "index.html").read_text(encoding="utf-8")
    first = re.search(r'<dl class="facts first">(.*?)</dl>', text, re.DOTALL)
    assert first is not None
    return ["".join(Page(part).said) for part in re.findall(r"<dd>(.*?)</dd>", first[1], re.DOTALL)]


def test_the_top_says_what_is_next_what_is_final_and_how_long_it_takes(tmp_path):
    plain = bundles.plain()
    action, final, left = decisions(plain, tmp_path)
    assert action == "flatsplit next: Grant what exists"
    assert final == "none: every step goes back"
    # What is done does not count; a day until the switch counts as done, and two weeks around the lock
    assert left == "127 statements, 9 s, and at least 15 d of watching in between"

    def later(key: str, retire: str = "revoke") -> Bundle:
        """As if the steps before this one were done, and those after it not."""
        place = STEP_KEYS.index(key)
        steps = tuple(
            dataclasses.replace(
                step,
                state="done" if step.number <= place else "pending",
                plan=dataclasses.replace(step.plan, catch_up=(), statements=()) if step.number <= place else step.plan,
                point_of_no_return=retire == "drop" and step.key == "revoke-legacy",
            )
            for step in plain.steps
        )
        return dataclasses.replace(plain, steps=steps)

    waits = later("transfer-ownership", "drop")
    action, final, _ = decisions(waits, tmp_path)
    assert action == "flatsplit next: Move the ownership; held up by approved"
    assert final == "step 9, Take the old role's rights"
    action, _, left = decisions(later("switch-connections"), tmp_path)
    assert action == "people move the connections, then flatsplit next: Switch the connections"
    assert left == "no statements, and at least 15 d of watching in between"
    over = dataclasses.replace(plain, steps=tuple(dataclasses.replace(step, state="done") for step in waits.steps))
    assert decisions(over, tmp_path) == [
        "none: the cutover is complete",
        "passed",
        "nothing",
    ]


def test_the_timeline_says_how_each_step_goes_back(tmp_path):
    bundle = bundles.hostile()
    write_bundle(bundle, tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    lines = re.findall(r'<p class="quiet">(\d+ statements?, .*|no statements.*|done by people.*)</p>', text)
    assert ["".join(Page(line).said).partition("; ")[2] for line in lines] == [
        "way back: 4 statements, 3 s",
        "",  # these made-up grants have no undo
        "way back: 18 statements, 3 s",
        "way back: 4 statements, 3 s",
        "the old role must then be unseen for 24h",
        "no way back",
    ]


def one(role: str, login: bool = True, **counts: int) -> Exposure:
    flags = ("superuser", "drop_database")
    return Exposure(
        role,
        login,
        tuple(
            Ability(key, key, counts.get(key, 0), None if key in flags else 10, key in flags)
            for key in ("superuser", "drop_database", "drop", "write", "read")
        ),
    )


def test_the_picture_says_what_the_database_says():
    config = Config("x", "old", ("public",))
    after = (
        one("old", login=False),
        one("app_user", write=9, read=10),
        one("app_migrator", drop=10, write=10, read=10),
        one("app_readonly", read=10),
        one("dba", superuser=1, drop=10, write=10, read=10),
    )
    found = BlastRadius("x", (one("old", drop=8, write=8, read=8),), after)
    before, then = pictures(found, (), config)
    assert [line.kind for line in before.lines] == ["connects"] * 4 + ["drop", "write", "read"]
    assert "old could drop 8" in before.told
    counts = {kind: sum(line.kind == kind for line in then.lines) for kind in ("connects", "drop", "write", "read")}
    assert counts == {"connects": 4, "drop": 2, "write": 3, "read": 4}
    assert "app_user could change 9" in then.told
    assert "app_user could drop" not in then.told
    assert [box.note for box in then.boxes if box.kind == "gone"] == ["no login"]
    # The application keeps its role where the old one is put to another purpose
    again = pictures(found, (), Config("x", "old", ("public",), "repurpose"))
    assert "the application connects as old" in again[1].told
    # What was there first is what counts, once a step was taken
    first = pictures(found, (one("old", drop=9, write=9, read=9),), config)
    assert "old could drop 9" in first[0].told
    assert pictures(None, (), config) == ()


def test_heat_and_headlines():
    today, first = one("old", write=5), one("old", drop=10, drop_database=1, read=10)
    found = BlastRadius("x", (today,), (one("old", login=False), one("app_user", write=10)))
    made = heat(found, (first,), "old")
    assert made is not None
    assert [(column.role, column.moment) for column in made.columns] == [
        ("old", "before"),
        ("old", "today"),
        ("old", "after"),
        ("app_user", "after"),
    ]
    levels = {act: [cell.level for cell in cells] for act, cells in made.rows}
    assert levels == {"drop_database": [4, 0, 0, 0], "drop": [4, 0, 0, 0], "write": [0, 2, 0, 2], "read": [1, 0, 0, 0]}
    assert [(line.before, line.after) for line in headlines(found, (first,), "old", "app_user")] == [(10, 0)]
    assert headlines(found, (), "old", "app_user") == ()
    assert heat(None, (), "old") is None


@pytest.mark.parametrize(
    ("application", "role"),
    [
        ("flyway", "app_migrator"),
        ("rails db:migrate", "app_migrator"),
        ("Metabase v0.50", "app_readonly"),
        ("psql", "dba"),
        ("pg_dump", "dba"),
        ("shop-web", "app_user"),
        ("", "app_user"),
    ],
)
def test_who_is_to_move_where(application, role):
    config = Config("x", "old", ("public",))
    seen = [SeenClient("app_user", "x", "c", "web", 1), SeenClient("old", "x", "c", application, 1, NOW)]
    found = moves(seen, (), config)
    assert [(move.to, move.moved) for move in found] == [(role, False), ("", True)]


def test_pools_fit_into_the_server():
    bundle = bundles.plain()
    for most, seen in ((100, 0), (100, 300), (20, 300), (4, 0)):
        clients = (SeenClient("shop", "shop", "c", "web", seen),) if seen else ()
        report = Report(clients=clients, place=Place(max_connections=most, reserved=3))
        made = pools(dataclasses.replace(bundle, report=report))
        assert 1 <= made.app <= made.usable
        assert most < 20 or made.app + made.migrator + made.readonly <= made.usable


def test_durations_and_rates():
    assert [about(value) for value in (0.2, 4, 75, 7200, 90000, timedelta(days=8, hours=3))] == [
        "under a second",
        "4 s",
        "1 min 15 s",
        "2 h",
        "1 d 1 h",
        "8 d 3 h",
    ]
    assert Rate().measured is False


def test_few_statements_are_all_shown_and_many_by_their_sorts():
    moved = [bundles.take_over(f"t{number}", "m") for number in range(40)]
    roles = [bundles.create(f"r{number}") for number in range(3)]
    assert picked(moved[:9], 20) == moved[:9]
    some = picked([*moved, *roles], 10)
    assert len(some) == 8
    assert some[0] == moved[0]
    assert some[-1] == roles[-1]
