from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import shutil
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from flatsplit.errors import FlatsplitError, UsageError
from flatsplit.render import bundle as bundle_module
from flatsplit.render.bundle import write_bundle
from flatsplit.render.facts import BundleFacts
from tests.golden import bundles

GOLDEN = Path(bundles.__file__).parent
UPDATE = bool(os.environ.get("FLATSPLIT_UPDATE_GOLDEN"))
SAMPLES = {"plain": bundles.plain, "hostile": bundles.hostile}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_files_are_as_they_were(name, tmp_path):
    """FLATSPLIT_UPDATE_GOLDEN=1 writes them anew; look at the difference before committing it."""
    golden = GOLDEN / name
    if UPDATE:
        shutil.rmtree(golden, ignore_errors=True)
        write_bundle(SAMPLES[name](), golden)
    write_bundle(SAMPLES[name](), tmp_path / "out")
    assert content(tmp_path / "out") == content(golden)


def test_the_contract_of_the_use_cases_is_what_is_rendered():
    facts: BundleFacts = bundles.plain()
    assert facts.steps


def test_the_overview_comes_first_and_the_manifest_last(tmp_path):
    files = write_bundle(bundles.plain(), tmp_path / "a" / "b")
    assert [path.name for path in files[:3]] == ["index.html", "runbook.md", "clients.md"]
    assert files[-1].name == "manifest.json"
    assert [path.name for path in files[3:6]] == [
        "01-create-roles.md",
        "01-create-roles.sql",
        "01-create-roles.rollback.sql",
    ]
    assert sorted(files) == sorted((tmp_path / "a" / "b").iterdir())


def test_the_manifest_holds_digests_and_the_target(tmp_path):
    write_bundle(bundles.plain(), tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["target"]["system_identifier"] == "7312345678901234567"
    assert manifest["generated_by"] == "flatsplit 0.1.0"
    assert [step["key"] for step in manifest["steps"]][3] == "transfer-ownership"
    assert manifest["steps"][3]["digest"] == "04ab" * 16
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest


def test_a_bundle_is_refreshed_and_other_files_stay(tmp_path):
    write_bundle(bundles.plain(), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "03-default-privileges.sql").write_text("old")
    write_bundle(bundles.hostile(), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert "notes.txt" in names
    assert "03-default-privileges.sql" not in names
    assert "06-switch-connections.sql" in names


def test_a_manifest_cannot_have_other_files_removed(tmp_path):
    out = tmp_path / "out"
    write_bundle(bundles.plain(), out)
    (tmp_path / "precious.sql").write_text("mine")
    (out / "precious.sql").write_text("mine")
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"].update({"../precious.sql": "", "precious.sql": "", "01-../x.md": ""})
    (out / "manifest.json").write_text(json.dumps(manifest))
    write_bundle(bundles.plain(), out)
    assert (tmp_path / "precious.sql").exists()
    assert (out / "precious.sql").exists()


@pytest.mark.parametrize("manifest", [None, "{}", "[]", "not json", '{"made_by": "npm", "files": {}}'])
def test_a_folder_of_somebody_else_is_refused(tmp_path, manifest):
    (tmp_path / "index.js").write_text("mine")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    before = content(tmp_path)
    with pytest.raises(FlatsplitError, match="is not empty"):
        write_bundle(bundles.plain(), tmp_path)
    assert content(tmp_path) == before


def test_a_file_in_the_way_is_an_error_of_two_lines(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FlatsplitError, match="cannot be written") as caught:
        write_bundle(bundles.plain(), tmp_path / "file")
    assert caught.value.fix


def test_a_failure_on_the_way_leaves_the_old_bundle(tmp_path, monkeypatch):
    write_bundle(bundles.plain(), tmp_path)
    before = content(tmp_path)

    def fail(*args, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_module, "_manifest", fail)
    with pytest.raises(FlatsplitError, match="No space left"):
        write_bundle(bundles.hostile(), tmp_path)
    assert content(tmp_path) == before


def test_what_a_killed_process_left_is_no_obstacle(tmp_path):
    (tmp_path / ".flatsplit-abc").mkdir()
    assert write_bundle(bundles.plain(), tmp_path)


def test_a_format_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError) as caught:
        write_bundle(bundles.plain(), tmp_path / "out", "pdf")
    assert "html" in caught.value.fix
    assert not (tmp_path / "out").exists()


def test_each_format_has_its_files_and_the_other_one_s_go(tmp_path):
    def names() -> set[str]:
        return {path.name for path in tmp_path.iterdir() if path.suffix != ".sql"}

    write_bundle(bundles.plain(), tmp_path)
    both = names()
    assert {"index.html", "runbook.md", "clients.md", "04-transfer-ownership.md"} < both
    write_bundle(bundles.plain(), tmp_path, "html")
    assert names() == {"index.html", "manifest.json"}
    write_bundle(bundles.plain(), tmp_path, "md")
    assert names() == both - {"index.html"}
    assert (tmp_path / "04-transfer-ownership.sql").exists()


@pytest.mark.parametrize("sample", SAMPLES)
def test_markdown_holds_no_html_and_no_links_but_our_own(tmp_path, sample):
    markdown = MarkdownIt("commonmark").enable("table")
    for path in write_bundle(SAMPLES[sample](), tmp_path):
        if path.suffix != ".md":
            continue
        tokens = markdown.parse(path.read_text(encoding="utf-8"))
        assert "html_block" not in {token.type for token in tokens}
        for child in (child for token in tokens for child in token.children or []):
            assert child.type not in ("image", "em_open")
            if child.type == "html_inline":
                assert child.content in ("<code>", "</code>")
            if child.type == "link_open":
                assert (tmp_path / str(child.attrs["href"])).exists()
        rows = re.findall(r"<tr>.*?</tr>", markdown.renderer.render(tokens, markdown.options, {}), re.DOTALL)
        assert all(2 <= len(re.findall("<t[dh]", row)) <= 8 for row in rows)
    headings = [line for line in (tmp_path / "runbook.md").read_text().splitlines() if line.startswith("#")]
    assert len(headings) == 13


def test_nothing_is_said_twice_differently(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    write_bundle(bundles.plain(), one)
    write_bundle(bundles.plain(), two)
    write_bundle(bundles.plain(), two)
    assert content(one) == content(two)


def test_many_statements_stay_small_and_readable(tmp_path):
    bundle = bundles.large(20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    write_bundle(bundle, tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
    assert len((tmp_path / "04-transfer-ownership.md").read_text().splitlines()) < 120
    assert (tmp_path / "index.html").stat().st_size < 200_000
    assert (tmp_path / "04-transfer-ownership.sql").read_text().count("ALTER TABLE") == 20_000


@pytest.mark.parametrize(
    ("template", "line"),
    [
        (b"a\n{{ 1 / 0 }}\n", ", line 2"),
        (b"a\n\n{{ none + 1 }}\n", ", line 3"),
        (b"{{ bundle.nothing.at_all }}\n", ", line 1"),
        (b"{% if %}\n", ", line 1"),
        (b"{% include 'no.j2' %}", ""),
        (b"caf\xe9\n", ""),
    ],
)
def test_a_template_of_somebody_else_that_fails_is_named(tmp_path, template, line):
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "runbook.md.j2").write_bytes(template)
    with pytest.raises(FlatsplitError, match=f"{line}: the template cannot be rendered") as raised:
        write_bundle(bundles.plain(), tmp_path / "out", overrides=templates)
    assert "--templates" in raised.value.fix
    assert not line or raised.value.what.startswith(str(templates / "runbook.md.j2"))
