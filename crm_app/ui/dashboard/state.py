"""The dashboard: how today goes, and what waits for a person."""

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import dashboard
from crm_app.services.dashboard import Dashboard
from crm_app.ui.dashboard import view
from crm_app.ui.dashboard.view import ChannelView, DashboardView, FigureView, Series
from crm_app.ui.shared.needs import NeedRow
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


class DashboardState(rx.State):
    """Texts and numbers ready to draw."""

    texts: DashboardView = DashboardView()
    figures: list[FigureView] = []
    channels: list[ChannelView] = []
    needs: list[NeedRow] = []
    series: list[Series] = []
    points: list[dict[str, str | int]] = []
    failure: str = ""
    is_loaded: bool = False

    @rx.event(temporal=True)
    @requires(Permission.VIEW_DASHBOARD)
    async def load(self) -> None:
        """Read the figures. Runs on page load and on the refresh timer."""
        actor = await current_actor(self)
        try:
            self._show(await call(dashboard.get_dashboard, actor))
            self.failure = ""
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
        self.is_loaded = True

    def _show(self, found: Dashboard) -> None:
        zone = get_settings().zone
        self.texts = DashboardView.of(found, zone)
        self.figures = view.figures(found)
        self.channels = [
            view.channel(row, found.currency if found.sees_money else "", found.as_of, zone)
            for row in found.channels
        ]
        self.needs = [NeedRow.of(need) for need in found.needs]
        # The chart is redrawn only when a number changed: it moves less and costs less.
        points, series = view.points(found.days), view.series(found.days)
        if points != self.points:
            self.points = points
        if series != self.series:
            self.series = series
