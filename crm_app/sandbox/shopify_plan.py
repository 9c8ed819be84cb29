"""A list of orders answered without the GraphQL engine: the engine needs 0.6 ms for each order.

A query that was validated is made into nested functions once, and they read the stored orders. What
is unusual (directives, interfaces, introspection, mutations) has no plan, and an answer that would
hold an error is thrown away: both go to the engine, whose answer is the one that counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.execution.values import (
    VariableValues,
    get_argument_values,
    get_variable_values,
)

from crm_app.sandbox.shopify_resolve import QUERIES, Body, ShopCall, kind_of, read_field

# From a holder, and the request's variables, to the value of one field.
Read = Callable[[Any, "Run"], Any]
# From a resolved value to what is sent.
Complete = Callable[[Any, "Run"], Any]
_AS_STORED: Final = frozenset({"String", "ID"})


class NoPlanError(Exception):
    """This query, or this answer, is the engine's."""


class Run:
    """One request: its call, and the arguments of each field, worked out once."""

    def __init__(self, call: ShopCall, variables: VariableValues) -> None:
        self.call = call
        self._variables = variables
        self._arguments: dict[int, dict[str, Any]] = {}

    def arguments(self, field: Any, node: FieldNode) -> dict[str, Any]:
        """What a field is asked with."""
        found = self._arguments.get(id(node))
        if found is None:
            found = get_argument_values(field, node, self._variables)
            self._arguments[id(node)] = found
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """How one operation is answered."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    complete: Complete

    def answer(self, call: ShopCall, variables: Mapping[str, Any]) -> Body:
        """The data of an answer. Raises NoPlanError if it would hold an error."""
        given = get_variable_values(
            self.schema, self.operation.variable_definitions or (), dict(variables)
        )
        if not isinstance(given, VariableValues):
            raise NoPlanError
        try:
            return self.complete(None, Run(call, given))
        except (GraphQLError, AttributeError, TypeError, ValueError) as error:
            raise NoPlanError from error


class Planner:
    """Makes plans for one schema and the fragments of one document."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._fragments = fragments

    def plan(self, operation: OperationDefinitionNode) -> Plan:
        """Raises NoPlanError if the operation is the engine's."""
        root = self._schema.query_type
        if operation.operation is not OperationType.QUERY or root is None or operation.directives:
            raise NoPlanError
        fields = self._fields(operation.selection_set, root)
        return Plan(self._schema, operation, self._object(root, fields, is_root=True))

    def _fields(
        self, selection: SelectionSetNode, parent: GraphQLObjectType
    ) -> dict[str, FieldNode]:
        """By the name in the answer. One that is selected twice is the engine's to merge."""
        found: dict[str, FieldNode] = {}
        for node in selection.selections:
            if node.directives:
                raise NoPlanError
            if isinstance(node, FieldNode):
                more = {(node.alias or node.name).value: node}
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                if fragment.type_condition.name.value != parent.name:
                    raise NoPlanError
                more = self._fields(fragment.selection_set, parent)
            else:
                raise NoPlanError
            if more.keys() & found.keys():
                raise NoPlanError
            found |= more
        return found

    def _object(
        self, parent: GraphQLObjectType, nodes: Mapping[str, FieldNode], *, is_root: bool = False
    ) -> Complete:
        parts = [(key, self._field(parent, node, is_root)) for key, node in nodes.items()]

        def complete(value: Any, run: Run) -> Any:
            return {key: read(value, run) for key, read in parts}

        return complete

    def _field(self, parent: GraphQLObjectType, node: FieldNode, is_root: bool) -> Read:
        name = node.name.value
        field = parent.fields.get(name)
        if field is None:  # such as __typename
            raise NoPlanError
        complete = self._complete(field.type, node)
        kind = kind_of(field.type)

        if not kind and not is_root and not field.args and node.selection_set is None:
            return lambda holder, run: complete(holder.get(name), run)

        def read(holder: Any, run: Run) -> Any:
            arguments = run.arguments(field, node) if field.args else {}
            if is_root:
                return complete(QUERIES[name](run.call, arguments), run)
            return complete(read_field(holder, name, kind, arguments), run)

        return read

    def _complete(self, kind: Any, node: FieldNode) -> Complete:
        below: Any = getattr(kind, "of_type", None)
        if isinstance(kind, GraphQLNonNull):
            inner = self._complete(below, node)

            def needed(value: Any, run: Run) -> Any:
                if value is None:
                    raise NoPlanError
                return inner(value, run)

            return needed
        if isinstance(kind, GraphQLList):
            each = self._complete(below, node)

            def listed(value: Any, run: Run) -> Any:
                if value is None:
                    return None
                if not isinstance(value, list):
                    raise NoPlanError
                return [each(one, run) for one in value]  # pyright: ignore[reportUnknownVariableType]

            return listed
        if isinstance(kind, GraphQLObjectType) and node.selection_set is not None:
            whole = self._object(kind, self._fields(node.selection_set, kind))
            return lambda value, run: None if value is None else whole(value, run)
        if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return _leaf(kind)
        raise NoPlanError


def _leaf(kind: GraphQLScalarType | GraphQLEnumType) -> Complete:
    serialize: Callable[[Any], Any] = kind.serialize
    is_stored = kind.name in _AS_STORED

    def leaf(value: Any, run: Run) -> Any:
        del run
        if value is None or (is_stored and type(value) is str):
            return value
        return serialize(value() if callable(value) else value)

    return leaf
