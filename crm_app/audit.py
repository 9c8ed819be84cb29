"""Prove the audit trail: `python -m crm_app.audit verify|export|head`.

    verify [--file FILE] [--head ID:HASH] [--heads FILE]
    export FILE                              one JSON object a line; FILE.gz is packed
    head                                     the chain's end, to be kept elsewhere

`verify --file` needs no database and no settings. It ends with 1 if an entry cannot be believed.
"""

import argparse
import gzip
import json
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, cast

from crm_app.domain import chain
from crm_app.domain.chain import Break, Head, Link, Walk

_PIECE: Final = 10_000
_HASHES: Final = ("previous_hash", "hash")


def main(argv: list[str]) -> int:
    """Run one command; the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m crm_app.audit")
    commands = parser.add_subparsers(dest="command", required=True)
    verifying = commands.add_parser("verify", help="walk the whole trail")
    verifying.add_argument("--file", type=Path, help="an export, in place of the database")
    verifying.add_argument("--head", action="append", type=Head.read, default=[])
    verifying.add_argument("--heads", type=Path, help="a file of heads, one a line")
    exporting = commands.add_parser("export", help="write every entry into a file")
    exporting.add_argument("file", type=Path)
    commands.add_parser("head", help="the chain's end as ID:HASH")
    chosen = parser.parse_args(argv)
    match chosen.command:
        case "verify":
            return _verify(chosen.file, chosen.head, chosen.heads)
        case "export":
            return _export(chosen.file)
        case _:
            print(_head())
            return 0


def _verify(file: Path | None, heads: list[Head], heads_file: Path | None) -> int:
    noted = heads + (_read_heads(heads_file) if heads_file else [])
    if file is None:
        noted += _own_heads()
    walk = Walk(noted={one.id: one.hash for one in noted if one.id})
    began = time.monotonic()
    try:
        broken = _walk(walk, _from_file(file) if file else _from_database())
    except (ValueError, KeyError, TypeError) as error:
        broken = Break(walk.last.id + 1, f"it cannot be read ({type(error).__name__}).")
    if broken:
        print(f"BROKEN  {broken}")
        print(f"Believed up to {walk.last}")
        return 1
    print(f"WHOLE  {walk.last.id:,} entries in {time.monotonic() - began:.1f} s, to {walk.last}")
    if noted:
        print(f"{len(noted):,} heads that were noted outside agree.")
    return 0


def _walk(walk: Walk, pieces: Iterable[list[Link]]) -> Break | None:
    for links in pieces:
        if broken := walk.take(links):
            return broken
    return walk.end()


def _from_database() -> Iterator[list[Link]]:
    # Not at the top: a file is proved where neither database nor settings are.
    from crm_app import db  # noqa: PLC0415
    from crm_app.services import audit  # noqa: PLC0415

    after = 0
    while True:
        # A transaction a piece: a walk of minutes must not hold one open.
        with db.transaction() as session:
            found = audit.piece(session, after)
        if not found:
            return
        yield found
        after = found[-1][0]


def _from_file(path: Path) -> Iterator[list[Link]]:
    with _open(path, "rt") as file:
        while lines := list(islice(file, _PIECE)):
            yield [_read(line) for line in lines]


def _export(path: Path) -> int:
    count = 0
    with _open(path, "wt") as file:
        for links in _from_database():
            file.writelines(_line(link) for link in links)
            count += len(links)
    print(f"{count:,} entries in {path}. Its head is {_head()}.")
    return 0


def _line(link: Link) -> str:
    fields: dict[str, Any] = dict(zip(chain.COLUMNS, link, strict=True))
    fields["at"] = link[1].isoformat(timespec="microseconds")
    for name in _HASHES:
        fields[name] = fields[name].hex()
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def _read(line: str) -> Link:
    fields = json.loads(line)
    fields["at"] = datetime.fromisoformat(fields["at"])
    for name in _HASHES:
        fields[name] = bytes.fromhex(fields[name])
    return cast(Link, tuple(fields[name] for name in chain.COLUMNS))


def _open(path: Path, mode: str) -> IO[str]:
    if path.suffix == ".gz":
        return cast(IO[str], gzip.open(path, mode, encoding="utf-8"))
    return cast(IO[str], path.open(mode, encoding="utf-8"))


def _read_heads(path: Path) -> list[Head]:
    lines = path.read_text(encoding="ascii").splitlines()
    return [Head.read(line) for line in lines if line.strip()]


def _own_heads() -> list[Head]:
    from crm_app.services import trail_checks  # noqa: PLC0415

    return trail_checks.noted_heads()


def _head() -> Head:
    from crm_app import db  # noqa: PLC0415
    from crm_app.services import audit  # noqa: PLC0415

    with db.transaction() as session:
        return audit.head(session)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
