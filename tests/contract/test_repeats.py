"""A push that is made twice counts once, however the first one ended; and no call is too large."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crm_app.channels import capabilities
from crm_app.channels.base import BatchConnector, Receipt
from crm_app.errors import OutcomeUnknownError

from .cases import CASES, Case
from .remembering import channel_of
from .test_connectors import each_connector, update_of


@each_connector
def test_a_push_that_is_repeated_changes_nothing(case: Case) -> None:
    there = channel_of(case)
    connector = case.connect(there)

    connector.push_status(update_of(case))
    once = dict(there.done)
    again = connector.push_status(update_of(case))

    assert once
    assert there.done == once
    assert isinstance(again, Receipt)


@each_connector
def test_a_push_whose_answer_was_lost_counts_once(case: Case) -> None:
    there = channel_of(case)
    there.lose = 1
    connector = case.connect(there)

    with pytest.raises(OutcomeUnknownError):
        connector.push_status(update_of(case))
    once = dict(there.done)
    receipt = connector.push_status(update_of(case))

    assert once
    assert there.done == once
    assert receipt.operation


@pytest.mark.parametrize("name", ["amazon", "blinkit"])
def test_where_a_reference_marks_the_repeat_another_one_counts_twice(name: str) -> None:
    (case,) = [case for case in CASES if case.name == name]
    there = channel_of(case)
    connector = case.connect(there)

    connector.push_status(update_of(case))
    connector.push_status(dataclasses.replace(update_of(case), reference=43))

    assert len(there.done) == 2


@each_connector
def test_batches_are_declared_and_kept(case: Case) -> None:
    rules = capabilities.of(case.channel)
    sizes: list[int] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if case.is_read(request):
            ids = request.url.params["shipmentIds"].split(",")
            sizes.append(len(ids))
            assert len(ids) <= rules.reads_at_once
            return _copies(case.play(request), ids)
        ids = [one["shipmentId"] for one in json.loads(request.content)["shipments"]]
        assert len(ids) <= rules.batch_size
        sizes.append(len(ids))
        told = [{"shipmentId": key, "status": "SUCCESS"} for key in ids]
        return httpx.Response(200, json={"shipments": told})

    connector = case.connect(handle)

    assert isinstance(connector, BatchConnector) is (rules.batch_size > 1)
    if not isinstance(connector, BatchConnector):
        return
    many = rules.batch_size * 4 + 1
    outcomes = connector.push_statuses(list(_updates(case, many)))
    assert len(outcomes) == many
    assert all(isinstance(one, Receipt) for one in outcomes.values())
    assert max(sizes) > 1


def _updates(case: Case, count: int) -> Iterator[Any]:
    for number in range(count):
        key = f"S-{number}"
        yield dataclasses.replace(update_of(case), external_id=key, reference=number + 1)


def _copies(played: httpx.Response, ids: list[str]) -> httpx.Response:
    (shown,) = played.json()["shipments"]
    return httpx.Response(200, json={"shipments": [{**shown, "shipmentId": key} for key in ids]})


def test_every_channel_that_can_be_told_is_here() -> None:
    assert {case.channel for case in CASES} == {
        channel
        for channel, rules in capabilities.CAPABILITIES.items()
        if rules.vocabularies and channel.value not in ("manual", "document")
    }
