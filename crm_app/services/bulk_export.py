"""The bulk actions that make a file of the chosen orders: it stands under Downloads."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select as columns
from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.domain.download import FileFormat, Paper
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.models import BulkRow, BulkRun, Download, Order
from crm_app.services import reach
from crm_app.services.bulk_action import EXAMPLES, Example, Item, Preview, Result
from crm_app.services.downloads import asking
from crm_app.services.downloads import columns as columns_of_files
from crm_app.services.papers import printing


class _FileAction(ABC):
    """The first batch asks for the file, of all the orders of the run; the others find it."""

    can_be_undone = False

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See `Action`. No settings."""
        del settings
        return {}

    @abstractmethod
    def _ask(self, session: Session, actor: Actor, run: BulkRun) -> Download:
        """The file of this run: made by whoever comes first, found by the others."""

    def apply(
        self, session: Session, actor: Actor, run: BulkRun, items: Sequence[Item]
    ) -> list[Result]:
        """See `Action`."""
        download = self._ask(session, actor, run)
        return [
            Result(
                item.row.position,
                Outcome.CHANGED,
                reason=f"In file {download.id} under Downloads.",
                found_version=item.order.version,
                from_status=item.order.status,
            )
            for item in items
        ]


class ExportAction(_FileAction):
    """Settings, both optional: `format`; `columns`, their keys in order, between commas."""

    name = "export"
    permission = Permission.EXPORT_ORDERS

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See `Action`."""
        kept: dict[str, Any] = {}
        if wished := settings.get("format"):
            kept["format"] = _format(wished).value
        if keys := settings.get("columns"):
            kept["columns"] = ",".join(columns_of_files.known(str(keys).split(",")))
        return kept

    def title(self, settings: dict[str, Any]) -> str:
        """See `Action`."""
        return f"Export to {FileFormat(settings.get('format', FileFormat.CSV)).label}"

    def preview(self, session: Session, actor: Actor, run: BulkRun) -> Preview:
        """See `Action`. Every order can be written.

        Raises:
            PermissionDeniedError: For columns that the actor may not see.
        """
        if keys := run.settings.get("columns"):
            columns_of_files.chosen(actor, keys.split(","))
            return _all(session, run, "One line each in the file", changes=True)
        sees = reach.holds_wherever(actor, Permission.SEE_PERSONAL_DATA, Permission.EXPORT_ORDERS)
        sentence = "One line each in the file" + ("" if sees else ", names and pincodes left out")
        return _all(session, run, sentence, changes=True)

    def _ask(self, session: Session, actor: Actor, run: BulkRun) -> Download:
        return asking.export_run(session, actor, run.id)


class PrintAction(_FileAction):
    """One kind of paper for the chosen orders."""

    permission = Permission.PRINT_ORDERS

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self.name = paper.value

    def title(self, settings: dict[str, Any]) -> str:
        """See `Action`."""
        del settings
        return f"Print: {self._paper.label.lower()}"

    def preview(self, session: Session, actor: Actor, run: BulkRun) -> Preview:
        """See `Action`. Which orders a paper leaves out, it says itself."""
        printing.allow(session, actor, self._paper)
        if run.total > asking.MAX_PRINTED:
            said = f"At most {asking.MAX_PRINTED} orders on one stack of paper: choose fewer"
            return _all(session, run, said, changes=False)
        return _all(session, run, f"Printed: {self._paper.label.lower()}", changes=True)

    def _ask(self, session: Session, actor: Actor, run: BulkRun) -> Download:
        return asking.print_run(session, actor, run.id, self._paper)


def _format(wished: object) -> FileFormat:
    try:
        kind = FileFormat(str(wished))
    except ValueError as error:
        said = "An export is CSV, XLSX or JSON."
        raise InvalidInputError(said, details={"format": "Unusable."}) from error
    asking.check_format(kind)
    return kind


PRINTS: Final = tuple(PrintAction(paper) for paper in Paper)
# Names of the actions whose orders end in a file.
MAKES_FILE: Final = frozenset({ExportAction.name, *(action.name for action in PRINTS)})


def _all(session: Session, run: BulkRun, sentence: str, *, changes: bool) -> Preview:
    """All orders of a run in one group."""
    preview = Preview()
    few = session.execute(
        columns(col(Order.id), col(Order.order_number))
        .join(BulkRow, col(BulkRow.order_id) == col(Order.id))
        .where(col(BulkRow.run_id) == run.id)
        .order_by(col(BulkRow.position))
        .limit(EXAMPLES)
    )
    preview.add(sentence, run.total, [Example(*row) for row in few], changes=changes)
    return preview
