"""The parameters of `GET /api/v1/orders`: the names that the address bar of the pages has."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.errors import InvalidInputError
from crm_app.services import view_lists, views
from crm_app.services.order_query import DEFAULT_LIMIT, OrderQuery
from crm_app.services.standing_views import ALL

Text = Annotated[str, Field(max_length=500)]
# The address bar of the pages is shorter than these.
_SHORT: Final = {"date_from": "from", "date_to": "to"}
_LONG: Final = {short: long for long, short in _SHORT.items()}


class OrderParams(BaseModel):
    """Each takes several values with commas between; a minus before a value leaves it out."""

    model_config = ConfigDict(extra="ignore")

    view: Text = Field("", description="Key of a saved view; the others narrow or change it")
    channel: Text = Field("", examples=["amazon,flipkart", "-blinkit"])
    account: Text = Field("", description="Account numbers")
    status: Text = ""
    payment: Text = ""
    sync: Text = ""
    due: Text = Field("", description="Ship-by: overdue, today, tomorrow, none, or days `a..b`")
    placed: Text = Field("", description="Days of placing: today, yesterday, week or month")
    date_from: Text = Field("", description="First business day of placing, included")
    date_to: Text = Field("", description="Last business day of placing, included")
    amount: Text = Field("", description="`500..2000`, `..500`, `USD20..`; rupees unless said")
    city: Text = ""
    pincode: Text = Field("", description="Whole or from its beginning")
    sku: Text = ""
    tag: Text = Field("", description="Names of tags")
    assignee: Text = Field("", description="Numbers of people, `me` or `none`")
    priority: Text = ""
    hold: Text = Field("", description="yes or no, as the next ones")
    cod: Text = ""
    cancel: Text = Field("", description="The buyer wants to cancel")
    return_: Text = Field("", alias="return", description="The buyer wants to return it")
    unmapped: Text = Field("", description="Its channel's status word has no meaning yet")
    customer: Text = Field("", description="Numbers of customers, as an order names its own")
    archived: Text = Field("", description="yes: only what was put away; all: that too")
    attention: Text = Field("", description="One of the standing questions of what needs a person")
    q: Text = Field("", description="What a person would type into the search box")
    word: Text = Field("", description="`account:vocabulary:word` that nobody has mapped")
    sort: Text = Field("", description="placed_at, ship_by or total; a minus for descending")
    limit: Text = ""
    cursor: Text = ""

    def asked(self) -> dict[str, str]:
        """As the address bar of the pages would have them."""
        given: dict[str, Any] = self.model_dump(by_alias=True)
        given["limit"] = given["limit"] or str(DEFAULT_LIMIT)
        return {_SHORT.get(name, name): value for name, value in given.items() if value}


def shortened(params: dict[str, str]) -> dict[str, str]:
    """Parameters by these names, by those of the address bar."""
    return {_SHORT.get(name, name): value for name, value in params.items()}


def query_of(session: Session, actor: Actor, params: dict[str, str]) -> OrderQuery:
    """Read them, those of a view below them; a mistake names the parameter as it is called here.

    Raises:
        NotFoundError: If there is no such view.
        InvalidInputError: If a value means nothing.
    """
    key = params.get("view", ALL)
    if key != ALL:
        views.get_view(session, actor, key)
    try:
        return view_lists.resolve(session, actor, params).query
    except InvalidInputError as error:
        raise renamed(error) from error


def renamed(error: InvalidInputError) -> InvalidInputError:
    """The same, with the names of the parameters that are used here."""
    details = {_LONG.get(name, name): said for name, said in error.details.items()}
    return InvalidInputError(str(error), details=details)
