"""Ten clients, twenty conversations, two thousand messages, two processes, and connections that drop at random."""

from iayos.settings import Settings
from tests import make
from tests.chat import soak
from tests.chat.conftest import Chat
from tests.chat.test_processes import process

EACH = 200


async def test_none_lost_none_twice_every_number_in_order(chat: Chat, settings: Settings) -> None:
    people = [await make.account(chat.db, kind) for kind in ("CLIENT", "WORKER") * 5]
    places = [(2 * (number % 5), 2 * ((number + number // 5) % 5) + 1) for number in range(20)]
    pairs = [await chat.pair(people[client], people[worker]) for client, worker in places]
    shared = soak.share([one.cookie for one in people], [pair.id for pair in pairs], places)
    async with process(settings) as (url, _):
        load = soak.Load([chat.url, url.replace("http", "ws", 1)], drop_after=(30, 150))
        outcome = await soak.run(load, shared, EACH)
    assert outcome.faults == []
    assert outcome.drops > 20
    stored = [await chat.stored(pair) for pair in pairs]
    assert [[seq for seq, _ in one] for one in stored] == [list(range(1, len(one) + 1)) for one in stored]
    texts = [text for one in stored for _, text in one]
    assert len(texts) == len(set(texts)) == EACH * len(people)
    assert outcome.delivered == 2 * len(texts)  # to both sides, once each
