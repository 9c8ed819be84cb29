"""Shopify's Admin API: GraphQL at one address, costs in every answer, refusals inside a 200."""

import hmac
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    build_schema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType] - its hooks are half typed
    get_operation_ast,
    parse,
    validate,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_app.sandbox import voices
from crm_app.sandbox.credentials import SHOPIFY_SHOP
from crm_app.sandbox.json_edge import as_object, field_of, read_json
from crm_app.sandbox.serving import ANY_METHOD, Sandbox, endpoint, endpoint_named
from crm_app.sandbox.shopify_cost import MOST_IN_ONE_QUERY, Pricing, actual, price
from crm_app.sandbox.shopify_plan import NoPlanError, Plan, Planner
from crm_app.sandbox.shopify_resolve import QUERIES, ShopCall, resolve_field
from crm_app.sandbox.shopify_write import mutate

Body = dict[str, Any]
PATH: Final = "/admin/api/{version}/graphql.json"
VERSIONS: Final = ("2026-10", "2026-07", "unstable")
_MOST_TOKENS: Final = 5_000
_LIMITS_PAGE: Final = "https://shopify.dev/api/usage/limits"
SCHEMA: Final = build_schema(
    Path(__file__).with_name("shopify.graphql").read_text(encoding="utf-8")
)


def run_query(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST graphql.json with {query, variables?, operationName?}."""
    token = request.headers.get("x-shopify-access-token", "")
    if not hmac.compare_digest(token.encode(), SHOPIFY_SHOP.access_token.encode()):
        return voices.shopify_unauthorized()
    if request.path_params["version"] not in VERSIONS:
        return JSONResponse({"errors": "Not Found"}, 404)
    try:
        given = as_object(read_json(raw))
    except ValueError:
        given = None
    if given is None or not isinstance(given.get("query"), str):
        message = "Required parameter missing or invalid"
        return JSONResponse({"errors": {"query": message}}, 400)
    return JSONResponse(_answer(box, request, given))


def _answer(box: Sandbox, request: Request, given: Body) -> Body:
    try:
        document, problems = _read(given["query"])
    except GraphQLError as error:
        return {"errors": [error.formatted]}
    operation = get_operation_ast(document, given.get("operationName"))
    if problems or operation is None:
        wrong = [_coded(one) for one in problems]
        return {"errors": wrong or [{"message": "An operation name is required"}]}
    variables = as_object(given.get("variables")) or {}
    pricing = Pricing(SCHEMA, fragments(document), variables)
    cost = price(pricing, operation)
    if cost > MOST_IN_ONE_QUERY:
        message = f"Query cost is {cost}, which exceeds the single query max cost limit"
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST_IN_ONE_QUERY}
        return {"errors": [{"message": message, "extensions": extensions}]}
    mode = box.limits.mode
    if not box.shopify_bucket.take(cost, mode):
        extensions = {"code": "THROTTLED", "documentation": _LIMITS_PAGE}
        error = {"message": "Throttled", "extensions": extensions}
        return {"errors": [error], "extensions": {"cost": _cost(box, cost, None)}}
    answer = _execute(box, request, document, given, variables)
    # The full page was paid for; what did not come is given back.
    spent = actual(pricing, operation, cost, answer["data"])
    box.shopify_bucket.give_back(cost - spent, mode)
    return answer | {"extensions": {"cost": _cost(box, cost, spent)}}


@lru_cache(maxsize=64)
def _read(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """A query parsed, and what is wrong with it. Kept: a program sends the same few."""
    document = parse(query, max_tokens=_MOST_TOKENS)
    return document, validate(SCHEMA, document)


@lru_cache(maxsize=64)
def _plan_of(query: str, name: str | None) -> Plan | None:
    """How a query is answered without the engine; None if it is the engine's."""
    document, _ = _read(query)
    operation = get_operation_ast(document, name)
    try:
        return operation and Planner(SCHEMA, fragments(document)).plan(operation)
    except NoPlanError:
        return None


def _planned(box: Sandbox, request: Request, given: Body, variables: Body) -> Body | None:
    plan = _plan_of(given["query"], given.get("operationName"))
    if plan is None:
        return None
    with box.engine.begin() as connection:
        call = ShopCall(request, connection, box.now("shopify"))
        try:
            return {"data": plan.answer(call, variables)}
        except NoPlanError:
            return None


def _execute(
    box: Sandbox, request: Request, document: DocumentNode, given: Body, variables: Body
) -> Body:
    planned = _planned(box, request, given, variables)
    if planned is not None:
        return planned
    with box.engine.begin() as connection:
        result = execute_sync(
            SCHEMA,
            document,
            context_value=ShopCall(request, connection, box.now("shopify")),
            variable_values=variables,
            operation_name=given.get("operationName"),
            field_resolver=_resolve,
        )
    answer: Body = {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


def _resolve(source: Any, info: Any, **arguments: Any) -> Any:
    parent, call = info.parent_type, info.context
    if parent is SCHEMA.query_type:
        return QUERIES[info.field_name](call, arguments)
    if parent is SCHEMA.mutation_type:
        return mutate(info.field_name, call, arguments)
    return resolve_field(source, info, **arguments)


def fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document, by name."""
    return {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }


def _coded(error: GraphQLError) -> Body:
    return {**error.formatted, "extensions": {"code": "undefinedField"}}


def _cost(box: Sandbox, requested: int, actual: int | None) -> Body:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": box.shopify_bucket.status(box.limits.mode),
    }


def operation_of(raw: bytes) -> str:
    """The first field of a query: what faults and counts know the call by."""
    try:
        document, _ = _read(str(field_of(read_json(raw), "query")))
    except (ValueError, GraphQLError):
        return "unknown"
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for node in definition.selection_set.selections:
                if isinstance(node, FieldNode):
                    return node.name.value
    return "unknown"


def _no_route(_box: Sandbox, _request: Request, _body: bytes) -> Response:
    return JSONResponse({"errors": "Not Found"}, 404)


def routes() -> list[BaseRoute]:
    """Routes of the shop's host."""
    query = endpoint_named("shopify", operation_of, run_query)
    return [
        Route(PATH, query, methods=["POST"]),
        Route("/{path:path}", endpoint("shopify", "unknown", _no_route), methods=ANY_METHOD),
    ]
