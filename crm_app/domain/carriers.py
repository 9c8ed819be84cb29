"""Where a parcel can be followed: the public tracking pages of carriers in India."""

import re
from typing import Final
from urllib.parse import quote

# By a word that begins the carrier's name as channels and people write it, spaces and case aside.
_PAGES: Final[dict[str, str]] = {
    "bluedart": "https://www.bluedart.com/trackdartresultthirdparty?trackFor=0&trackNo={}",
    "delhivery": "https://www.delhivery.com/track-v2/package/{}",
    "dtdc": "https://www.dtdc.in/trace.asp?strCnno={}",
    "ekart": "https://ekartlogistics.com/shipmenttrack/{}",
    "xpressbees": "https://www.xpressbees.com/shipment/tracking?awbNo={}",
    "ecomexpress": "https://ecomexpress.in/tracking/?awb_field={}",
    "shadowfax": "https://tracker.shadowfax.in/#/track/{}",
    "shiprocket": "https://shiprocket.co/tracking/{}",
    "indiapost": "https://www.indiapost.gov.in/_layouts/15/dop.portal.tracking/trackconsignment.aspx?consignment={}",
    "amazon": "https://track.amazon.in/tracking/{}",
    "ats": "https://track.amazon.in/tracking/{}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "dhl": "https://www.dhl.com/in-en/home/tracking.html?tracking-id={}",
    "professional": "https://www.tpcindia.com/track-info.aspx?id={}",
    "gati": "https://www.gati.com/track-by-docket/?dktNo={}",
}
_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]+")


def tracking_url(carrier: str, tracking_number: str) -> str:
    """The page that follows this parcel; empty for a carrier that we do not know.

    Only the number goes into the address, quoted: it comes from a channel or a person.
    """
    name = _NOT_LETTERS.sub("", carrier.casefold())
    number = tracking_number.strip()
    page = next((url for word, url in _PAGES.items() if name.startswith(word)), "")
    return page.format(quote(number, safe="")) if page and number else ""
