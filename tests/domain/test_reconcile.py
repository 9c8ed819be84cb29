"""What becomes of our status when the channel speaks."""

import pytest

from crm_app.domain.order_status import OrderStatus as S
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.reconcile import Decision, Outcome, Travel, reconcile

# What Amazon and WooCommerce have no words for.
LOCAL = frozenset({S.PACKED, S.READY_TO_SHIP, S.OUT_FOR_DELIVERY, S.DELIVERED})
IN_SYNC, QUEUED, PUSHING = SyncStatus.IN_SYNC, SyncStatus.QUEUED, SyncStatus.PUSHING


@pytest.mark.parametrize(
    ("ours", "before", "heard", "expected"),
    [
        (S.CONFIRMED, S.CONFIRMED, S.SHIPPED, S.SHIPPED),  # the channel moved on
        (S.PACKED, S.CONFIRMED, S.CONFIRMED, S.PACKED),  # our finer word survives
        (S.PACKED, S.PENDING, S.CONFIRMED, S.PACKED),
        (S.READY_TO_SHIP, S.CONFIRMED, S.CANCELLED, S.CANCELLED),
        (S.DELIVERED, S.SHIPPED, S.SHIPPED, S.DELIVERED),
        (S.RETURNED, S.DELIVERED, S.DELIVERED, S.RETURNED),  # a local step, the channel is silent
        (S.CONFIRMED, S.CONFIRMED, None, S.CONFIRMED),  # a word that we do not know
    ],
)
def test_without_an_intent_the_channel_is_followed_but_never_coarsens(
    ours: S, before: S, heard: S | None, expected: S
) -> None:
    decision = reconcile(ours, IN_SYNC, heard_before=before, heard=heard, travel=None, local=LOCAL)

    assert decision == Decision(expected, IN_SYNC)


@pytest.mark.parametrize("heard", [S.CONFIRMED, S.PENDING])
@pytest.mark.parametrize("sync", [QUEUED, PUSHING])
def test_a_status_on_its_way_out_is_never_overwritten(heard: S, sync: SyncStatus) -> None:
    travel = Travel(S.CONFIRMED, S.SHIPPED)

    decision = reconcile(
        S.SHIPPED, sync, heard_before=S.CONFIRMED, heard=heard, travel=travel, local=LOCAL
    )

    assert decision == Decision(S.SHIPPED, sync)


@pytest.mark.parametrize(("heard", "status"), [(S.SHIPPED, S.SHIPPED), (S.DELIVERED, S.DELIVERED)])
def test_hearing_the_wish_or_more_confirms_it(heard: S, status: S) -> None:
    travel = Travel(S.PACKED, S.SHIPPED)

    decision = reconcile(
        S.SHIPPED, PUSHING, heard_before=S.CONFIRMED, heard=heard, travel=travel, local=LOCAL
    )

    assert decision == Decision(status, IN_SYNC, Outcome.CONFIRMED)


@pytest.mark.parametrize(
    ("travel", "heard"),
    [
        (Travel(S.CONFIRMED, S.SHIPPED), S.CANCELLED),
        (Travel(S.CONFIRMED, S.CANCELLED), S.SHIPPED),
        (Travel(S.CONFIRMED, S.SHIPPED), S.FAILED),
    ],
)
def test_a_real_disagreement_waits_for_a_person(travel: Travel, heard: S) -> None:
    decision = reconcile(
        travel.target, QUEUED, heard_before=S.CONFIRMED, heard=heard, travel=travel, local=LOCAL
    )

    assert decision == Decision(travel.target, SyncStatus.CONFLICT, Outcome.CONFLICT)


@pytest.mark.parametrize("sync", [SyncStatus.REJECTED, SyncStatus.CONFLICT])
def test_a_dispute_ends_by_itself_only_when_both_say_the_same(sync: SyncStatus) -> None:
    still = reconcile(
        S.SHIPPED, sync, heard_before=S.CONFIRMED, heard=S.CANCELLED, travel=None, local=LOCAL
    )
    agreed = reconcile(
        S.SHIPPED, sync, heard_before=S.CONFIRMED, heard=S.SHIPPED, travel=None, local=LOCAL
    )

    assert still == Decision(S.SHIPPED, sync)
    assert agreed == Decision(S.SHIPPED, IN_SYNC)


@pytest.mark.parametrize(("target", "heard"), [(S.PACKED, S.CONFIRMED), (S.DELIVERED, S.SHIPPED)])
def test_a_step_that_the_channel_is_told_is_not_said_by_its_coarser_word(
    target: S, heard: S
) -> None:
    nothing_local = frozenset[S]()

    on_its_way = reconcile(
        target,
        QUEUED,
        heard_before=heard,
        heard=heard,
        travel=Travel(heard, target),
        local=nothing_local,
    )
    refused = reconcile(
        target,
        SyncStatus.REJECTED,
        heard_before=heard,
        heard=heard,
        travel=None,
        local=nothing_local,
    )

    assert on_its_way == Decision(target, QUEUED)
    assert refused == Decision(target, SyncStatus.REJECTED)


@pytest.mark.parametrize("heard_before", [S.SHIPPED, None])
def test_a_word_taken_back_is_not_answered_by_the_word_itself(heard_before: S | None) -> None:
    travel = Travel(S.SHIPPED, S.CONFIRMED, takes_back=True)

    def decide(heard: S) -> Decision:
        return reconcile(
            S.PACKED, QUEUED, heard_before=heard_before, heard=heard, travel=travel, local=LOCAL
        )

    assert decide(S.SHIPPED) == Decision(S.PACKED, QUEUED)
    assert decide(S.CONFIRMED) == Decision(S.PACKED, IN_SYNC, Outcome.CONFIRMED)
    assert decide(S.CANCELLED).outcome is Outcome.CONFLICT
