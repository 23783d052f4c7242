"""Do the laws see a fault in a step or in the differ? Each of these is planted in a copy; something must fail there.

    python -m tests.mutations

takes some minutes, and is for whoever changes the laws.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Fault(NamedTuple):
    """A line as it is, once in its file, and as somebody could have written it."""

    file: str
    line: str
    fault: str
    laws: str = "test_laws.py"
    """Where it must be seen, in tests/unit."""


FAULTS = (
    Fault("differ/acls.py", "gone = privileges.minus(had, gets)", "gone = had[:0]"),
    Fault("differ/acls.py", "sorted(found, key=lambda step: -step.depth if revoking else step.depth)", "found[1:]"),
    Fault("differ/acls.py", "acl = privileges.settle(acl, table)", "pass"),
    Fault(
        "differ/members.py",
        "want.members.items() if within(member) != options]",
        "want.members.items() if within(member) is None]",
    ),
    Fault(
        "differ/roles.py", "if now.login and not then.login:", "if now.login and not then.login and not then.createdb:"
    ),
    Fault("differ/owners.py", "by_rank.append((rank if", "if ref.kind != 'type': by_rank.append((rank if"),
    Fault("differ/defaults.py", "for revoking in (False, True):", "for revoking in (False,):"),
    Fault("walks/split/origin.py", '("login",) if self.progress.locked else ()', "()"),
    Fault("walks/split/origin.py", 'return privileges.plus(acl, PUBLIC, "C")', "return acl"),
    Fault("walks/split/transfer_ownership.py", "acl=settle(facts.acl, owner)", "acl=facts.acl"),
    *(
        Fault(file, line, fault, "test_chain.py")
        for file, line, fault in (
            ("planning/chain.py", "state if link.earlier else link.through(state, further=link is ahead)", "state"),
            ("planning/situation.py", "found = without_opposed(found, diff(self.desired(self.done), ahead))", "pass"),
            ("planning/chain.py", "if not link.earlier and link.begun and link.shared(kind, context)]", "if False]"),
            ("planning/situation.py", "if link.under_way and self.shared(link)", "if False"),
            ("planning/situation.py", "replace(link, earlier=at < place)", "replace(link, earlier=False)"),
            ("planning/digest.py", "*(() if walk == SPLIT else walk),", ""),
            ("walks/undo.py", "        del draft.roles[name]\n", "        pass\n"),
            ("walks/kind.py", "replace(self, steps=tuple(map(self.step, keys)))", "self"),
        )
    ),
    *(
        Fault(f"walks/tenants/{file}", line, fault, "test_tenants_kept_apart.py")
        for file, line, fault in (
            ("conditions.py", "for name in (names.TENANT, names.TENANT_ONLY)}", "for name in (names.TENANT,)}"),
            ("conditions.py", 'PolicyFacts(name == names.TENANT, "*", text)', 'PolicyFacts(True, "*", text)'),
            ("conditions.py", '("", text) if command == "a"', '("", "true") if command == "a"'),
            ("tenant_grants.py", '_ROWS = "arwd"', '_ROWS = "arwdD"'),
            (
                "tenant_grants.py",
                'return privileges.within(letters, "rw" if root_update else "r")',
                'return privileges.within(letters, "arw")',
            ),
            ("tenant_grants.py", '    if kind == "hidden":\n        return ""\n', ""),
            (
                "tenant_rls.py",
                "draft.row_security[ref] = RowSecurity(True, found is not None and found.forced)",
                "draft.row_security[ref] = RowSecurity(True, True)",
            ),
            (
                "tenant_roles.py",
                "facts = RoleFacts(connection_limit=limit, comment=marks.mark(here))",
                "facts = RoleFacts(createrole=True, connection_limit=limit, comment=marks.mark(here))",
            ),
            (
                "tenant_roles.py",
                "MemberOptions(False, True, True) if state",
                "MemberOptions(True, True, True) if state",
            ),
            ("tenant_roles.py", "        draft.tenants[role] = key\n", "        draft.tenants[role] = '1'\n"),
            (
                "tenant_login.py",
                "MemberOptions(False, False, True) if draft",
                "MemberOptions(False, True, True) if draft",
            ),
            (
                "tenant_mapping.py",
                "draft.policies[own] = frozenset({context.group})",
                "draft.policies[own] = frozenset({''})",
            ),
            ("tenant_mapping.py", 'draft.grant(mapping, role, "r")', 'draft.grant(mapping, role, "ra")'),
            (
                "tables.py",
                "return facts is not None and facts.owner == self.owner and not facts.extension",
                "return facts is not None and not facts.extension",
            ),
            ("tables.py", "return before is not None and before.enabled", "return False"),
            (
                "tenant_mapping.py",
                "draft.row_security[mapping] = RowSecurity(True,",
                "draft.row_security[mapping] = RowSecurity(False,",
            ),
            ("conditions.py", "condition._replace(or_null=True)", "condition"),
            ("tenant_grants.py", "if one.kind in APART and not _guarded(state, context, ref, both=both):", "if False:"),
            (
                "tenant_grants.py",
                "found is None or not found.enabled:\n        return False\n    return both",
                "found is None:\n        return False\n    return both",
            ),
            ("tenant_rls.py", "if all_there or context.policies(state, one).keys() <= there:", "if True:"),
            (
                "tenant_policies.py",
                "draft.policies.update(dict.fromkeys(kept, context.tenants_alone))",
                "draft.policies.update(dict.fromkeys(kept, frozenset({''})))",
            ),
        )
    ),
    *(
        Fault(f"walks/tenants/{file}", line, fault, "test_tenants_laws.py")
        for file, line, fault in (
            (
                "tenant_policies.py",
                "named for ref, named in context.seers(state).items() if ref not in theirs",
                "named | {''} for ref, named in context.seers(state).items() if ref not in theirs",
            ),
            (
                "all_rows.py",
                "for role in held - known.tenants - {PUBLIC, facts.owner}",
                "for role in held - {PUBLIC, facts.owner}",
            ),
            ("all_rows.py", "| known.readers\n", "\n"),
            (
                "all_rows.py",
                "for acl in (facts.acl, *columns) for item in acl}",
                "for acl in (facts.acl,) for item in acl}",
            ),
            ("tenant_login.py", "draft.role(role, login=False,", "draft.role(role, login=True,"),
            ("tenant_close.py", "if others := named - {context.application}:", "if others := named:"),
            (
                "kind.py",
                "RowSecurity(before is not None and before.enabled, found.forced)",
                "RowSecurity(False, found.forced)",
            ),
            (
                "kind.py",
                "    for ref in ours:\n        draft.policies.pop(ref, None)",
                "    for ref in ours:\n        ref.args == tenants.EVERYONE or draft.policies.pop(ref, None)",
            ),
            (
                "tables.py",
                "return ref.args in self.policy_names and ref not in self.baseline.policies",
                "return ref.args in self.policy_names",
            ),
        )
    ),
    *(
        Fault(f"walks/tenants/{file}", line, fault, "test_tenants_come_and_go.py")
        for file, line, fault in (
            ("tenant_grants.py", "    _take_away(draft, state, context, wanted)\n", ""),
            ("tenant_grants.py", "if more and ref not in kept", "if False and ref not in kept"),
            ("tenant_policies.py", "            del draft.policies[policy]\n", "            pass\n"),
        )
    ),
)


def seen(fault: Fault, folder: Path) -> bool:
    """Whether the laws fail in a copy with this fault in it."""
    for name in ("flatsplit", "tests", "pyproject.toml"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    file = folder / "flatsplit" / fault.file
    text = file.read_text()
    assert text.count(fault.line) == 1, f"{fault.file} has changed: plant this fault in another way"
    file.write_text(text.replace(fault.line, fault.fault))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=unshrunk"]
    environment = {**os.environ, "FLATSPLIT_LAW_EXAMPLES": "150"}
    done = subprocess.run(
        [*command, f"tests/unit/{fault.laws}"], cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode == 1 and "1 failed" in done.stdout


def main() -> int:
    """Plant each, say which is seen; 1 if one is not."""
    missed = 0
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            found = seen(fault, Path(folder))
        missed += not found
        print(f"{'seen  ' if found else 'MISSED'} {fault.file}: {fault.line} → {fault.fault}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
