"""What Shopify is asked and told, in GraphQL (Admin API 2026-10)."""

from typing import Final

API_VERSION: Final = "2026-10"

_MONEY: Final = "{ shopMoney { amount currencyCode } }"
_PAGE: Final = "pageInfo { hasNextPage endCursor }"
_LINE: Final = f"""
    id sku title quantity currentQuantity unfulfilledQuantity
    originalUnitPriceSet {_MONEY} discountedTotalSet {_MONEY}
"""
_ORDER: Final = f"""
    id legacyResourceId name createdAt updatedAt cancelledAt
    displayFulfillmentStatus displayFinancialStatus returnStatus
    currencyCode paymentGatewayNames note
    totalPriceSet {_MONEY}
    subtotalPriceSet {_MONEY}
    totalShippingPriceSet {_MONEY}
    totalTaxSet {_MONEY}
    totalDiscountsSet {_MONEY}
    customer {{
      id firstName lastName
      defaultEmailAddress {{ emailAddress }}
      defaultPhoneNumber {{ phoneNumber }}
    }}
    shippingAddress {{
      name address1 address2 city province zip countryCodeV2 phone
    }}
    lineItems(first: 20) {{ {_PAGE} nodes {{ {_LINE} }} }}
    fulfillments(first: 20) {{
      id status displayStatus createdAt trackingInfo {{ company number }}
    }}
    fulfillmentOrders(first: 10) {{ nodes {{ id status fulfillBy }} }}
"""

ORDERS: Final = f"""
query Orders($first: Int!, $after: String, $query: String!) {{
  orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {{
    {_PAGE}
    nodes {{ {_ORDER} }}
  }}
}}
"""

ORDER: Final = f"""
query Order($id: ID!) {{
  order(id: $id) {{ {_ORDER} }}
}}
"""

LINES: Final = f"""
query Lines($id: ID!, $after: String) {{
  order(id: $id) {{
    lineItems(first: 100, after: $after) {{ {_PAGE} nodes {{ {_LINE} }} }}
  }}
}}
"""

# What is in the parcels of an order that left in several.
CONTENTS: Final = """
query Contents($id: ID!) {
  order(id: $id) {
    fulfillments(first: 20) {
      id fulfillmentLineItems(first: 50) { nodes { quantity lineItem { id } } }
    }
  }
}
"""

# What is still to be sent, and what was: read before each change.
PARCELS: Final = """
query Parcels($id: ID!) {
  order(id: $id) {
    id cancelledAt displayFulfillmentStatus
    fulfillments(first: 20) { id status displayStatus trackingInfo { number } }
    fulfillmentOrders(first: 20) {
      nodes {
        id status
        assignedLocation { name }
        lineItems(first: 50) { nodes { id remainingQuantity lineItem { id } } }
      }
    }
  }
}
"""

SUBSCRIPTIONS: Final = """
query Subscriptions($uri: String) {
  webhookSubscriptions(first: 100, uri: $uri) { nodes { id topic uri } }
}
"""

PLACE_HOOK: Final = """
mutation PlaceHook($topic: WebhookSubscriptionTopic!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $hook) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""

FULFILL: Final = """
mutation Fulfill($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id status }
    userErrors { field message }
  }
}
"""

TELL_EVENT: Final = """
mutation TellEvent($event: FulfillmentEventInput!) {
  fulfillmentEventCreate(fulfillmentEvent: $event) {
    fulfillmentEvent { id status }
    userErrors { field message }
  }
}
"""

CANCEL: Final = """
mutation Cancel(
  $orderId: ID!
  $reason: OrderCancelReason!
  $restock: Boolean!
  $refundMethod: OrderCancelRefundMethodInput
  $notifyCustomer: Boolean
) {
  orderCancel(
    orderId: $orderId
    reason: $reason
    restock: $restock
    refundMethod: $refundMethod
    notifyCustomer: $notifyCustomer
  ) {
    job { id done }
    orderCancelUserErrors { code field message }
  }
}
"""
