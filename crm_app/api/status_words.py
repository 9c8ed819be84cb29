"""What channels' words mean, over REST, for admins: decide, take back, read orders again."""

from fastapi import APIRouter

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.status_word_schemas import (
    ReplayIn,
    ReplayOut,
    StatusWordIn,
    StatusWordOut,
    StatusWordsOut,
    UnmappedOut,
)
from crm_app.channels.words import Word
from crm_app.domain.permissions import Permission
from crm_app.services import replays, status_words, unknown_words

router = APIRouter(
    prefix="/api/v1/status-words",
    tags=["status words"],
    dependencies=[permitted(Permission.MANAGE_MAPPINGS)],
)


@router.get("")
def list_status_words(session: DbSession, actor: CurrentActor) -> StatusWordsOut:
    """What admins decided, and the words that nobody has mapped yet."""
    decided = status_words.list_decided(session, actor)
    return StatusWordsOut(
        decided=[StatusWordOut.model_validate(row) for row in decided],
        unmapped=[
            UnmappedOut(
                channel=one.channel,
                account_id=one.account_id,
                vocabulary=one.word.vocabulary,
                word=one.word.text,
                orders=one.orders,
                orders_is_exact=one.orders_is_exact,
                first_seen_at=one.first_seen_at,
                last_seen_at=one.last_seen_at,
            )
            for one in unknown_words.unmapped(session)
        ],
    )


@router.put("")
def set_status_word(body: StatusWordIn, session: DbSession, actor: CurrentActor) -> StatusWordOut:
    """Decide what a word means from the next pull on; the same word again replaces it."""
    row = status_words.set_word(
        session,
        actor,
        channel=body.channel,
        account_id=body.account_id,
        word=Word(body.vocabulary, body.word),
        status=body.status,
    )
    return StatusWordOut.model_validate(row)


@router.delete("/{word_id}", status_code=204)
def remove_status_word(word_id: Id, session: DbSession, actor: CurrentActor) -> None:
    """Take a decision back."""
    status_words.remove_word(session, actor, word_id)


@router.post("/replay", status_code=202)
def replay(body: ReplayIn, session: DbSession, actor: CurrentActor) -> ReplayOut:
    """Read stored orders again in the worker: look only (`dry_run`), or write at once.

    409 while orders of the channel are being read again already.
    """
    found = replays.begin(
        session,
        actor,
        body.channel,
        account_id=body.account_id,
        word=Word(body.vocabulary, body.word) if body.word else None,
        is_dry=body.dry_run,
    )
    return ReplayOut.model_validate(found)


@router.get("/replay/{replay_id}")
def get_replay(replay_id: Id, session: DbSession, actor: CurrentActor) -> ReplayOut:
    """How far a replay has come, what it found and what it did."""
    return ReplayOut.model_validate(replays.get(session, actor, replay_id))
