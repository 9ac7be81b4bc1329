"""The programs: TR-34, TR-36. Their words are those of GNU, busybox (nslookup, wget) and curl."""

from __future__ import annotations

import io
import tarfile

import pytest

from tests.core.kubelet.shell.cast import Box

LINES = b"one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        ("hostname", "web-0\n"),
        ("hostname -i", "10.244.1.7\n"),
        ("cat /etc/hostname", "web-0\n"),
        ("date", "Fri Jan 15 08:00:00 UTC 2027\n"),
        ("date +%s", "1800000000\n"),
        ("whoami; id -u", "root\n0\n"),
        ("printenv HOSTNAME", "web-0\n"),
        ("head -n 1", "one\n"),
        ("tail -2", "two\nthree\n"),
        ("tail -n +2", "two\nthree\n"),
        ("head -c 3", "one"),
        ("wc -l", "3\n"),
        ("grep -n t", "2:two\n3:three\n"),
        ("grep -c '^t.*e$'", "1\n"),
        ("grep -v o", "three\n"),
        ("grep -o 'e*$'", "e\n\nee\n"),
        ("sed 's/o/0/g'", "0ne\ntw0\nthree\n"),
        ("sed -n 2p", "two\n"),
        ("sort -r", "two\nthree\none\n"),
        ("tee /tmp/t >/dev/null; cat /tmp/t", LINES.decode()),
        ("printf '%s=%03d\\n' a 7 b 8", "a=007\nb=008\n"),
        ("echo -n x; echo -e 'a\\tb'", "xa\tb\n"),
        ("seq 1 2 5", "1\n3\n5\n"),
        ("basename /a/b.c .c; dirname /a/b", "b\n/a\n"),
        ("which cat sh", "/usr/bin/cat\n/usr/bin/sh\n"),
        ("test -f /etc/hosts && test -d /tmp && test ! -e /no -a -n x && echo ok", "ok\n"),
        (
            "mkdir -p /tmp/a/b; touch /tmp/a/f; find /tmp -type f; ls /tmp/a; ls -A /tmp/a/b",
            "/tmp/a/f\nb\nf\n",
        ),
        (
            "echo x > /tmp/x; cp /tmp/x /tmp/y; mv -v /tmp/x /tmp/z; ls /tmp",
            "renamed '/tmp/x' -> '/tmp/z'\ny\nz\n",
        ),
        (
            "mkdir /tmp/d; echo 1 > /tmp/d/f; cp -r /tmp/d /tmp/e; rm -r /tmp/d; cat /tmp/e/f; ls /tmp",
            "1\ne\n",
        ),
        ("dd if=/dev/zero of=/tmp/z bs=1k count=2 2>/dev/null; wc -c /tmp/z", "2048 /tmp/z\n"),
        ("echo abc > /data/f; ls -l /data", "total 4\n-rw-r--r-- 1 root root 4 Jan 15 08:00 f\n"),
        ("tar cf - /etc/hostname 2>/dev/null | tar tf -", "etc/hostname\n"),
        ("mount | tail -1", "/dev/data on /data type ext4 (rw,relatime)\n"),
        ("echo v > /data/f; ln -s /data/f /data/l; cat /data/l; readlink /data/l", "v\n/data/f\n"),
        ("ln -s f /data/l; echo v > /data/l; cat /data/f; realpath /data/l", "v\n/data/f\n"),
        (
            "ln -s /etc/hosts /data/l; ls -l /data; ls -F /data",
            "total 0\nlrwxrwxrwx 1 root root 10 Jan 15 08:00 l -> /etc/hosts\nl@\n",
        ),
        (
            "mkdir /data/d; echo v > /data/d/f; ln -s d /data/l; cat /data/l/f; ls /data/l; cd /data/l",
            "v\nf\n",
        ),
        (
            "ln -s no /data/l; test -L /data/l && test -h /data/l && test ! -e /data/l && ls /data/l",
            "/data/l\n",
        ),
        ("echo v > /data/f; ln -s f /data/l; rm /data/l; ls /data", "f\n"),
        ("mkdir /data/d; echo v > /data/d/f; ln -s d /data/l; rm -r /data/l; cat /data/d/f", "v\n"),
        (
            "echo v > /data/f; ln -s f /data/l; cp /data/l /data/c; mv /data/l /data/m; find /data -type l",
            "/data/m\n",
        ),
        ("ln -s a /data/l; ln -sf b /data/l; readlink /data/l", "b\n"),
        (
            "ln -s a /data/l; tar cf /tmp/t /data/l 2>/dev/null; cd /tmp; tar xf t; readlink /tmp/data/l",
            "a\n",
        ),
    ],
)
def test_a_program_prints(script: str, printed: str):
    assert Box().out(script, LINES) == printed


@pytest.mark.parametrize(
    ("script", "code", "complaint"),
    [
        ("cat /no", 1, "cat: /no: No such file or directory"),
        ("cat /tmp", 1, "cat: /tmp: Is a directory"),
        ("ls /no", 2, "ls: cannot access '/no': No such file or directory"),
        ("rm /no", 1, "rm: cannot remove '/no': No such file or directory"),
        ("rm /tmp", 1, "rm: cannot remove '/tmp': Is a directory"),
        ("rm -rf /data", 1, "rm: cannot remove '/data': Device or resource busy"),
        ("mv /no /tmp", 1, "mv: cannot stat '/no': No such file or directory"),
        ("mkdir /tmp", 1, "mkdir: cannot create directory '/tmp': File exists"),
        ("mkdir /a/b", 1, "mkdir: cannot create directory '/a/b': No such file or directory"),
        ("touch /no/f", 1, "touch: cannot touch '/no/f': No such file or directory"),
        ("mkdir -p /tmp/d/e; mv /tmp/d /tmp/d/e", 1, "mv: cannot move '/tmp/d' to a subdirectory of itself"),
        ("cp /tmp /data", 1, "cp: -r not specified; omitting directory '/tmp'"),
        ("dd if=/dev/zero of=/tmp/z bs=1M count=2", 1, "dd: failed to open '/tmp/z': File too large"),
        ("grep '\\(a\\)' /etc/hosts", 2, "grep: \\( is not simulated in patterns"),
        ("ls -Z", 2, "ls: invalid option -- 'Z'"),
        ("sleep 5", 0, "sleep: simulated: does not wait for 5"),
        ("nslookup web-1", 1, "nslookup: can't resolve 'web-1'"),
        ("wget -qO- nowhere", 1, "wget: bad address 'nowhere'"),
        (
            "curl -s localhost",
            7,
            "curl: (7) Failed to connect to 127.0.0.1 port 80 after 0 ms: Network is unreachable",
        ),
        ("kill 9", 1, "kill: (9): No such process"),
        ("tar xf /etc/hosts", 2, "tar: This does not look like a tar archive"),
    ],
)
def test_a_program_fails(script: str, code: int, complaint: str):
    result = Box().sh(script)
    assert (result.code, result.stderr.decode().strip().startswith(complaint)) == (code, True), result


def test_an_archive_is_unpacked_but_not_outside():
    """TR-36: kubectl cp"""
    box = Box()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("d/f", "../../etc/hosts"):
            info = tarfile.TarInfo(name)
            info.size = 2
            archive.addfile(info, io.BytesIO(b"hi"))
    result = box.exec("tar", "-xmf", "-", "-C", "/tmp", stdin=buffer.getvalue())
    assert result.code == 2
    assert b"Member name contains '..'" in result.stderr
    assert box.out("cat /tmp/d/f") == "hi"
    assert "localhost" in box.out("cat /etc/hosts")


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("ln -s a /data/l; ln -s a /data/l", "ln: failed to create symbolic link '/data/l': File exists\n"),
        (
            "echo v > /data/f; ln /data/f /data/g",
            "ln: failed to create hard link '/data/g' => '/data/f': Operation not permitted\n",
        ),
        ("ln -s l /data/l; cat /data/l", "cat: /data/l: Too many levels of symbolic links\n"),
        ("ln -s no /data/l; cat /data/l", "cat: /data/l: No such file or directory\n"),
        ("ln -s /tmp /data/l; rmdir /data/l", "rmdir: failed to remove '/data/l': Not a directory\n"),
    ],
)
def test_a_link_that_cannot_be_made_or_followed_says_so(script, complaint):
    result = Box().sh(script)
    assert (result.code != 0, result.stderr.decode()) == (True, complaint)
