"""The language: TR-34. What is printed here, dash prints too, but where it says what is not simulated."""

from __future__ import annotations

import pytest

from tests.core.kubelet.shell.cast import Box


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        ("echo a; echo b", "a\nb\n"),
        ("true && echo yes || echo no", "yes\n"),
        ("false && echo yes || echo no", "no\n"),
        ("! false && echo turned", "turned\n"),
        ("echo 'a  $X' \"b  $HOSTNAME\"", "a  $X b  web-0\n"),
        ('echo "a\\"b\\$c"', 'a"b$c\n'),
        ("echo a\\ b c\\\nd", "a b cd\n"),
        ("echo a # comment", "a\n"),
        ("X='1  2'; echo $X; echo \"$X\"", "1 2\n1  2\n"),
        ("X=1 sh -c 'echo $X'; echo [$X]", "1\n[]\n"),
        ("X=1; sh -c 'echo [$X]'; export X; sh -c 'echo [$X]'", "[]\n[1]\n"),
        (
            "echo ${HOSTNAME##*-} ${HOSTNAME%-*} ${#HOSTNAME} ${NO:-none} ${HOSTNAME:+some}",
            "0 web 5 none some\n",
        ),
        ("echo $(echo a; echo b) `echo c`", "a b c\n"),
        ("echo \"$(printf 'a\\n\\n')\"", "a\n"),
        ("echo $((1 + 2 * 3)) $((7 / 2)) $((-7 % 3))", "7 3 -1\n"),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n"),
        ("for i in a 'b c'; do echo [$i]; done", "[a]\n[b c]\n"),
        ("for i in 1 2 3; do [ $i = 2 ] && continue; [ $i = 3 ] && break; echo $i; done", "1\n"),
        ("if false; then echo 1; elif true; then echo 2; else echo 3; fi", "2\n"),
        ("until true; do echo never; done; echo done", "done\n"),
        ("(cd /etc; pwd); pwd", "/etc\n/\n"),
        ("{ echo a; echo b; } | wc -l", "2\n"),
        ("X=1; echo x | X=2; echo $X", "1\n"),
        ("echo b a | { read x y; echo $y $x; }", "a b\n"),
        ("echo err >&2 2>/dev/null; echo out 2>&1 | cat", "out\n"),
        ("echo a > /tmp/f; echo b >> /tmp/f; cat < /tmp/f", "a\nb\n"),
        ("cd /tmp; touch b.txt a.txt .c; echo *.txt *.no", "a.txt b.txt *.no\n"),
        ("sh -c 'echo $0 $1 $#' name one", "name one 1\n"),
        ('set -- a b; shift; echo $1 "$@"', "b b\n"),
        ("eval 'echo e'; command -v cat", "e\n/usr/bin/cat\n"),
        (
            "echo 'echo from file $1' > /tmp/s; sh /tmp/s x; chmod +x /tmp/s; /tmp/s y",
            "from file x\nfrom file y\n",
        ),
        ("sleep 0 2>/dev/null; echo ~ ~/x", "/root /root/x\n"),
        ("echo a | exit 3; echo after", "after\n"),
    ],
)
def test_a_script_prints(script: str, printed: str):
    result = Box().sh(script)
    noise = b"err\n" if ">&2" in script else b""
    assert (result.stdout.decode(), result.stderr) == (printed, noise)


@pytest.mark.parametrize(
    ("script", "code", "complaint"),
    [
        ("exit 3", 3, ""),
        ("(exit 4)", 4, ""),
        ("false", 1, ""),
        ("foo", 127, "sh: 1: foo: not found"),
        ("/etc/hosts", 126, "sh: 1: /etc/hosts: Permission denied"),
        ("cd /nowhere", 2, "sh: 1: cd: can't cd to /nowhere"),
        ("echo x > /no/where", 2, "sh: 1: cannot create /no/where: Directory nonexistent"),
        ("cat < /no", 2, "sh: 1: cannot open /no: No such file"),
        ("echo x > /tmp", 2, "sh: 1: cannot create /tmp: Is a directory"),
        ("echo 'a", 2, "sh: 1: Syntax error: Unterminated quoted string"),
        ("if true; then", 2, 'sh: 1: Syntax error: end of file unexpected (expecting "fi")'),
        ("echo a | | b", 2, 'sh: 1: Syntax error: "|" unexpected'),
        (") x", 2, 'sh: 1: Syntax error: ")" unexpected'),
        ("done", 2, 'sh: 1: Syntax error: "done" unexpected'),
        ("cat <<EOF", 2, "sh: 1: Syntax error: here-documents are not simulated"),
        ("case x in esac", 2, 'sh: 1: Syntax error: "case" is not simulated'),
        ("set -e; false; echo never", 1, ""),
        ("[ 1 -eq x ]", 2, "sh: 1: [: Illegal number: x"),
        ("[ a", 2, "sh: 1: [: missing ]"),
        ("echo $((1/0))", 2, 'sh: 1: arithmetic expression: division by zero: "1/0"'),
        ("echo ${X:?is needed}", 2, "sh: 1: X: is needed"),
    ],
)
def test_a_script_ends_with_a_code_and_a_complaint(script: str, code: int, complaint: str):
    result = Box().sh(script)
    assert (result.code, result.stderr.decode().strip()) == (code, complaint)
    assert b"never" not in result.stdout


@pytest.mark.parametrize("text", ["set -e; if false; then :; fi; false || true; ! true; echo on"])
def test_errexit_minds_no_code_that_somebody_looks_at(text: str):
    """POSIX.1-2024, set -e"""
    assert Box().out(text) == "on\n"


@pytest.mark.parametrize(
    "script",
    [
        "while true; do :; done",
        "X=aaaaaaaaaa; while true; do X=$X$X; done",
        "f=x; while true; do sh -c 'sh -c true'; done",
        'S=\'eval "$S"\'; eval "$S"',
        "while true; do seq 100000; done",
        "seq 100000 > /tmp/n; while true; do grep '[0-9]*[0-9]*x' /tmp/n; done",
        "while true; do dd if=/dev/zero of=/tmp/z bs=1M count=1; done",
        "echo " + "$(echo " * 30 + "x" + ")" * 30,
        "(" * 500 + "true" + ")" * 500,
    ],
)
def test_no_script_runs_away(script: str):
    result = Box().sh(script)
    assert result.code in (2, 137)
    assert len(result.stdout) <= 1024 * 1024


def test_a_program_is_run_without_a_shell():
    """TR-34: the words of the runtime"""
    assert Box().exec("/bin/echo", "$HOME").stdout == b"$HOME\n"
    result = Box().exec("cd", "/")
    why = 'exec: "cd": executable file not found in $PATH: unknown\n'
    assert (result.code, result.stderr.decode().endswith(why)) == (127, True)
    result = Box().exec("/no/such")
    assert b'exec: "/no/such": stat /no/such: no such file or directory: unknown' in result.stderr
    assert Box().exec("/etc/hosts").code == 126
    assert Box().exec().code == 127
