"""The commands by name, with the line that the help says of each. Pure."""

from __future__ import annotations

COMMANDS: dict[str, str] = {
    # in the order in which a walk needs them; the module is named like the command
    "init": "Survey the database, write flatsplit.toml and take the baseline.",
    "doctor": "Look for hazards: blockers, warnings, notes.",
    "rehearse": "Check every statement that the old role ran against its new role; runs none.",
    "blast-radius": "Show what each role could do here, today and after the cutover.",
    "plan": "Show the statements of the next step, or of a named one.",
    "approve": "Record who approved which plan.",
    "next": "Take the next step.",
    "status": "Show what broke, where the walk is, what is next and what blocks it.",
    "verify": "Try what each role can and cannot do; look for drift.",
    "repair": "Apply again what drifted since.",
    "observe": "Record who is connected as which role.",
    "watch": "Show live who is still connected as the old role.",
    "who": "Find out who did something, or tried to, from the server's logs.",
    "rollback": "Undo the last step, or more.",
    "runbook": "Write the change-review bundle.",
    "learn": "Propose the rights of a special role, from what it was seen to need.",
    "begin": "Begin another kind of walk, beside the split or after it.",
    "tenants": "A role per tenant: classify tables, prove isolation, take in what is new.",
    "people": "Show who is a member of the new roles; add who is missing.",
    "history": "Show the journal: who did what, when.",
    "forget": "Take flatsplit out of the database.",
    "demo": "Show the whole story on an embedded server.",
}
