"""A growing answer is cut where a voice can speak: first clause at once, then grouped sentences."""

# ruff: noqa: RUF001 - typographic dashes and quotes are part of the subject

from __future__ import annotations

import pytest
from examples import at_most
from hypothesis import example, given
from hypothesis import strategies as st

from vantum.conversation.segments import (
    GROUP_CHARS,
    GROUP_WORDS,
    MIN_WORDS,
    PIECE_CHARS,
    Segmenter,
    spoken_text,
)

SIX = "one two three four five six."


def pieces_of(*tokens: str) -> list[str]:
    segmenter = Segmenter()
    out = [piece for token in tokens for piece in segmenter.push(token)]
    return out + segmenter.finish()


def leaves_at_once(*tokens: str) -> list[str]:
    """What has left before the answer is finished."""
    segmenter = Segmenter()
    return [piece for token in tokens for piece in segmenter.push(token)]


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("Sure,", "Sure,"),
        ("Yes.", "Yes."),
        ("Really?", "Really?"),
        ("Great!", "Great!"),
        ("Well;", "Well;"),
        ("Listen:", "Listen:"),
        ("Hmm…", "Hmm…"),
        ("Right—", "Right—"),
        ("Right–", "Right–"),
        ("Right --", "Right --"),
        ("Right - ", "Right -"),
        ("Hello\n", "Hello"),
        ("So do I.", "So do I."),
        ("Hello||BREAK||", "Hello"),
        ("  Hi there,", "Hi there,"),
        ("\n\n- Sure,", "- Sure,"),
        ("...well,", "...well,"),
        ("That is great!", "That is great!"),
        ("Call me at 5!", "Call me at 5!"),
        ("It is 5?", "It is 5?"),
        ('"Sure,', '"Sure,'),
        ("Ça va,", "Ça va,"),
    ],
)
def test_the_first_piece_leaves_with_its_last_character(text: str, piece: str) -> None:
    assert leaves_at_once(text[:-1]) == []
    assert leaves_at_once(text) == [piece]


@pytest.mark.parametrize(
    "text",
    [
        "It costs 3.",
        "About 1,",
        "At 10:",
        "From 5–",
        "Ask Dr.",
        "Ask Mrs.",
        "Something e.",
        "Something e.g.",
        "At 5 p.m.",
        "In the U.S.",
        "Acme Inc.",
        "Hello|",
        "Hello||BREAK|",
        "well-known",
        "Hi -5",
        "...",
        "- ",
        "||BREAK||",
        "   ",
        "",
    ],
)
def test_the_first_piece_waits_while_its_end_is_in_doubt(text: str) -> None:
    assert leaves_at_once(text) == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("It costs 3.5 dollars, yes", "It costs 3.5 dollars,"),
        ("It costs 3. Next", "It costs 3."),
        ("In 2019, we", "In 2019,"),
        ("About 1,000 people, yes", "About 1,000 people,"),
        ("At 10:30 we start, yes", "At 10:30 we start,"),
        ("At 10: we", "At 10:"),
        ("From 5–10 people, yes", "From 5–10 people,"),
        ("We have 5.. yes", "We have 5."),
        ('We have "5." Yes', 'We have "5.'),
        ("Ask Dr. Smith, please", "Ask Dr. Smith,"),
        ("Mr. Jones is in. Good", "Mr. Jones is in."),
        ("Big firms, e.g. ours", "Big firms,"),
        ("See e.g. ours, or", "See e.g. ours,"),
        ("See i.e. Ours, or", "See i.e. Ours,"),
        ("At 5 p.m. we meet, ok", "At 5 p.m. we meet,"),
        ("At 5 p.m. Then", "At 5 p.m."),
        ("At 5 p.m., then", "At 5 p.m.,"),
        ("At 5 p.m.\nthen", "At 5 p.m."),
        ("Acme Inc. is here, yes", "Acme Inc. is here,"),
        ("Well... I see", "Well."),
        ("What?! No", "What?"),
        ("Hi - I am Alex", "Hi -"),
    ],
)
def test_one_more_word_settles_the_doubt(text: str, first: str) -> None:
    assert leaves_at_once(text)[:1] == [first]
    assert leaves_at_once(*text)[:1] == [first]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        (" \n ", []),
        ("...", []),
        ("👍", []),
        ("||BREAK||||BREAK||", []),
        ("Hello", ["Hello"]),
        ("It costs 3.", ["It costs 3."]),
        ("Hello|", ["Hello|"]),
        ("Hello||", ["Hello"]),
        ("Hello||BRE", ["Hello"]),
        ("a | b || c", ["a | b || c"]),
        ("Well... I see", ["Well.", "I see"]),
        # too short to stand alone: joined with what is before or behind it
        ("Sure, I can do that for you. Good?", ["Sure,", "I can do that for you. Good?"]),
        ("Sure, ok. I can do that for you.", ["Sure,", "ok. I can do that for you."]),
        ("Sure, ok.", ["Sure,", "ok."]),
        (f"Hi. {SIX} Ok. {SIX}", ["Hi.", SIX, f"Ok. {SIX}"]),
        (f"Hi. {SIX} Ok? Ok. Ok! No. Yes.", ["Hi.", SIX, "Ok? Ok. Ok! No. Yes."]),
        # markers
        ("Hi||BREAK||there my old good friend", ["Hi", "there my old good friend"]),
        (f"Hi ||BREAK|| {SIX} ||BREAK|| {SIX}", ["Hi", SIX, SIX]),
        (f"Hi ||break|| {SIX}", ["Hi", SIX]),
        (f"Hi |||BREAK|| {SIX}", ["Hi |", SIX]),
        (f"Hi. ok||BREAK||{SIX}", ["Hi.", f"ok {SIX}"]),
        (f"Hi.||BREAK||{SIX}||BREAK||bye", ["Hi.", f"{SIX} bye"]),
        ("Hi. a b c d e||BREAK||f g h i j", ["Hi.", "a b c d e", "f g h i j"]),
        # abbreviations do not end later sentences either
        ("Hi. Our own Dr. Smith calls Mr. Bo.", ["Hi.", "Our own Dr. Smith calls Mr. Bo."]),
        # lines end sentences
        ("Hi\na b c d e\nf g h i j", ["Hi", "a b c d e", "f g h i j"]),
    ],
)  # fmt: skip
def test_an_answer_becomes_these_pieces(text: str, pieces: list[str]) -> None:
    assert pieces_of(text) == pieces
    assert pieces_of(*text) == pieces


def test_pieces_grow_with_what_is_being_spoken_meanwhile() -> None:
    pieces = pieces_of(" ".join(["Hi.", *[SIX] * 30]))
    words = [len(piece.split()) for piece in pieces]
    assert words[:6] == [1, 6, 12, 24, 42, 42]
    assert max(words) <= GROUP_WORDS


def test_a_group_leaves_once_five_more_words_are_there() -> None:
    segmenter = Segmenter()
    assert segmenter.push(f"Hi. {SIX}") == ["Hi."]
    assert segmenter.push(" one two three four ") == []
    assert segmenter.push("five ") == [SIX]


def test_groups_respect_the_characters_too() -> None:
    long_words = " ".join(["extraordinarily"] * 8) + "."
    for piece in pieces_of(" ".join(["Hi.", *[long_words] * 20]))[1:]:
        assert len(piece) <= GROUP_CHARS


def test_a_long_sentence_stays_whole_up_to_the_limit() -> None:
    sentence = " ".join(["word"] * 79) + "."  # 395 characters
    assert pieces_of(f"Hi. {sentence} {SIX}") == ["Hi.", sentence, SIX]


def test_an_endless_sentence_is_cut_between_words() -> None:
    pieces = pieces_of("Hi. " + "word " * 500)
    assert all(len(piece) <= PIECE_CHARS for piece in pieces)
    assert set(" ".join(pieces[1:]).split()) == {"word"}
    assert len(pieces[1]) > PIECE_CHARS - len(" word")


def test_a_full_buffer_is_cut_at_the_sentence_before_the_word() -> None:
    endless = " ".join(["word"] * 78)
    assert pieces_of(f"{SIX} {SIX} {endless}") == [SIX, SIX, endless]


def test_an_endless_first_clause_is_cut_between_words() -> None:
    first, *rest = pieces_of("word " * 200)
    assert len(first) == 399
    assert first.split() == ["word"] * 80
    assert " ".join(rest).split() == ["word"] * 120


def test_a_word_as_long_as_a_piece_leaves_without_the_dots_before_it() -> None:
    word = "a" * 399 + ","
    assert pieces_of(f"... {word}") == [word]


def test_an_endless_word_is_cut_hard() -> None:
    pieces = pieces_of("a" * 1000)
    assert [len(piece) for piece in pieces] == [400, 400, 200]


def test_a_stream_that_breaks_off_leaves_what_it_had() -> None:
    segmenter = Segmenter()
    segmenter.push("Sure, we can do that for")
    assert segmenter.finish() == ["we can do that for"]


def test_nothing_is_left_after_the_end() -> None:
    segmenter = Segmenter()
    segmenter.push("Hello there")
    assert segmenter.finish() == ["Hello there"]
    assert segmenter.finish() == []


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("", ""),
        ("Hi||BREAK||there", "Hi there"),
        ("Hi ||BREAK|| there", "Hi there"),
        ("Hi ||break||\n there", "Hi there"),
        ("Hi ||BRE", "Hi"),
        ("Hi ||", "Hi"),
        ("Hi |", "Hi |"),
        ("Hi ||BRE there", "Hi ||BRE there"),
        ("||BREAK||||BREAK||", ""),
    ],
)
def test_markers_are_never_shown(text: str, spoken: str) -> None:
    assert spoken_text(text) == spoken


# Text made of what decides cuts: words, marks, markers whole and broken, digits, abbreviations.
BITS = st.one_of(
    st.sampled_from(["||BREAK||", "||", "|", "BREAK", " ", "\n", ",", ".", "?", "!", "...", ";"]),
    st.sampled_from([" ", ":", "—", "-", " - ", '"', ")", "3", "5", "Dr.", "e.g.", "p.m.", "I"]),
    st.sampled_from([" ", "we", "word", "Acme", "é", "👍", SIX + " ", "endless " * 40, "a" * 500]),
)
TEXTS = st.lists(BITS, max_size=60).map("".join)


def letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@given(TEXTS, st.data())
@at_most(25)
def test_cuts_do_not_depend_on_tokens(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    tokens = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert pieces_of(*tokens) == pieces_of(*text) == pieces_of(text)


@given(TEXTS)
@at_most(30)
def test_nothing_speakable_is_lost_added_or_reordered(text: str) -> None:
    assert letters("".join(pieces_of(text))) == letters(spoken_text(text))


@given(st.lists(st.sampled_from(["we", "can", "call,", "Ok.", "now?", "||BREAK||", "Dr."])))
@at_most(30)
def test_plain_words_come_out_as_they_went_in(words: list[str]) -> None:
    text = " ".join(words)
    assert " ".join(pieces_of(text)) == spoken_text(text)


@given(TEXTS)
@at_most(30)
@example("Yes. " + "endless " * 40 + "||BREAK||" + SIX + " || " + "a" * 500)
def test_every_piece_can_be_spoken(text: str) -> None:
    for piece in pieces_of(text):
        assert piece == piece.strip()
        assert letters(piece)
        assert len(piece) <= PIECE_CHARS
        assert "||BREAK||" not in piece


def test_a_word_as_long_as_a_piece_stands_alone() -> None:
    text = "First one. One two three four five six. || " + "a" * PIECE_CHARS
    assert max(map(len, pieces_of(text))) == PIECE_CHARS


@given(st.lists(st.sampled_from(["we", "can", "call,", "Ok.", "now?", "||BREAK||", "I"])))
@at_most(30)
def test_only_the_first_and_an_only_second_piece_are_short(words: list[str]) -> None:
    pieces = pieces_of(" ".join(words))
    for piece in pieces[1:] if len(pieces) > 2 else []:
        assert len(piece.split()) >= MIN_WORDS
