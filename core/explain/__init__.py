"""Why a thing is not as it should be, for a person: the field responsible, the candidates with the test each
failed, and the kubectl line that would change it.

Asked is whoever decides in the cluster: the binder's tests, the scheduler's filters, the kubelet's mounts,
the finalizers' controllers. Where these do not settle it, nothing is said. It is worked out
when somebody asks; nothing of it is stored.
"""

from core.explain.explanation import Asked, Candidate, Culprit, Explanation, Remedy
from core.explain.kinds import explain

__all__ = ["Asked", "Candidate", "Culprit", "Explanation", "Remedy", "explain"]
