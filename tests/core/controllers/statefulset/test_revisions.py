import pytest

from core.client.cache import Cache
from core.controllers.history import revision_data, template_of
from core.controllers.statefulset.revisions import (
    HASH_LABEL,
    revision_name,
    revisions_of,
    truncated,
)
from core.sim.settings import Settings

from .cast import (
    NEW,
    NEW_NAME,
    OLD,
    OLD_NAME,
    SET_OWNER,
    claim,
    created,
    pod,
    revision,
    rolling_from,
    sts,
    sync,
    template,
    writes,
)


def find(the_set, *history, others=()):
    return revisions_of(Cache([*history, *others]), the_set, list(history))


def test_the_first_revision_is_named_by_its_hash_as_on_a_real_cluster():
    """STS-H1 STS-H2 STS-H6a STS-H7"""
    made = find(sts(meta={"annotations": {"a": "b"}, "labels": {"no": "no"}})).update

    assert made == {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": "web-9bc76bb94",
            "namespace": "default",
            "labels": {"app": "nginx", HASH_LABEL: "9bc76bb94"},
            "annotations": {"a": "b"},
            "ownerReferences": [SET_OWNER],
        },
        "data": {"spec": {"template": {**OLD, "$patch": "replace"}}},
        "revision": 1,
    }


def test_a_short_hash_is_not_padded():
    """STS-H6a"""
    probed = template()
    probed["spec"]["containers"][0]["readinessProbe"] = {
        "failureThreshold": 3,
        "periodSeconds": 3600,
        "successThreshold": 1,
        "tcpSocket": {"port": 1},
        "timeoutSeconds": 1,
    }

    assert find(sts(template=probed)).update["metadata"]["name"] == "web-96689899"


def test_a_long_set_name_is_cut():
    """STS-H7"""
    assert revision_name("w" * 230, "9bc76bb94") == "w" * 223 + "-9bc76bb94"


def test_the_newest_equal_revision_is_used_and_nothing_written():
    """SC34, STS-H8"""
    found = find(sts(status=rolling_from()), revision())

    assert found.update["metadata"]["name"] == OLD_NAME
    assert found.actions == []


def test_a_changed_template_makes_the_next_number():
    """STS-H8 STS-R2"""
    found = find(sts(template=NEW, status=rolling_from()), revision())

    assert (found.update["metadata"]["name"], found.update["revision"]) == (NEW_NAME, 2)
    assert found.current["metadata"]["name"] == OLD_NAME


def test_a_rollback_numbers_the_old_revision_anew():
    """STS-H8 STS-H9"""
    found = find(sts(status=rolling_from(NEW_NAME)), revision(NEW, 2), revision(OLD, 1))

    (patch,) = found.actions
    assert (patch.ref.name, patch.patch) == (OLD_NAME, {"revision": 3})
    assert found.update["revision"] == 3


def test_current_is_the_update_revision_when_its_own_is_lost():
    """STS-R2"""
    found = find(sts(status=rolling_from("web-gone")), revision())

    assert found.current is found.update


def test_a_name_taken_by_other_data_raises_the_collision_count():
    """STS-H10"""
    foreign = revision(NEW, ownerReferences=[])
    foreign["metadata"]["name"] = OLD_NAME

    found = find(sts(), others=[foreign])

    assert found.collision_count == 1
    assert found.update["metadata"]["name"] != OLD_NAME


def test_a_name_taken_by_equal_data_is_used():
    """STS-H10"""
    foreign = revision(OLD, ownerReferences=[])

    found = find(sts(), others=[foreign])

    assert found.update is foreign
    assert found.actions == []


def test_data_of_before_1_34_is_equal_by_meaning():
    """SW4, STS-H4"""
    old = {**revision(), "data": revision_data(OLD, creation_timestamp=True)}

    assert find(sts(status=rolling_from()), old).actions == []


def test_the_switch_writes_the_creation_timestamp_and_so_another_name():
    """SW4, STS-H4"""
    settings = Settings(revision_data_without_creation_timestamp=False)

    (made,) = created(sync(sts(0), settings=settings), "ControllerRevision")

    assert made["data"]["spec"]["template"]["metadata"]["creationTimestamp"] is None
    assert made["metadata"]["name"] != OLD_NAME


def test_history_is_ordered_by_number_then_age_then_name():
    """STS-H12"""
    young = revision(template("b"), 1, creationTimestamp="2027-01-01T00:00:02Z")
    old = revision(template("a"), 1, creationTimestamp="2027-01-01T00:00:01Z")

    found = find(sts(), revision(OLD, 5), young, old)

    assert [r["metadata"]["uid"] for r in found.history] == [
        old["metadata"]["uid"],
        young["metadata"]["uid"],
        f"uid-{OLD_NAME}",
    ]


@pytest.mark.parametrize(("limit", "dropped"), [(10, 0), (2, 1), (1, 2), (0, 3), (-1, 0)])
def test_drops_the_oldest_beyond_the_limit_live_ones_not_counted(limit, dropped):
    """INV11, STS-H11"""
    past = [revision(template(f"v{n}"), n) for n in range(1, 4)]
    the_set = sts(template=NEW, revisionHistoryLimit=limit, status=rolling_from())
    found = find(the_set, *past, revision(OLD, 4), revision(NEW, 5))

    deletions = truncated(the_set, found, live=set())

    assert [d.ref.name for d in deletions] == [r["metadata"]["name"] for r in past[:dropped]]


def test_a_revision_that_a_pod_carries_is_live():
    """STS-H11"""
    past = revision(template("v1"), 1)
    carried = past["metadata"]["name"]
    plan = sync(
        sts(1, revisionHistoryLimit=0, status=rolling_from()),
        past,
        revision(OLD, 2),
        pod(0, "ready-terminating", rev=carried),
        claim(0),
    )

    assert writes(plan) == []


def test_the_old_current_revision_falls_only_after_the_status_that_changes_it():
    """STS-H11"""
    the_set = sts(1, template=NEW, revisionHistoryLimit=0, status=rolling_from())

    plan = sync(the_set, revision(), revision(NEW, 2), pod(0, rev=NEW_NAME), claim(0))

    assert writes(plan) == []


def test_an_orphan_revision_is_adopted_before_revisions_are_computed():
    """STS-A8"""
    plan = sync(sts(0), revision(ownerReferences=[]))

    assert writes(plan) == [f"patch ControllerRevision {OLD_NAME}"]
    assert plan.actions[0].patch["metadata"]["ownerReferences"] == [SET_OWNER]


def test_a_revision_of_another_set_is_none_of_ours():
    """STS-H13"""
    foreign = revision(ownerReferences=[{**SET_OWNER, "uid": "other", "name": "other"}], name="other-1")

    assert writes(sync(sts(0), foreign)) == [f"create ControllerRevision {OLD_NAME}"]


def test_template_of_gives_the_template_back():
    assert template_of(revision(NEW), sts()) == NEW


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"a": "b"},
        {"spec": []},
        {"spec": {"template": "x"}},
        {"spec": {"template": {"spec": {}}}},
        {"spec": {"template": {"metadata": {"labels": 5}, "spec": {"containers": []}}}},
    ],
)
def test_a_revision_that_somebody_made_up_stops_nobody(data):
    """STS-A8, STS-H9: it is adopted for its labels, is equal to none, and keeps no template"""
    odd = {**revision(NEW, 40), "data": data}

    found = find(sts(status=rolling_from(NEW_NAME)), revision(), odd)

    assert (found.update["metadata"]["name"], found.update["revision"]) == (OLD_NAME, 41)
    assert found.current is odd
    assert template_of(odd, sts()) == OLD
