"""Remedies put together."""

from __future__ import annotations

from flatsplit.config.text import quote
from flatsplit.rehearsal.remedies import sections, together

ODD = 'odd."a"", ""b\\"'


def line(word: str, *names: str) -> str:
    return f"[grants.app_user] {word} = [{', '.join(map(quote, names))}]"


def test_names_of_one_privilege_stand_in_one_line() -> None:
    found = together([line("truncate", "a.b"), "do without it", line("truncate", ODD), line("maintain", "a.b"), ""])
    assert found == f"{line('truncate', 'a.b', ODD)}; do without it; {line('maintain', 'a.b')}"


def test_all_that_the_configuration_needs() -> None:
    remedies = [
        together([line("truncate", "a.b"), "do without it", line("truncate", ODD), line("maintain", "a.b")]),
        line("truncate", "a.a"),
        line("update", "a.s_id_seq") + ", or whichever sequence it is",
        "for the application's owner: do without it",
        "",
    ]
    assert sections(remedies) == {"app_user": {"maintain": ["a.b"], "truncate": ["a.a", "a.b", ODD]}}


def test_a_table_stands_once_with_its_columns_or_as_a_whole() -> None:
    remedies = [
        line("select", "public.t(b)", "public.u(a)"),
        line("select", 'public.t("Odd, (one", a)', "public.u", "public.f"),
        line("update", "public.t(b)"),
        line("execute", "public.f(integer)"),
    ]
    assert sections(remedies) == {
        "app_user": {
            "execute": ["public.f(integer)"],
            "select": ["public.f", 'public.t("Odd, (one", a, b)', "public.u"],
            "update": ["public.t(b)"],
        }
    }
