import json

import pytest

from core.controllers.hashing import canonical_json, fnv1, fnv1a, name_suffix, safe_encode

COMPATIBILITY = (
    '{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"test":"value"},%s"labels":'
    '{"app":"foo"}},"spec":{"containers":[{"image":"test","imagePullPolicy":"Always","name":"test",'
    '"resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],'
    '"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler",'
    '"securityContext":{},"terminationGracePeriodSeconds":30}}}}'
)


@pytest.mark.parametrize(
    ("between", "count", "expected"),
    [
        ("", 0, "776999688b"),
        ("", 1, "776999688c"),
        ('"creationTimestamp":null,', 0, "c77f6d978"),
        ('"creationTimestamp":null,', 1, "c77f6d979"),
    ],
)
def test_hashes_revision_data_as_upstream_does(between, count, expected):
    """STS-H5 STS-H6"""
    assert safe_encode(fnv1(f"{COMPATIBILITY % between}{count}")) == expected


def test_sorts_keys_bytewise_without_white_space():
    """STS-H3"""
    data = json.loads(COMPATIBILITY % "")

    assert canonical_json(data) == COMPATIBILITY % ""


def test_escapes_what_go_escapes_and_leaves_other_letters_raw():
    """STS-H3"""
    assert canonical_json({"a": "<&>\u2028é"}) == '{"a":"\\u003c\\u0026\\u003e\\u2028é"}'


def test_fnv1a_differs_from_fnv1_and_gives_the_published_sum():
    """DP3"""
    assert fnv1a("a") == 0xE40C292C
    assert fnv1("a") == 0x050C5D7E


def test_encodes_each_digit_as_a_letter_without_padding():
    """STS-H5"""
    assert safe_encode(1234567890) == "56789bcdf4"
    assert safe_encode(7) == "c"


def test_a_suffix_is_five_harmless_letters_and_the_same_for_the_same_seed():
    """RS1"""
    assert name_suffix("uid/1/0") == name_suffix("uid/1/0")
    assert name_suffix("uid/1/0") != name_suffix("uid/1/1")
    assert set(name_suffix("x")) <= set("bcdfghjklmnpqrstvwxz2456789")
    assert len(name_suffix("x")) == 5
