"""The API's documentation as one self-contained page: it loads nothing from outside."""

from html import escape
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--ink:light-dark(#1b1f27,#e7eaf0);--dim:light-dark(#5b6472,#9aa4b4);
--line:light-dark(#e6e8ec,#262b33);--bg:light-dark(#fcfcfd,#101216);--panel:light-dark(#fff,#15181d);
--accent:light-dark(#3e55d9,#8ea2ff)}
*{box-sizing:border-box}
body{margin:0 auto;max-width:860px;padding:32px 20px 80px;background:var(--bg);color:var(--ink);
font:14px/1.55 system-ui,sans-serif}
h1{font-size:20px;margin:0}h2{font-size:13px;color:var(--dim);margin:36px 0 8px;font-weight:500}
p{margin:4px 0;color:var(--dim)}a{color:var(--accent)}
details{border:1px solid var(--line);border-radius:8px;background:var(--panel);margin:8px 0}
summary{cursor:pointer;padding:10px 14px;display:flex;gap:12px;align-items:baseline}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:8px}
code,pre{font:12.5px/1.5 ui-monospace,monospace}b.verb{font:600 12px ui-monospace,monospace;
color:var(--accent);min-width:52px}.body{padding:0 14px 14px}
table{border-collapse:collapse;width:100%;margin:6px 0 12px}
td,th{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--dim);font-weight:500}
h3{font-size:12px;color:var(--dim);font-weight:500;margin:12px 0 2px}
"""


def page(schema: dict[str, Any]) -> str:
    """Draw an OpenAPI 3.1 document as HTML: every operation with its fields and answers."""
    groups: dict[str, list[str]] = {}
    for path, operations in schema["paths"].items():
        for verb, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(schema, path, verb, operation))
    title = escape(schema["info"]["title"])
    body = "".join(
        f"<section><h2>{escape(tag.capitalize())}</h2>{''.join(parts)}</section>"
        for tag, parts in groups.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title} API</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style><h1>{title} API</h1>"
        "<p>Sign in with <code>POST /api/v1/auth/login</code> and send the token as "
        "<code>Authorization: Bearer …</code>. Errors are "
        '<code>{"error", "message", "details"}</code>. Times are UTC, money is whole minor '
        'units. Machine-readable: <a href="/api/v1/openapi.json">openapi.json</a>.</p>'
        f"{body}</html>"
    )


def _operation(schema: dict[str, Any], path: str, verb: str, operation: dict[str, Any]) -> str:
    said = operation.get("description", "").strip()
    first, _, rest = said.partition("\n")
    parts = [f"<p>{escape(rest.strip())}</p>" if rest.strip() else ""]
    if parameters := operation.get("parameters"):
        rows = [(item["name"], item["in"], _type(item.get("schema", {}))) for item in parameters]
        parts.append(_table("Parameters", rows))
    if content := operation.get("requestBody", {}).get("content"):
        parts.append(_model("Body", schema, next(iter(content.values()))["schema"]))
    for status, answer in operation.get("responses", {}).items():
        content = answer.get("content")
        if content and status.startswith("2"):
            shape = next(iter(content.values())).get("schema", {})
            parts.append(_model(f"Answer {status}", schema, shape))
    codes = ", ".join(operation.get("responses", {}))
    return (
        f'<details><summary><b class="verb">{verb.upper()}</b><code>{escape(path)}</code>'
        f"<span>{escape(first)}</span></summary>"
        f'<div class="body">{"".join(parts)}<p>Codes: {codes}</p></div></details>'
    )


def _model(heading: str, schema: dict[str, Any], shape: dict[str, Any]) -> str:
    found = _resolve(schema, shape)
    required = set(found.get("required", []))
    rows = [
        (name, "required" if name in required else "", _type(item))
        for name, item in found.get("properties", {}).items()
    ]
    return _table(heading, rows) if rows else ""


def _resolve(schema: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    name = shape.get("$ref", "").rpartition("/")[2]
    return schema["components"]["schemas"].get(name, shape) if name else shape


def _type(shape: dict[str, Any]) -> str:
    if name := shape.get("$ref", "").rpartition("/")[2]:
        return name
    if options := shape.get("anyOf"):
        return " or ".join(_type(option) for option in options)
    if shape.get("type") == "array":
        return f"list of {_type(shape.get('items', {}))}"
    return shape.get("format") or shape.get("type", "")


def _table(heading: str, rows: list[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td><td>{escape(note)}</td></tr>"
        for name, note, kind in rows
    )
    return (
        f"<h3>{escape(heading)}</h3><table><tr><th>Name</th><th>Type</th><th></th></tr>"
        f"{lines}</table>"
    )
