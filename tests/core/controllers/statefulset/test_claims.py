import pytest

from core.client.actions import RecordEvent, Update
from core.client.cache import Cache
from core.controllers.statefulset.claims import ClaimControl

from .cast import SET_OWNER, claim, claim_template, pod_owner, retention, sts

WEB_0 = ("web-0", "uid-web-0")
FOREIGN = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "uid": "x", "controller": True}
HAND_MADE = {key: SET_OWNER[key] for key in ("apiVersion", "kind", "name", "uid")}


def control(policy, *owners):
    return ClaimControl(Cache([claim(0, *owners)]), sts(**retention(*policy)))


def test_a_claim_is_its_template_with_the_sets_match_labels():
    """STS-C2 STS-C3"""
    template = claim_template()
    template["metadata"] = {
        "name": "www",
        "labels": {"app": "loses", "tier": "db"},
        "annotations": {"a": "b"},
    }
    the_set = sts(volumeClaimTemplates=[template], meta={"labels": {"set": "only"}})

    actions, made, errors = ClaimControl(Cache(), the_set).create("web-0", 0)

    assert actions[0].obj == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "www-web-0",
            "namespace": "default",
            "labels": {"app": "nginx", "tier": "db"},
            "annotations": {"a": "b"},
        },
        "spec": claim_template()["spec"],
    }
    assert (made, errors) == (["www-web-0"], [])


def test_a_refused_claim_has_its_warning_ready():
    """STS-E4 STS-E10"""
    actions, _, _ = ClaimControl(Cache(), sts()).create("web-0", 0)

    assert actions[0].on_error[0].message == (
        "Create Claim www-web-0 for Pod web-0 in StatefulSet web failed error: {error}"
    )
    assert actions[0].silent_exists


@pytest.mark.parametrize(
    ("policy", "condemned", "wanted"),
    [
        (("Retain", "Retain"), False, []),
        (("Retain", "Retain"), True, []),
        (("Delete", "Retain"), False, ["StatefulSet"]),
        (("Delete", "Retain"), True, ["StatefulSet"]),
        (("Retain", "Delete"), False, []),
        (("Retain", "Delete"), True, ["Pod"]),
        (("Delete", "Delete"), False, ["StatefulSet"]),
        (("Delete", "Delete"), True, ["Pod"]),
    ],
)
@pytest.mark.parametrize("owners", [[], [SET_OWNER], [pod_owner(0)], [HAND_MADE]])
def test_gives_a_claim_the_owners_the_policy_wants(policy, condemned, wanted, owners):
    """STS-K7 STS-K1 STS-K11"""
    before = control(policy, *owners)

    updates = before.update_owners(WEB_0, 0, condemned=condemned)

    after = updates[0].obj["metadata"].get("ownerReferences", []) if updates else owners
    assert [owner["kind"] for owner in after] == wanted
    assert all(owner["controller"] and owner["blockOwnerDeletion"] for owner in after)
    assert before.match_retention_policy(WEB_0, 0, condemned=condemned) is not bool(updates)
    assert control(policy, *after).match_retention_policy(WEB_0, 0, condemned=condemned)


def test_another_owner_that_controls_nothing_is_kept():
    """STS-K1"""
    other = {**FOREIGN, "controller": False}

    (update,) = control(("Delete", "Retain"), other).update_owners(WEB_0, 0)

    assert update.obj["metadata"]["ownerReferences"] == [other, SET_OWNER]


def test_a_foreign_controller_keeps_us_out_with_a_warning():
    """SC55 STS-K11 STS-E8"""
    event, update = control(("Delete", "Retain"), SET_OWNER, FOREIGN).update_owners(WEB_0, 0)

    assert isinstance(event, RecordEvent)
    assert (event.type, event.reason) == ("Warning", "ConflictingController")
    assert event.message == (
        "PersistentVolumeClaim www-web-0 has a conflicting OwnerReference that acts as a manging controller, "
        "the retention policy is ignored for this claim"
    )
    assert isinstance(update, Update)
    assert update.obj["metadata"]["ownerReferences"] == [FOREIGN]


def test_a_foreign_controller_is_nobodys_business_when_all_is_retained():
    """STS-K11"""
    assert control(("Retain", "Retain"), FOREIGN).update_owners(WEB_0, 0) == []


@pytest.mark.parametrize("owner", [{**SET_OWNER, "uid": "former"}, pod_owner(0, "former")])
def test_a_reference_of_a_former_life_is_left_to_the_collector(owner):
    """STS-K11"""
    assert control(("Delete", "Delete"), owner).match_retention_policy(WEB_0, 0, condemned=False)


@pytest.mark.parametrize(
    ("policy", "owner", "expected"),
    [
        (("Retain", "Delete"), pod_owner(0, "dead"), "www-web-0"),
        (("Retain", "Delete"), pod_owner(1, "dead"), None),
        (("Retain", "Delete"), SET_OWNER, None),
        (("Retain", "Retain"), pod_owner(0, "dead"), None),
        (("Delete", "Retain"), pod_owner(0, "dead"), None),
    ],
)
def test_a_claim_that_names_a_dead_pod_of_the_seat_is_stale(policy, owner, expected):
    """STS-K12"""
    assert control(policy, owner).stale("web-0", 0) == expected


def test_a_refused_owner_says_which_claim():
    """STS-K2a"""
    (update,) = control(("Delete", "Retain")).update_owners(WEB_0, 0)

    assert update.on_error.reason == "FailedUpdate"
    assert update.on_error.message == (
        "Update Pod web-0 in StatefulSet web failed error: "
        "could not update claim www-web-0 for delete policy ownerRefs: {error}"
    )
