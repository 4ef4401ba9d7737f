"""Is it our own voice that comes back through the caller's phone, or the caller in our words?

Words alone cannot tell: who is offered "this week or next week" says "next week". An echo is there
while we sound or a moment later, and begins with the word that sounds at that moment.
"""

from __future__ import annotations

from typing import Final

from vantum.conversation.lexicon import lexicon
from vantum.conversation.talk import Talk
from vantum.conversation.utterances import adds_an_answer, is_echo, offers, sentences

_RETURNS_S: Final = 0.4  # behind our sound: a phone's way there and back, and a speech detector's
_NOTICED_S: Final = 2.0  # an echo begins softly: its words may be older than its first sound
_WRITTEN_S: Final = 2.0  # speech is written down so late, where nobody has told of its beginning
_CHARS_PER_S: Final = 15  # of speech


def is_echo_of(talk: Talk, heard: str, now: float, *, whole: bool) -> bool:
    """Is what the caller has said the agent's words, of which they have `heard` so much?"""
    reply = talk.reply
    if reply is None:
        return False
    since_s = reply.heard_s(_began(talk, now)) - _back_s(talk, heard)
    playing = heard[len(reply.heard(since_s)) :]
    text = talk.caller.text
    if adds_an_answer(text, playing, talk.policy.language):
        return False
    return is_echo(text, playing, whole=whole)


def is_late_echo(talk: Talk, text: str, now: float) -> bool:
    """Are these the last words of what the agent has just said?"""
    if now - talk.since > talk.policy.silences.echo_s or not talk.history.lines:
        return False
    last, after_s = talk.history.lines[-1], _began(talk, now) - talk.since
    if last.role != "assistant" or after_s > _RETURNS_S:
        return False
    if last.interrupted:  # it fell silent with the first sound of theirs
        after_s = max(0.0, after_s)
    letters = round((_back_s(talk, last.text) - after_s) * _CHARS_PER_S)
    return letters > 0 and is_echo(text, last.text[-letters:], exact=True)


def _began(talk: Talk, now: float) -> float:
    """Clock time at which what the caller says now began, as far as it is known."""
    return max(talk.aside.spoke_at, now - _WRITTEN_S)


def _back_s(talk: Talk, heard: str) -> float:
    """How old a word may be that an echo begins with.

    What a caller may well say back is an echo only if it follows on the word at once.
    """
    policy = talk.policy
    latest = " ".join(sentences(heard)[-2:])
    known = lexicon(policy.language)
    sure = policy.sound_returns and known is not None and not offers(latest, policy.language)
    return _NOTICED_S if sure else _RETURNS_S
