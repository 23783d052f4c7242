"""Stand-ins for the command lines of secret stores: aws, vault and kubectl, which keep secrets in a file.

Each records its arguments and its environment, so that a test can look for secrets there. To be run as
``python -m tests.support.stores aws …``; :func:`install` makes commands of that.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / "runbooks" / "hooks"


def install(folder: Path) -> Path:
    """Create commands with these names in a folder, to be put on PATH; their files are beside them."""
    commands = folder / "bin"
    commands.mkdir(parents=True)
    for name in ("aws", "vault", "kubectl"):
        command = commands / name
        run = f"runpy.run_path({str(Path(__file__))!r}, run_name='__main__')"
        command.write_text(f"#!{sys.executable} -SE\nimport runpy, sys\nsys.argv[:1] = ['', {name!r}]\n{run}\n")
        command.chmod(0o755)
    (folder / "kept.json").write_text("{}")
    return commands


def calls(folder: Path) -> str:
    """The recorded arguments and environments of all calls."""
    return (folder / "calls").read_text()


def _aws(kept: dict[str, Any], words: list[str], given: dict[str, str], heard: str) -> str:
    versions: dict[str, Any] = kept.setdefault(given["--secret-id"], {})
    service, act = words
    assert service == "secretsmanager"
    if act == "describe-secret":
        return json.dumps(
            {"VersionIdsToStages": {key: row["stages"] for key, row in versions.items() if row["stages"]}}
        )
    if act == "put-secret-value":
        assert given["--secret-string"] == "file:///dev/stdin"
        key = f"v{len(versions) + 1}"
        _label(versions, given["--version-stages"], key)
        versions[key]["secret"] = heard
        return "{}"
    if act == "get-secret-value":
        return json.dumps({"SecretString": versions[given["--version-id"]]["secret"]})
    assert act == "update-secret-version-stage"
    _label(versions, given["--version-stage"], given["--move-to-version-id"], given.get("--remove-from-version-id"))
    return "{}"


def _label(versions: dict[str, Any], label: str, key: str, former: str | None = None) -> None:
    for name, row in versions.items():
        if label in row["stages"]:
            assert label == "AWSPENDING" or name == former, "AWS wants to be told who has the label"
            row["stages"].remove(label)
    versions.setdefault(key, {"stages": [], "secret": ""})["stages"].append(label)


def _vault(kept: dict[str, Any], words: list[str], given: dict[str, str], heard: str) -> str:
    assert words[0] == "kv"
    if words[1] == "put":
        assert words[3] == "-"
        kept[words[2]] = json.loads(heard)
        return "written"
    if words[2] not in kept:
        print("No value found", file=sys.stderr)
        raise SystemExit(2)
    return json.dumps({"data": {"data": kept[words[2]], "metadata": {}}})


def _kubectl(kept: dict[str, Any], words: list[str], given: dict[str, str], heard: str) -> str:
    data: dict[str, str] = kept.setdefault(f"{given['-n']}/{words[2]}", {})
    assert words[1] == "secret"
    if words[0] == "patch":
        assert (given["--type"], given["--patch-file"]) == ("merge", "/dev/stdin")
        patch = json.loads(heard)["stringData"]
        data.update({key: base64.b64encode(value.encode()).decode() for key, value in patch.items()})
        return "patched"
    return json.dumps({"data": data})


_PLAYED: dict[str, Callable[[dict[str, Any], list[str], dict[str, str], str], str]] = {
    "aws": _aws,
    "vault": _vault,
    "kubectl": _kubectl,
}


def _main(name: str, arguments: list[str]) -> None:
    folder = Path(os.environ["STORE_FOLDER"])
    with (folder / "calls").open("a") as file:
        file.write(json.dumps([name, *arguments, dict(os.environ)]) + "\n")
    words: list[str] = []
    given: dict[str, str] = {}
    rest = iter(arguments)
    for word in rest:
        if word.startswith("-") and word != "-":
            key, found, value = word.partition("=")
            given[key] = value if found else next(rest)
        else:
            words.append(word)
    heard = sys.stdin.read() if _hears(words, given) else ""
    with (folder / "kept.json").open("r+") as file:  # commands of a pipe run at the same time
        fcntl.flock(file, fcntl.LOCK_EX)
        kept = json.load(file)
        answer = _PLAYED[name](kept, words, given, heard)
        file.seek(0)
        file.write(json.dumps(kept))
        file.truncate()
    print(answer)


def _hears(words: list[str], given: dict[str, str]) -> bool:
    return "-" in words or "/dev/stdin" in "".join(given.values())


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
