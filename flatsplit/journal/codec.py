"""A State as rows of JSON and back, without loss.

It follows the types in flatsplit.model: a new field of State is stored without a change here, and has its default in
rows written before. The placeholder for the owner holds a NUL, which jsonb cannot; it is written as null.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints

from flatsplit.model import OWNER, AclItem, State, Target, intern_acl

_Convert: TypeAlias = Callable[[Any], Any]
"""Any: one side is a value whose type is known at run time only, the other is JSON."""


# Json.dumps would make a new one at each call
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class FactRow(NamedTuple):
    """One fact: its mapping or set in the State, with its key and value there, both as JSON text."""

    section: str
    key: str
    payload: str


class KeyGroup(NamedTuple):
    """All keys of one section that have the same value: a JSON array of keys, and the value as JSON text."""

    section: str
    keys: str
    payload: str


def facts(state: State) -> Iterator[tuple[str, Any, Any]]:
    """(section, key, value) of everything in a State except its target; members of a set have the value None."""
    for section in _sections():
        content = getattr(state, section)
        if isinstance(content, Mapping):
            for key, value in content.items():
                yield section, key, value
        else:
            for key in content:
                yield section, key, None


def encode(facts: Iterable[tuple[str, Any, Any]]) -> Iterator[FactRow]:
    """The rows for facts as :func:`facts` returns them."""
    writers = _writers()
    known: dict[tuple[str, Any], str] = {}  # 20,000 objects have a few hundred distinct values
    for section, key, value in facts:
        write_key, write_value = writers[section]
        payload = known.get((section, value))
        if payload is None:
            payload = known[section, value] = _json(write_value(value))
        yield FactRow(section, _json(write_key(key)), payload)


def decode(target: Target, groups: Iterable[KeyGroup]) -> State:
    """The State that these rows describe. Sections that this version does not know are left out."""
    found: dict[str, dict[Any, Any]] = {section: {} for section in _sections()}
    for section, keys, payload in groups:
        if section not in found:
            continue
        read_key, read_value = _readers()[section]
        found[section].update(dict.fromkeys(map(read_key, json.loads(keys)), read_value(json.loads(payload))))
    return State(target, **{name: build(found[name]) for name, (_, _, build) in _sections().items()})


class Reader:
    """Reads single rows back. Equal values are read once and shared."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def fact(self, row: FactRow) -> tuple[Any, Any] | None:
        """(key, value) of a row; None where this version does not know its section."""
        if row.section not in _sections():
            return None
        read_key, read_value = _readers()[row.section]
        seen = row.section, row.payload
        if seen not in self._known:
            self._known[seen] = read_value(json.loads(row.payload))
        return read_key(json.loads(row.key)), self._known[seen]


@cache
def _sections() -> dict[str, tuple[Any, Any, _Convert]]:
    """For each field of State: the type of the key, the type of the value (None for a set), and what makes it from a
    dict.
    """
    hints = get_type_hints(State)
    sections: dict[str, tuple[Any, Any, _Convert]] = {}
    for name in (field.name for field in fields(State) if field.init and field.name not in ("target", "structure")):
        hint = hints[name]
        if get_origin(hint) is frozenset:
            sections[name] = (get_args(hint)[0], NoneType, frozenset)
        else:
            key, value = get_args(hint)
            sections[name] = (key, value, _same)
    return sections


@cache
def _writers() -> dict[str, tuple[_Convert, _Convert]]:
    return {name: (_writer(key), _top_writer(value)) for name, (key, value, _) in _sections().items()}


@cache
def _readers() -> dict[str, tuple[_Convert, _Convert]]:
    return {name: (_reader(key), _reader(value)) for name, (key, value, _) in _sections().items()}


def _same(value: Any) -> Any:
    return value


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")


def _is_names(hint: Any) -> bool:
    """Whether a type is a record of nothing but names, as keys are: these are written as arrays, which is faster."""
    return _is_record(hint) and all(
        part is str or get_origin(part) is Literal for part in get_type_hints(hint).values()
    )


def _top_writer(hint: Any) -> _Convert:
    """Like _writer, but with the names of the fields, for people who read the table."""
    if _is_names(hint) or not _is_record(hint):
        return _writer(hint)
    named = [(name, _writer(part)) for name, part in get_type_hints(hint).items()]
    return lambda record: {name: write(part) for (name, write), part in zip(named, record, strict=True)}


def _writer(hint: Any) -> _Convert:
    if hint is str or get_origin(hint) is Literal:
        return lambda text: None if text == OWNER else text
    if _is_names(hint):
        return lambda names: [None if name == OWNER else name for name in names] if OWNER in names else names
    if _is_record(hint):
        writers = [_writer(part) for part in get_type_hints(hint).values()]
        return lambda record: [write(part) for write, part in zip(writers, record, strict=True)]
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        if parts[-1] is Ellipsis:
            write_each = _writer(parts[0])
            return lambda items: [write_each(item) for item in items]
        each = [_writer(part) for part in parts]
        return lambda items: [write(item) for write, item in zip(each, items, strict=True)]
    if get_origin(hint) is frozenset:
        write_member = _writer(get_args(hint)[0])
        return lambda items: [write_member(item) for item in sorted(items)]
    return _plain(hint)


def _reader(hint: Any) -> _Convert:
    if hint is str or get_origin(hint) is Literal:
        return lambda text: OWNER if text is None else text
    if _is_record(hint):
        return _record_reader(hint)
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        if parts[-1] is Ellipsis:
            read_each = _reader(parts[0])
            if parts[0] is AclItem:
                return lambda items: intern_acl(read_each(item) for item in items)
            return lambda items: tuple(read_each(item) for item in items)
        each = [_reader(part) for part in parts]
        return lambda items: tuple(read(item) for read, item in zip(each, items, strict=True))
    if get_origin(hint) is frozenset:
        read_member = _reader(get_args(hint)[0])
        return lambda items: frozenset(read_member(item) for item in items)
    return _plain(hint)


def _record_reader(kind: Any) -> _Convert:
    if _is_names(kind):
        return lambda names: kind(*[OWNER if name is None else name for name in names] if None in names else names)
    readers = {name: _reader(part) for name, part in get_type_hints(kind).items()}
    in_order = list(readers.values())

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return kind(**{name: readers[name](part) for name, part in value.items() if name in readers})
        return kind(*[convert(part) for convert, part in zip(in_order, value, strict=False)])

    return read


def _plain(hint: Any) -> _Convert:
    """Whether JSON has the type: numbers, booleans, and text that may be missing."""
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if not set(options) <= {str, int, bool, NoneType}:
        raise TypeError(f"the journal cannot keep a {hint}")
    return _same
