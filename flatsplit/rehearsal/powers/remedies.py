"""What to do about something that would do something else under its new owner. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit import blueprint, ddl
from flatsplit.config.text import quote
from flatsplit.rehearsal.powers.found import Lost
from flatsplit.rehearsal.remedies import shown
from flatsplit.walks.split.context import Context


def remedy(found: Sequence[Lost], context: Context) -> str:
    """Every way out, as it is typed."""
    who = blueprint.who(context.config)
    ways = list(dict.fromkeys(each.fix for each in found if each.fix))
    rows = [each for each in found if each.rows and not each.fix]
    rest = [each for each in found if not each.rows and not each.fix]
    if rows:
        ways.append(
            f"[owner-powers] bypassrls = true in flatsplit.toml gives {who.owner} BYPASSRLS before ownership "
            f"moves (by hand: ALTER ROLE {ddl.ident(who.owner)} BYPASSRLS;)"
            + ("" if rest else _leaving(rows, context, ", or leave"))
        )
    if rest:
        leaving = _leaving(rest, context, "leave") or "give it to a superuser by hand (ALTER … OWNER TO)"
        ways.append(f"{_granting(rest, context)}{leaving}, or change what it does")
    return "; ".join(ways)


def _granting(found: Sequence[Lost], context: Context) -> str:
    """The line that lets app_migrator set what they set, where that is all; "" elsewhere."""
    owner = blueprint.owner(context.config)
    if not all(each.parameters and each.owner == owner for each in found):
        return ""
    there = (one for one in context.config.grants if one.purpose == blueprint.OWNER.key and one.letter == "s")
    names = dict.fromkeys([*(name for one in there for name in one.names), *_names(found)])
    line = f"[grants.{blueprint.OWNER.key}] set = [{', '.join(map(quote, names))}]"
    return f"{line} in flatsplit.toml lets {owner} set {'that' if len(names) == 1 else 'these'}; or "


def _names(found: Sequence[Lost]) -> list[str]:
    return sorted({name for each in found for name in each.parameters})


def _leaving(found: Sequence[Lost], context: Context, word: str) -> str:
    dba = blueprint.administrator(context.config)
    if not dba:
        return ""
    names = dict.fromkeys([*context.config.powers.dba, *(shown(each.object) for each in found)])
    them = "them" if found[1:] else "it"
    return f"{word} {them} with {dba}: [owner-powers] dba = [{', '.join(map(quote, names))}]"
