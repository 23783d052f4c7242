"""What speaks against making a role a group, and against rotating a password; with which steps a rotation begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from flatsplit.config import Config, Group
from flatsplit.config.special import Special
from flatsplit.errors import UsageError
from flatsplit.model import Member, MemberOptions, ObjectFacts, ObjectRef, RoleFacts, State
from flatsplit.walks import rotate
from flatsplit.walks.group import preconditions as group
from flatsplit.walks.kind import Moment
from flatsplit.walks.role.kind import ROLE
from flatsplit.walks.rotate import preconditions as rotation
from tests.support.tracked import TARGET

TWINS = ("app_a", "app b")
LOGIN, RESTING = RoleFacts(login=True, password=True), RoleFacts()
STATE = State(
    TARGET,
    roles={
        **dict.fromkeys(("legacy", "app_user", "app_migrator", "app_readonly", "dba", "job"), LOGIN),
        "app_a": LOGIN,
        "app b": RESTING,
        "postgres": RoleFacts(login=True, superuser=True),
    },
)
CONFIG = Config("shop", "legacy", ("public",), groups=(Group("app_user", logins=TWINS),))
TWO = STATE.but(roles={**STATE.roles, "app_user": RESTING})
"""app_user is a group of two logins, one of which is in use."""


def moment(
    role: str, state: State = STATE, config: Config = CONFIG, steps: tuple[str, ...] = rotate.IN_PLACE
) -> Moment:
    return Moment(state, state, config, dict.fromkeys(steps, "pending"), role)


def with_roles(changes: Mapping[str, RoleFacts], state: State = STATE) -> State:
    return state.but(roles={**state.roles, **changes})


def against_group(role: str, state: State = STATE, config: Config = CONFIG) -> str:
    found = group.refuses(moment(role, state, config))
    return found[0] if found else ""


def test_what_speaks_against_a_group() -> None:
    assert against_group("app_user", with_roles(dict.fromkeys(TWINS, RESTING))) == ""
    assert against_group("job") == "'job' is none of the roles that can become groups"
    assert "nobody logs in for it" in against_group("dba")
    assert against_group("app_readonly") == "flatsplit.toml does not say who logs in for app_readonly"
    assert against_group("app_user", TWO) == "app_user does not log in itself: it is a group already"
    roles = {name: facts for name, facts in STATE.roles.items() if name != "app_user"}
    assert against_group("app_user", STATE.but(roles=roles)) == "there is no role 'app_user' yet"
    assert against_group("app_user", with_roles({"app_a": RoleFacts(superuser=True)})).startswith(
        "app_a is a superuser"
    )
    operator = replace(CONFIG, groups=(Group("app_user", logins=("ops", "app_a")),))
    ours = State(replace(TARGET, operator="ops", operator_superuser=False), roles={**STATE.roles, "ops": LOGIN})
    assert against_group("app_user", ours, operator).startswith("ops is who runs flatsplit")


def test_what_speaks_against_a_group_later_too() -> None:
    circle = STATE.but(members={Member("app_a", "app_user", "postgres"): MemberOptions()})
    assert against_group("app_user", circle).startswith("app_user is a member of app_a")
    subscribed = STATE.but(objects={ObjectRef("subscription", "", "feed"): ObjectFacts("app_user")})
    assert against_group("app_user", subscribed).startswith("subscription feed belongs to app_user")
    others = with_roles(dict.fromkeys(TWINS, RESTING)).but(
        objects={ObjectRef("table", "public", "t"): ObjectFacts("app_user")}
    )
    rows = replace(CONFIG, groups=(Group("app_user", logins=TWINS, as_group=False),))
    assert against_group("app_user", others, rows) == ""
    migrators = replace(CONFIG, groups=(Group("app_migrator", logins=("m1", "m2"), as_group=False),))
    assert "would belong to them" in against_group("app_migrator", config=migrators)
    assert against_group("app_migrator", config=replace(CONFIG, groups=(Group("app_migrator", logins=("m1",)),))) == ""


@pytest.mark.parametrize(
    ("role", "ways", "steps"),
    [
        ("app_user", (), rotate.TWINS),
        ("app_user", (rotation.LEAKED,), rotate.LEAKED),
        ("app_user", (rotation.INPLACE,), rotate.IN_PLACE),
        ("app_migrator", (), rotate.IN_PLACE),
        ("job", (rotation.INPLACE,), rotate.IN_PLACE),
    ],
)
def test_how_a_password_is_rotated(role: str, ways: tuple[str, ...], steps: tuple[str, ...]) -> None:
    assert rotation.picks(moment(role, TWO), ways) == steps


@pytest.mark.parametrize(
    ("role", "ways", "what", "fix"),
    [
        ("app_user", (rotation.LEAKED, rotation.INPLACE), "exclude each other", "--in-place"),
        ("app_migrator", (rotation.LEAKED,), "app_migrator has no twins", "begin rotate app_migrator --in-place"),
        ("app_readonly", (), "app_readonly has no twins", "[group.app_readonly]"),
        ("job", (), "job has no twin", "flatsplit begin rotate job --in-place"),
        ("app b", (), "app b is one of the two logins of app_user", "flatsplit begin rotate app_user"),
    ],
)
def test_how_it_is_not(role: str, ways: tuple[str, ...], what: str, fix: str) -> None:
    with pytest.raises(UsageError) as refused:
        rotation.picks(moment(role, TWO), ways)
    assert what in refused.value.what
    assert fix in refused.value.fix


def against(role: str, state: State, steps: tuple[str, ...], config: Config = CONFIG) -> str:
    found = rotation.refuses(moment(role, state, config, steps))
    return found[0] if found else ""


def test_what_speaks_against_a_rotation_in_place() -> None:
    def said(role: str = "job", facts: RoleFacts = LOGIN, config: Config = CONFIG) -> str:
        return against(role, with_roles({role: facts}), rotate.IN_PLACE, config)

    assert said() == said("app_migrator") == ""
    assert said("legacy") == "legacy is the role that is to be replaced"
    assert said(facts=RESTING) == "job does not log in, so it has no password to rotate"
    assert said(facts=LOGIN._replace(expired=True, valid_until="2026-01-01")).startswith("job may not log in since")
    assert said(facts=RoleFacts(login=True)) == "job has no password"
    assert said(config=replace(CONFIG, auth="external")).startswith('[roles] auth = "external"')
    assert against("nobody", STATE, rotate.IN_PLACE) == "there is no role 'nobody'"
    blind = State(replace(TARGET, operator_superuser=False), roles={"job": RoleFacts(login=True)})
    assert against("job", blind, rotate.IN_PLACE) == "", "whether it has one cannot be seen"


def test_what_speaks_against_a_rotation_of_twins() -> None:
    def said(**changes: RoleFacts) -> str:
        return against("app_user", with_roles(changes, TWO), rotate.TWINS)

    assert said() == said(app_a=RESTING, **{"app b": LOGIN}) == ""
    assert said(app_user=LOGIN) == "app_user still logs in itself, with a password of its own"
    assert said(app_a=RESTING) == "app_a and app b: none of them may log in"
    assert said(**{"app b": LOGIN}) == "app_a and app b: both may log in, so none of them rests"
    assert said(**{"app b": RoleFacts(password=True)}) == "app b rests and has a password all the same"
    gone = TWO.but(roles={name: facts for name, facts in TWO.roles.items() if name != "app b"})
    assert against("app_user", gone, rotate.TWINS) == "there is no role 'app b', the login of app_user"


def test_a_word_for_one_of_the_four_is_not_the_role_of_another_database_that_is_called_so() -> None:
    """Where ``init`` gave the four other names, as the role of this one was there already."""
    named = replace(CONFIG.roles, app_user="shop_user")
    config = replace(CONFIG, roles=named, groups=(), special=(Special("jobs", like="app_user"),))
    found = ROLE.refuses(moment("jobs", with_roles({"shop_user": LOGIN}), config))
    said = '[role.jobs] like = "app_user": app_user is called shop_user here', 'write like = "shop_user"'
    assert found == said
    assert ROLE.refuses(moment("jobs", STATE, replace(config, roles=CONFIG.roles))) != said
