"""What auto_explain logs: a statement in front of its plan, in each format (auto_explain.c, explain_ExecutorEnd())."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import unescape

_HEAD = re.compile(r"duration: [\d.]+ ms  plan:\n")  # in English always: an extension's messages are not translated
_TEXT = re.compile(r"Query Text: (?P<text>.*?)(?=\n(?:Query Parameters: |\S[^\n]*  \(cost=)|\Z)", re.DOTALL)
_XML = re.compile(r"<Query-Text>(?P<text>.*?)</Query-Text>", re.DOTALL)


def explained(message: str) -> str:
    """The statement whose plan a message shows; "" where it shows none."""
    head = _HEAD.match(message)
    if head is None:
        return ""
    body = message[head.end() :]
    try:
        if body.startswith("{"):
            return str(json.loads(body)["Query Text"])
        if body.startswith('Query Text: "'):  # YAML; no statement begins with a quote
            return str(json.JSONDecoder().raw_decode(body, len("Query Text: "))[0])
    except (ValueError, KeyError):
        return ""
    if body.startswith("<explain"):
        found = _XML.search(body)
        return unescape(found["text"], {"&quot;": '"', "&#x0d;": "\r"}) if found is not None else ""
    found = _TEXT.match(body)
    return found["text"] if found is not None else ""
