"""What is answered before the caller's turn is confirmed, and kept unheard until it is.

A guess is a whole reply under numbers of its own: model and voice work on it, but nothing of it is
played, shown or done until the turn is taken with the same words. Then its events are handled as if
they had just come; with other words it is as if it had never been.
"""

from __future__ import annotations

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.reply import Guess, same_words
from vantum.conversation.states import State
from vantum.conversation.talk import Talk


def follow(talk: Talk) -> None:
    """Run after every event: begin a guess, or give up one that has become wrong."""
    guess = talk.aside.guess
    if guess is not None and (
        talk.state is not State.LISTENING or same_words(talk.caller.text) != guess.words
    ):
        drop(talk)
    if _is_time(talk):
        _begin(talk)


def _is_time(talk: Talk) -> bool:
    return (
        talk.aside.guess is None
        and talk.state is State.LISTENING
        and not talk.mum
        and talk.input.automatic
        and talk.counts.guesses < talk.policy.guesses
        and talk.caller.may_be_over
        and bool(same_words(talk.caller.text))
    )


def _begin(talk: Talk) -> None:
    talk.counts.guesses += 1
    reply = talk.new_reply(talk.turn + 1)
    text = talk.caller.text
    talk.aside.guess = Guess(reply, same_words(text))
    lines = talk.history.with_caller(text, talk.policy.max_lines)
    talk.orders.give(do.Ask(reply.turn, reply.number, lines, guess=True))


def drop(talk: Talk) -> None:
    """The words went on, or the talk went elsewhere."""
    guess, talk.aside.guess = talk.aside.guess, None
    if guess is None:
        return
    talk.turn = guess.reply.turn  # used up: nothing of it may ever be taken for the next one's
    talk.orders.give(do.Guessed(right=False, tokens=len(guess.reply.shown.tokens)))
    talk.orders.give(do.StopTurn(guess.reply.turn))


def confirm(talk: Talk, text: str, waited_from: float | None) -> list[ev.Event] | None:
    """The turn is taken: make a right guess the reply, and return what it has kept."""
    guess = talk.aside.guess
    if guess is None or same_words(text) != guess.words:
        drop(talk)
        return None
    talk.aside.guess = None
    talk.turn, talk.reply = guess.reply.turn, guess.reply
    talk.reply.waited_from = waited_from
    if talk.reply.written:
        talk.counts.failures = 0
    talk.orders.give(do.Guessed(right=True, tokens=len(guess.reply.shown.tokens)))
    talk.orders.give(do.Release(guess.reply.turn, guess.reply.number))
    return guess.kept


def keep(talk: Talk, guess: Guess, event: ev.Event) -> None:
    """Something of the guess was made. Text goes on to the voice; all else waits.

    A guess that fails is dropped without a word: the caller's turn will ask again.
    """
    if isinstance(event, ev.ReplyFailed | ev.VoiceFailed):
        drop(talk)
        return
    reply = guess.reply
    texts: list[str] = []
    if isinstance(event, ev.Token):
        texts = reply.write(event.text)
    elif isinstance(event, ev.ReplyWritten):
        texts = reply.finish()
    else:
        guess.kept.append(event)
    talk.speak(reply, texts)
    if not isinstance(event, ev.ReplyWritten):
        return
    if reply.is_empty:
        drop(talk)
    else:
        talk.orders.give(do.FinishSpeaking(reply.turn, reply.number))
