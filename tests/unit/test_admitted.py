"""Which roles the lines of a pg_hba.conf admit, with the members of roles written as groups."""

from __future__ import annotations

from dataclasses import replace

from flatsplit.config import Config, Group, RoleNames
from flatsplit.render.snippets import admitted

PLAIN = Config("shop", "shop", ("public",), roles=RoleNames(app_user='Web "%'))


def test_each_by_itself() -> None:
    assert admitted(PLAIN) == (("", 'Web "%'), ("", "app_migrator"), ("", "app_readonly"))


def test_members_of_groups_and_persons() -> None:
    config = replace(PLAIN, groups=(Group("app_user", ("a", "b")),), people=(("alice", ("app_readonly", "dba")),))
    assert admitted(config) == (("+", 'Web "%'), ("", "app_migrator"), ("+", "app_readonly"))


def test_the_old_role_where_it_goes_on() -> None:
    assert admitted(replace(PLAIN, retire="repurpose"))[0] == ("", "shop")
