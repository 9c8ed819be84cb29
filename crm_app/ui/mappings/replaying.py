"""The card of a replay: how far it is, what would change, and the step that writes it."""

import reflex as rx

from crm_app.ui.mappings.replay_view import Example, Group, Move
from crm_app.ui.mappings.state import MappingsState
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import button, icon, pill


def replay_card() -> rx.Component:
    replay = MappingsState.replay
    return rx.cond(
        replay.is_shown,
        rx.el.section(
            rx.el.div(
                rx.el.h2(replay.title),
                _steps(),
                class_name="card-line",
            ),
            rx.el.p(replay.sentence, class_name="quiet"),
            rx.cond(replay.is_open, _progress(), _result()),
            class_name="card replay-card replay-" + replay.look,
            aria_live="polite",
            custom_attrs={"data-testid": "replay-" + replay.look},
        ),
        rx.fragment(),
    )


def _steps() -> rx.Component:
    replay = MappingsState.replay
    return rx.el.div(
        rx.cond(
            replay.is_open,
            button("Stop", on_click=MappingsState.stop(replay.id)),
            rx.fragment(),
        ),
        rx.cond(
            replay.is_checked,
            button("Put away", on_click=MappingsState.stop(replay.id)),
            rx.fragment(),
        ),
        rx.cond(
            replay.can_apply,
            button(replay.apply_label, kind="primary", on_click=MappingsState.apply(replay.id)),
            rx.fragment(),
        ),
        class_name="replay-steps",
    )


def _progress() -> rx.Component:
    replay = MappingsState.replay
    return rx.el.div(
        rx.el.progress(
            value=replay.seen,
            max=replay.expected,
            aria_label=replay.title,
        ),
        rx.el.span(replay.progress, class_name="quiet"),
        class_name="replay-progress",
    )


def _result() -> rx.Component:
    replay = MappingsState.replay
    return rx.fragment(
        rx.cond(
            has_any(replay.moves),
            rx.el.ul(rx.foreach(replay.moves, _move), class_name="moves"),
            rx.fragment(),
        ),
        rx.cond(
            has_any(replay.examples),
            rx.el.div(
                rx.el.h3("For example"),
                rx.el.ul(rx.foreach(replay.examples, _example), class_name="moved"),
            ),
            rx.fragment(),
        ),
        rx.cond(
            has_any(replay.groups),
            rx.el.ul(rx.foreach(replay.groups, _group), class_name="fates"),
            rx.fragment(),
        ),
    )


def _move(move: Move) -> rx.Component:
    return rx.el.li(
        rx.el.b(move.count),
        pill(move.before),
        icon("arrow-right", 13),
        rx.el.span("to", class_name="sr-only"),
        pill(move.after),
        key=move.key,
    )


def _example(one: Example) -> rx.Component:
    return rx.el.li(
        link(one.number, href=one.href, class_name="number plain", title=one.why),
        key=one.key,
    )


def _group(group: Group) -> rx.Component:
    return rx.el.li(
        rx.el.span(rx.el.b(group.count), " " + group.said),
        rx.cond(
            has_any(group.examples),
            rx.el.ul(rx.foreach(group.examples, _example), class_name="moved"),
            rx.fragment(),
        ),
        key=group.key,
    )
