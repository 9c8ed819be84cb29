"""Check the tables of words and statuses of every channel (`python -m crm_app.statuses`).

Prints each table and each finding; ends with code 1 if one is neither mended nor accepted. With
names of channels, only those.
"""

import sys
from collections.abc import Iterator, Sequence

from crm_app.channels.capabilities import CAPABILITIES
from crm_app.channels.checking import Finding, check
from crm_app.channels.rules import Capabilities, StatusRule, Telling
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import REFINES, OrderStatus


def main(arguments: Sequence[str]) -> int:
    """Print the report; 0 if every finding is accepted, 1 if not, 2 for a name that is none."""
    strangers = [name for name in arguments if name not in set(CAPABILITIES)]
    if strangers:
        print(f"No such channel: {', '.join(strangers)}. There are {', '.join(CAPABILITIES)}.")
        return 2
    chosen = [one for one in CAPABILITIES if not arguments or one in arguments]
    findings: list[Finding] = []
    for channel in chosen:
        rules = CAPABILITIES[channel]
        found = check(channel, rules)
        findings += found
        print("\n".join([*_tables(channel, rules), *_findings(found), ""]))
    is_open = [one for one in findings if not one.reason]
    print(f"{len(findings)} findings, {len(is_open)} of them open.")
    return 1 if is_open else 0


def _tables(channel: Channel, rules: Capabilities) -> Iterator[str]:
    yield f"{channel.label}{' (contract inferred)' if rules.is_inferred else ''}"
    for vocabulary in rules.vocabularies:
        yield f"  {vocabulary.label}: {vocabulary.place} [{vocabulary.source}]"
        for word, ours in vocabulary.means.items():
            note = "" if word in vocabulary.documented else "  (not published)"
            yield f"    {word:<34}{ours.value}{note}"
        for word, why in vocabulary.silent.items():
            yield f"    {word:<34}-  {why}"
    yield "  What it may be told"
    for status in OrderStatus:
        yield f"    {status.value:<34}{_told(status, rules.rule(status))}"


def _told(status: OrderStatus, rule: StatusRule) -> str:
    if rule.telling is Telling.LOCAL:
        coarser = REFINES.get(status)
        under = f"; the channel goes on saying {coarser.value}" if coarser else ""
        return f"our own step{under}"
    if rule.telling is Telling.REFUSED:
        return f"no. {rule.why}"
    parts = ["told"]
    if rule.shows:
        parts.append(f"shown as {rule.shows.text}")
    if rule.needs_tracking:
        parts.append("needs tracking")
    if rule.not_from:
        parts.append(f"not from {', '.join(sorted(rule.not_from))}")
    return "; ".join(parts)


def _findings(found: Sequence[Finding]) -> Iterator[str]:
    yield "  Findings" if found else "  No findings"
    for one in found:
        words = f" ({one.words})" if one.words else ""
        verdict = f"accepted: {one.reason}" if one.reason else "OPEN"
        yield f"    {one.kind}: {one.about}{words} - {verdict}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
