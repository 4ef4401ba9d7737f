"""What a recognised sentence is taken for: the two tables that justify the cutoffs."""

from __future__ import annotations

import pytest

from vantum.agents.hearing import best_reply
from vantum.agents.schema import load_agent

SALES = load_agent("sales")

GARBLED = [
    ("what is it", "what_is_it"),
    ("what is van tomb", "what_is_it"),
    ("what are you selling exactly", "what_is_it"),
    ("why are you calling me", "what_is_it"),
    ("how does it work", "how_it_works"),
    ("how dose it work", "how_it_works"),
    ("how much does it cast", "price"),
    ("um so how much is that", "price"),
    ("what's the prize", "price"),
    ("what is the pricing like", "price"),
    ("does it work with salesforce", "integrations"),
    ("do you have an api, is there an api", "integrations"),
    ("is it secured", "security"),
    ("how do i no this is safe", "security"),
    ("what about data protecting", "security"),
    ("is that legal", "legal"),
    ("who are you", "who_are_you"),
    ("who is calling please", "who_are_you"),
    ("where are you calling from", "where_from"),
    ("where are you calling form", "where_from"),
    ("is this call recorded", "recorded"),
    ("is this being recordered", "recorded"),
    ("are you a robot", "machine"),
    ("are you a rowboat", "machine"),
    ("am i talking to a machin", "machine"),
    ("are you a real person", "machine"),
    ("is this a recording", "machine"),
    ("robot?", "machine_short"),
    ("do you speak Spanish", "languages"),
    ("who are your customers", "customers"),
    ("does it really work", "results"),
    ("can I hear an example", "sounds"),
    ("is there a contrast or contract", "contract"),
    ("how are you different", "competitor"),
    ("how long does the demo take", "after_demo"),
    ("I'm not interested", "not_interested"),
    ("im not intrested", "not_interested"),
    ("not that interested", "not_interested"),
    ("hang on a second", "hold"),
    ("not interesting, no thank you", "not_interested"),
    ("that's too expensive", "expensive"),
    ("we have no budget", "expensive"),
    ("I don't have time right now", "no_time"),
    ("I'm in a meeting", "no_time"),
    ("I'm really busy", "no_time"),
    ("call me back later", "no_time"),
    ("call me tomorrow at nine", "no_time"),
    ("we already use a tool for that", "have_tool"),
    ("we already have something", "have_tool"),
    ("send me some information", "send_info"),
    ("could you email me", "send_info"),
    ("we only do inbound", "inbound_only"),
    ("we only do in bound", "inbound_only"),
    ("I'm not the right person", "not_me"),
    ("I need to think about it", "think"),
    ("I hate robots", "robots"),
    ("I don't trust AI", "robots"),
    ("is this a scam", "scam"),
    ("take me off your list", "opt_out"),
    ("take me of your list", "opt_out"),
    ("please remove me from the list", "opt_out"),
    ("stop calling me", "opt_out"),
    ("do not ever call me again", "opt_out"),
    ("who gave you my number", "my_number"),
    ("who gave you my member", "my_number"),
    ("where did you get my number from", "my_number"),
    ("go to hell", "hostile"),
    ("you have the wrong number", "wrong_number"),
    ("please leave a message after the tone", "voicemail"),
    ("okay bye", "goodbye"),
    ("good bye", "goodbye"),
    ("I have to go now", "goodbye"),
    ("can we book a demo", "want_demo"),
    ("okay let's do it", "want_demo"),
    ("I want to talk to a human", "human"),
    ("hold on a second", "hold"),
    ("just a minute please", "hold"),
    ("can you repeat that", "repeat"),
    ("sorry, I didn't understand", "repeat"),
    ("pardon?", "repeat"),
    ("what?", "what"),
    ("are you still there", "hello"),
    ("hello", "hi"),
    ("how are you", "how_are_you"),
    ("thank you very much", "thanks"),
    ("tell me a joke", "joke"),
]
UNRELATED = [
    "and so my fellow americans ask not what your country can do for you",
    "he was not an ill disposed young man",
    "he might even have been made amiable himself",
    "go forward ten meters",
    "how old is the brooklyn bridge",
    "book a room",
    "half an hour",
    "2 30 p m",
    "the child almost hurt the small dog",
    "a thin stripe runs down the middle",
    "mend the coat before you go out",
    "one two three",
    "yes",
    "no",
    "twenty five people",
    "yes a minute is okay",
    "reaching the right person",
    "nobody picks up the phone",
    "they hang up on us",
    "people just hang up",
    "tuesday at three thirty",
    "the birch canoe slid on the smooth planks",
    "it was the best of times it was the worst of times",
    "turn on the lights in the kitchen",
    "",
    "...",
]


@pytest.mark.parametrize(("heard", "reply"), GARBLED)
def test_a_garbled_request_is_understood(heard: str, reply: str) -> None:
    match = best_reply(SALES, heard)
    assert match is not None
    assert match.reply.id == reply


@pytest.mark.parametrize("heard", UNRELATED)
def test_an_unrelated_sentence_asks_for_nothing(heard: str) -> None:
    match = best_reply(SALES, heard)
    assert match is None or pytest.fail(f"taken for {match.reply.id}")


@pytest.mark.parametrize("reply", SALES.playbook.replies(), ids=lambda r: r.id)
def test_each_phrase_of_the_file_leads_to_its_own_reply(reply) -> None:  # type: ignore[no-untyped-def]
    for phrase in reply.heard:
        match = best_reply(SALES, phrase)
        assert match is not None
        assert match.reply.id == reply.id, phrase
