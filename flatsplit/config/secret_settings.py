"""Which settings hold secrets, by their names and by well-known shapes of their values."""

from __future__ import annotations

import re

_NAME = re.compile(
    r"secret|passw|passphrase|pwd|token|credential|private|signing|jwt|salt|(?:api|auth|access)_?key|(?:^|[._-])key(?:$|[._-])",
    re.IGNORECASE,
)
"""Words in names of settings that applications make up. The server's own have no dot, and none of them is a secret."""

_VALUE = re.compile(
    r"\b(?:(?:sk|rk|pk)_(?:live|test)_|whsec_)[A-Za-z0-9]{8}"  # Stripe
    r"|\bsk-[A-Za-z0-9_-]{16}"  # OpenAI, Anthropic
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12}"  # AWS
    r"|\b(?:gh[opsur]|github_pat|npm|hf|dop_v1|shpat)_[A-Za-z0-9_]{16}"  # GitHub, npm, Hugging Face, and others
    r"|\bglpat-[A-Za-z0-9_-]{16}"  # GitLab
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{8}"  # Slack
    r"|\bAIza[A-Za-z0-9_-]{30}"  # Google
    r"|\bSG\.[A-Za-z0-9_-]{16}"  # SendGrid
    r"|\bhv[sb]\.[A-Za-z0-9_-]{16}"  # Vault
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # a JSON Web Token
    r"|-----BEGIN [A-Z ]*(?:KEY|CERTIFICATE|MESSAGE)"  # PEM and OpenPGP
    r"|://[^\s/@:]*:[^\s/@]+@"  # a URL with a password
    r"|\bpassword\s*=\s*[^\s;]"  # a connection string
)
"""What providers give their keys to be recognised by: such a value is a secret whatever its setting is called."""


def holds_secret(setting: str, value: str) -> bool:
    """Whether the value of this setting is taken for a secret, which is shown and recorded nowhere."""
    return ("." in setting and _NAME.search(setting) is not None) or _VALUE.search(value) is not None
