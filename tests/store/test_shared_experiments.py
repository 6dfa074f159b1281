"""Links to experiments stand beside those to runs, and end with their experiment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.store.samples import record
from webui.errors import NotFound
from webui.store import ExperimentRecord, Store

pytestmark = pytest.mark.anyio

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def experiment(id: str = "x_1") -> ExperimentRecord:
    return ExperimentRecord(id=id, name="threads", created_at=MOMENT, status="finished", definition={})


async def test_a_link_opens_its_experiment_until_it_is_revoked(store: Store) -> None:
    await store.add_experiment(experiment())
    await store.add_run(record())
    of_run = await store.add_share(record().id)
    share = await store.share_experiment("x_1", expires_at=MOMENT, hide_target=True)
    assert await store.share(share.token) == share
    assert (share.run_id, share.experiment_id, share.hide_target) == ("", "x_1", True)
    assert await store.experiment_shares("x_1") == [share]
    assert await store.shares(record().id) == [of_run]
    with pytest.raises(NotFound):
        await store.revoke_share(record().id, share.token)
    await store.revoke_experiment_share("x_1", share.token)
    revoked = await store.share(share.token)
    assert revoked is not None
    assert revoked.revoked_at is not None
    await store.revoke_experiment_share("x_1", share.token)
    assert await store.share(share.token) == revoked


async def test_links_end_with_their_experiment(store: Store) -> None:
    await store.add_experiment(experiment())
    share = await store.share_experiment("x_1")
    await store.delete_experiment("x_1")
    assert await store.share(share.token) is None


async def test_there_is_no_link_to_what_is_not_there(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.share_experiment("x_gone")
    with pytest.raises(NotFound):
        await store.revoke_experiment_share("x_gone", "token")
