"""Kept kinds: stored, defaulted, checked, listed and watched, but no component acts upon them.

One table, one strategy for all: who creates an object is told what it will not do. Of a kind whose objects
the API server itself would have to obey (custom resources, webhooks, aggregated APIs, certificates) none can
be made; its lists are empty.

Source: pkg/registry/{batch,networking,autoscaling,rbac,node,storage,core/limitrange}/**/strategy.go,
pkg/apis/*/v1/defaults.go (v1.36).
Not modelled: validation beyond the schema's types and required fields, names, Pod templates and what is
immutable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from core.api.kinds import BY_KIND
from core.apimachinery import schema
from core.apimachinery.errors import FieldError, Forbidden
from core.apimachinery.meta import Obj, copied, field, labels_of, uid_of
from core.apimachinery.validation import (
    NameCheck,
    dns1123_subdomain,
    invalid,
    not_supported,
    path_segment_name,
    required,
)
from core.apiserver.registry.context import Context
from core.apiserver.registry.podspec_defaults import default_pod_template, ensured
from core.apiserver.registry.podtemplate import validate_template

_RBAC = "rbac.authorization.k8s.io"
_ENDS = ("OnFailure", "Never")


class Kept(NamedTuple):
    """The strategy of one kept kind.

    *idle*: what its author is warned of; *refusal*: why none can be made. *values*: defaults by path;
    *complete*: the other defaults; *made*: what a create adds. *template*: where a Pod template is.
    *fixed*: path -> what an update of it is told. *numbered*: it has a generation. *status*: its first one,
    None: it has none.
    """

    KIND: str
    idle: str = ""
    refusal: str = ""
    values: Mapping[str, Any] = {}
    complete: Callable[[Obj], None] | None = None
    made: Callable[[Obj], None] | None = None
    template: str = ""
    fixed: Mapping[str, str] = {}
    numbered: bool = False
    status: Obj | None = None
    name_check: NameCheck = dns1123_subdomain

    def defaults(self, obj: Obj) -> None:
        for path, value in self.values.items():
            inner, name = _parent(obj, path)
            if inner.get(name) is None:
                inner[name] = copied(value)
        if self.complete is not None:
            self.complete(obj)
        if self.template:
            inner, name = _parent(obj, self.template)
            default_pod_template(ensured(inner, name))

    def prepare_for_create(self, obj: Obj, context: Context) -> None:
        """Raises: Forbidden."""
        if self.refusal:
            resource, name = BY_KIND[self.KIND], obj["metadata"].get("name", "")
            message = f'{resource.group_resource} "{name}" is forbidden: {self.refusal}'
            raise Forbidden(message, name=name, group=resource.group, kind=resource.plural)
        if self.status is not None:
            obj["status"] = copied(self.status)
        if self.numbered:
            obj["metadata"]["generation"] = 1
        if self.made is not None:
            self.made(obj)

    def prepare_for_update(self, obj: Obj, old: Obj, context: Context) -> None:
        if self.status is not None:
            obj["status"] = old.get("status") or {}
        if self.numbered and obj.get("spec") != old.get("spec"):
            obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def validate(self, obj: Obj) -> list[FieldError]:
        errors = list(_missing(obj, obj["kind"], obj["apiVersion"]))
        if not self.template or errors:
            return errors
        template = field(obj, self.template)
        errors += validate_template(template, self.template)
        policy, path = template["spec"].get("restartPolicy"), f"{self.template}.spec.restartPolicy"
        if policy == "Always":
            errors.append(required(path, 'valid values: "OnFailure", "Never"'))
        elif policy not in _ENDS:
            errors.append(not_supported(path, policy, _ENDS))
        return errors

    def validate_update(self, obj: Obj, old: Obj) -> list[FieldError]:
        errors = self.validate(obj)
        for path, detail in self.fixed.items():
            value = field(obj, path)
            if value != field(old, path):
                errors.append(invalid(path, value, detail))
        return errors

    def warnings(self, obj: Obj, old: Obj | None) -> Iterable[str]:
        return (self.idle,) if old is None else ()


def _parent(obj: Obj, path: str) -> tuple[Obj, str]:
    """Return the struct that holds the field at *path*, made when it is not there, and the field's name."""
    *steps, name = path.split(".")
    for step in steps:
        obj = ensured(obj, step)
    return obj, name


# -- what the schema says is required --------------------------------------------------------------


def _missing(obj: Obj, kind: str, api_version: str) -> Iterator[FieldError]:
    root = schema.type_of(kind, api_version)
    for name in schema.required_fields(root.struct) if root is not None else ():
        if obj.get(name) in (None, ""):
            yield required(name)
    for name, value in obj.items():
        inner = schema.field_type(root, name)
        if inner is not None and name not in ("metadata", "status"):
            yield from _missing_in(value, inner, name)


def _missing_in(value: Any, shape: schema.Type, path: str) -> Iterator[FieldError]:
    if shape.struct.endswith(".PodTemplateSpec"):
        return  # validated as such
    if shape.shape == "struct" and isinstance(value, dict):
        for name in schema.required_fields(shape.struct):
            if value.get(name) in (None, ""):
                yield required(f"{path}.{name}")
        for name, item in value.items():
            inner = schema.field_type(shape, name)
            if inner is not None:
                yield from _missing_in(item, inner, f"{path}.{name}")
    elif shape.of is not None and isinstance(value, list):
        for at, item in enumerate(value):
            yield from _missing_in(item, shape.of, f"{path}[{at}]")
    elif shape.of is not None and isinstance(value, dict):
        for key, item in value.items():
            yield from _missing_in(item, shape.of, f"{path}[{key}]")


# -- defaults that are more than a value -----------------------------------------------------------


def _complete_job(job: Obj) -> None:
    spec = ensured(job, "spec")
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    if spec.get("parallelism") is None:
        spec["parallelism"] = 1
    if spec.get("podReplacementPolicy") is None:
        spec["podReplacementPolicy"] = "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed"
    _label_as_template(job)


def _label_as_template(job: Obj) -> None:
    """A Job without labels has those of its template: also the generated ones, whenever it is read."""
    own = field(job, "spec.template.metadata.labels")
    if own and not labels_of(job):
        job["metadata"]["labels"] = dict(own)


def _select_by_uid(job: Obj) -> None:
    """Give a Job its selector, and the template the labels that it selects."""
    spec, meta = job["spec"], job["metadata"]
    if spec.get("manualSelector"):
        return
    names = dict.fromkeys(("job-name", "batch.kubernetes.io/job-name"), meta.get("name", ""))
    uids = dict.fromkeys(("controller-uid", "batch.kubernetes.io/controller-uid"), uid_of(job))
    template = ensured(spec["template"], "metadata")
    template["labels"] = {**names, **uids, **(template.get("labels") or {})}
    matched = ensured(ensured(spec, "selector"), "matchLabels")
    matched.setdefault("batch.kubernetes.io/controller-uid", uid_of(job))
    _label_as_template(job)


def _complete_network_policy(policy: Obj) -> None:
    spec = ensured(policy, "spec")
    ensured(spec, "podSelector")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _complete_ingress_class(ingress_class: Obj) -> None:
    parameters = field(ingress_class, "spec.parameters")
    if parameters:
        parameters.setdefault("scope", "Cluster")


def _complete_binding(binding: Obj) -> None:
    for subject in binding.get("subjects") or ():
        if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
            subject["apiGroup"] = _RBAC


_CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}


def _complete_autoscaler(autoscaler: Obj) -> None:
    spec = ensured(autoscaler, "spec")
    if not spec.get("metrics"):
        spec["metrics"] = [copied(_CPU)]
        spec["metrics"][0]["resource"]["target"]["averageUtilization"] = 80


# -- the table -------------------------------------------------------------------------------------

_SERVES_NOTHING_ELSE = "stsviz serves its own kinds only and asks nobody else"
_IMMUTABLE = "field is immutable"
_BINDING: dict[str, Any] = {
    "values": {"roleRef.apiGroup": _RBAC},
    "complete": _complete_binding,
    "fixed": {"roleRef": "cannot change roleRef"},
    "name_check": path_segment_name,
}
_CSI_DRIVER = {
    "spec.attachRequired": True,
    "spec.podInfoOnMount": False,
    "spec.storageCapacity": False,
    "spec.fsGroupPolicy": "ReadWriteOnceWithFSType",
    "spec.volumeLifecycleModes": ["Persistent"],
    "spec.requiresRepublish": False,
    "spec.seLinuxMount": False,
}
_JOB = {
    "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False, "manualSelector": False,
}  # fmt: skip
_CRON_JOB = {
    "concurrencyPolicy": "Allow", "suspend": False,
    "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1,
}  # fmt: skip

_ALL = (
    Kept(
        "Job", "stsviz keeps Jobs and runs none: this one makes no Pods and never completes",
        values={f"spec.{name}": value for name, value in _JOB.items()},
        complete=_complete_job, made=_select_by_uid, template="spec.template",
        fixed={"spec.template": _IMMUTABLE, "spec.selector": _IMMUTABLE}, numbered=True, status={},
    ),
    Kept(
        "CronJob", "stsviz keeps CronJobs and runs none: this one makes no Jobs",
        values={f"spec.{name}": value for name, value in _CRON_JOB.items()},
        template="spec.jobTemplate.spec.template", numbered=True, status={},
    ),
    Kept(
        "HorizontalPodAutoscaler", "stsviz keeps HorizontalPodAutoscalers: this one scales nothing",
        values={"spec.minReplicas": 1}, complete=_complete_autoscaler,
        status={"desiredReplicas": 0, "currentMetrics": None},
    ),
    Kept("Ingress", "stsviz keeps Ingresses and has no traffic: this one leads nowhere",
         numbered=True, status={"loadBalancer": {}}),
    Kept("IngressClass", "stsviz keeps IngressClasses and runs no controller of theirs",
         complete=_complete_ingress_class, fixed={"spec.controller": _IMMUTABLE}, numbered=True),
    Kept("NetworkPolicy", "stsviz keeps NetworkPolicies and has no traffic: this one keeps nothing out",
         complete=_complete_network_policy, numbered=True),
    *(
        Kept(kind, f"stsviz keeps {kind}s and asks for no rights: everybody may do everything",
             name_check=path_segment_name)
        for kind in ("Role", "ClusterRole")
    ),
    *(
        Kept(kind, f"stsviz keeps {kind}s and asks for no rights: everybody may do everything", **_BINDING)
        for kind in ("RoleBinding", "ClusterRoleBinding")
    ),
    Kept("RuntimeClass", "stsviz keeps RuntimeClasses: its containers all run the same way",
         fixed={"handler": _IMMUTABLE}),
    Kept("LimitRange", "stsviz keeps LimitRanges: this one neither gives nor limits anything"),
    Kept("CSIDriver", "stsviz keeps CSIDrivers and runs none", values=_CSI_DRIVER, numbered=True),
    Kept("CSINode", "stsviz keeps CSINodes: its scheduler does not count by them"),
    Kept("CSIStorageCapacity", "stsviz keeps CSIStorageCapacities: its scheduler does not ask for them",
         fixed={"storageClassName": _IMMUTABLE, "nodeTopology": _IMMUTABLE}),
    Kept("VolumeAttachment", "stsviz keeps VolumeAttachments: it attaches volumes without them",
         fixed={"spec": _IMMUTABLE}, status={"attached": False}),
    Kept("CustomResourceDefinition", refusal=f"{_SERVES_NOTHING_ELSE}: no custom resource can be defined",
         status={}),
    Kept("APIService", refusal=f"{_SERVES_NOTHING_ELSE}: no API can be added", status={}),
    Kept("ValidatingWebhookConfiguration", refusal=f"{_SERVES_NOTHING_ELSE}: no webhook would be called"),
    Kept("MutatingWebhookConfiguration", refusal=f"{_SERVES_NOTHING_ELSE}: no webhook would be called"),
    Kept("CertificateSigningRequest", refusal="stsviz signs no certificates: the request would wait for ever",
         status={}),
)  # fmt: skip

KEPT: dict[str, Kept] = {kept.KIND: kept for kept in _ALL}
