"""The picture's content: which seats, claims, volumes and classes there are, and how they hang together.

A seat is StatefulSet/ordinal, not a uid: when web-0 dies its seat stays, with the last uid, address and
node struck through, and the next web-0 sits down in it. Pods of a Deployment have no seats. Above
FOLD_ABOVE Pods or claims, seats at rest fold into ranges; so do the others when they too are more than that.
Not modelled: a Pod without a controller never gets a seat, whatever its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.api.classnames import class_name_of
from core.api.podclaims import claim_names
from core.apimachinery.meta import Obj, Ref, is_terminating, labels_of, name_of, namespace_of, ref_of, uid_of
from core.diagram import cards, facts
from core.diagram.cards import Scene, Seats, Storage
from core.diagram.elements import Block, Chain, Edge, Graph, Node, Row
from core.diagram.facts import EMPTY, EXPECTED, LOST, READY
from core.diagram.folding import CHUNK, FOLD_ABOVE, Fold, Quiet, arrange
from core.diagram.ids import element_id
from core.diagram.names import Domain, Names, unselected_note
from core.diagram.resting import Resting, is_at_rest
from core.diagram.seating import Seating, window

MACHINES_SHOWN = 12

_NOWHERE = Domain("")


def build(scene: Scene, namespace: str | None = None, expanded: frozenset[str] = frozenset()) -> Graph:
    """Return what to draw of *scene*: of *namespace* (None: of all), with the ranges *expanded* opened.

    What its memory holds of an earlier picture is taken over where it is unchanged; the result is the
    same without.
    """
    return _Build(scene, namespace, expanded).graph()


class _Build:
    def __init__(self, scene: Scene, namespace: str | None, expanded: frozenset[str]) -> None:
        self._scene, self._view = scene, scene.view
        self._namespace, self._expanded = namespace, expanded
        self._seats, self._storage = Seats(scene), Storage(scene)
        self._names = Names(self._view, namespace, scene.memory.slices)
        kept = (self._view.list(kind, namespace) for kind in ("Pod", "PersistentVolumeClaim"))
        self._folds = max(map(len, kept)) > FOLD_ABOVE
        self._census = scene.memory.census
        self._drawn: set[str] = set()
        self._classes: dict[str, None] = {}
        self._resting: dict[str, Resting] = {}
        self._graph = Graph()
        self._hidden = 0

    def graph(self) -> Graph:
        sets = self._view.list("StatefulSet", self._namespace)
        others = self._view.list("Deployment", self._namespace)
        others += [rs for rs in self._view.list("ReplicaSet", self._namespace) if not cards.controlling(rs)]
        self._scene.many_namespaces = len({namespace_of(obj) for obj in (*sets, *others)}) > 1
        self._take_in(sets)
        seating = Seating(self._view, self._census, sets, self._folds)
        workloads = sorted((*sets, *others), key=_age)
        for obj in workloads:
            if obj["kind"] == "StatefulSet":
                self._stateful_set(obj, seating)
            else:
                self._deployment(obj)
        self._loose()
        self._finish()
        self._scene.memory.rows = self._resting
        return self._graph

    # -- workloads ---------------------------------------------------------------------------------

    def _take_in(self, sets: Sequence[Obj]) -> None:
        """Bring the census up to date, or begin it anew where it cannot be known what has changed."""
        memory, changed = self._scene.memory, self._scene.changed
        if changed is None or not self._folds or memory.counted != (self._namespace, True):
            self._census.begin(self._view, self._namespace)
        else:
            self._census.catch_up(self._view, changed)
        memory.counted = (self._namespace, self._folds)
        self._census.keep_sets({uid_of(sts): window(sts) for sts in sets}, self._view)

    def _stateful_set(self, sts: Obj, seating: Seating) -> None:
        namespace, spec = namespace_of(sts), sts["spec"]
        domain = self._names.domain(namespace, spec.get("serviceName", ""))
        block = Block(cards.workload(sts, self._scene), self._lanes(sts, domain))
        wanted = window(sts)
        seats = seating.of(sts)
        ordered = spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
        cork = ""
        hidden = set(seats.moving)
        for ordinal in self._arranged(sts, seats.moving, seats.quiet, seats.pods):
            if isinstance(ordinal, Fold):
                self._range_row(sts, block, ordinal)
                continue
            hidden.discard(ordinal)
            pod = seating.pod(sts, ordinal, seats)
            why = f"waits for {cork} to be Ready" if cork and ordered else ""
            why = why if ordinal in wanted else cards.SCALED_DOWN
            row = self._seat_row(sts, ordinal, pod, domain, why)
            block.rows.append(row)
            if ordinal in wanted and not cork and row.seat is not None and row.seat.state != READY:
                cork = row.seat.title
        for ordinal in hidden:
            self._consume(seats.pods.get(ordinal), seats.kept.get(ordinal, ()))
        if seats.to_come:
            self._to_come(sts, block, seats.to_come.start, seats.to_come.stop)
        self._add(block)

    def _seat_row(self, sts: Obj, ordinal: int, pod: Obj | None, domain: Domain, why: str) -> Row:
        namespace, name = namespace_of(sts), name_of(sts)
        id_ = element_id("seat", namespace, name, ordinal)
        if pod is not None:
            return self._taken_seat(id_, sts, pod, domain)
        ref = Ref("Pod", namespace, f"{name}-{ordinal}")
        templates = sts["spec"].get("volumeClaimTemplates") or ()
        wanted = [f"{name_of(template)}-{ref.name}" for template in templates]
        if why == cards.SCALED_DOWN:
            wanted = [c for c in wanted if self._view.get("PersistentVolumeClaim", namespace, c)]
        chains, claims = self._chains(namespace, wanted, id_, unused=True)
        return Row(self._seats.vacant(id_, ref, claims, domain, why), chains)

    def _taken_seat(self, id_: str, sts: Obj, pod: Obj, domain: Domain) -> Row:
        scene, roll_out = self._scene, _roll_out(sts, pod)
        last, dark = scene.tombstones.get(ref_of(pod)), scene.is_dark(pod["spec"].get("nodeName", ""))
        words = (domain.words(name_of(pod)), roll_out, dark, uid_of(last) if last is not None else "")
        known = scene.memory.rows.get(id_)
        if known is None or not known.is_same(self._view, pod, words) or known.drawn & self._drawn:
            before = len(self._graph.edges)
            chains, claims = self._chains(namespace_of(pod), claim_names(pod), id_, is_terminating(pod))
            seat = self._seats.of_pod(id_, pod, claims, domain)
            seat.slots.update(roll_out)
            self._drawn.add(uid_of(pod))
            row = Row(seat, chains)
            if len(chains) == len(claims) and is_at_rest(row):
                edges = self._graph.edges[before:]
                self._resting[id_] = Resting.of(row, edges, pod, words, self._view)
            return row
        self._resting[id_] = known
        self._graph.edges += known.edges
        self._drawn |= known.drawn
        self._classes.update(known.classes)
        return known.row

    def _deployment(self, obj: Obj) -> None:
        selector = labels_of({"metadata": obj["spec"]["template"].get("metadata") or {}})
        block = Block(cards.workload(obj, self._scene))
        for service in self._names.selecting(namespace_of(obj), selector):
            block.services.append(self._lane(service, ""))
        owners = [obj] if obj["kind"] == "ReplicaSet" else self._replica_sets(obj)
        pods = [pod for rs in owners for pod in self._view.indexed("by-controller", ("Pod", uid_of(rs)))]
        self._pod_rows(obj, block, sorted(pods, key=_age))
        self._add(block)

    def _replica_sets(self, deployment: Obj) -> list[Obj]:
        return self._view.indexed("by-controller", ("ReplicaSet", uid_of(deployment)))

    def _pod_rows(self, owner: Obj | None, block: Block, pods: Sequence[Obj]) -> None:
        moving, quiet = set(range(len(pods))), Quiet()
        places = dict(enumerate(pods))
        if owner is not None and self._folds:
            moving = {place for place in places if not self._is_settled(places[place])}
            for place in places.keys() - moving:
                quiet.add(place)
        self._drawn.update(map(uid_of, pods))
        rows: Sequence[int | Fold] = range(len(pods))
        if owner is not None:
            rows = self._arranged(owner, moving, quiet, places)
        for row in rows:
            if isinstance(row, Fold):
                assert owner is not None
                self._range_row(owner, block, row)
                continue
            pod = places.pop(row)
            id_ = element_id("pod", namespace_of(pod), name_of(pod))
            chains, claims = self._chains(namespace_of(pod), claim_names(pod), id_, is_terminating(pod))
            block.rows.append(Row(self._seats.of_pod(id_, pod, claims, None), chains))
        for pod in places.values():
            self._consume(pod, ())

    # -- folding -----------------------------------------------------------------------------------

    def _arranged(
        self, owner: Obj, moving: set[int], quiet: Quiet, pods: Mapping[int, Obj]
    ) -> Sequence[int | Fold]:
        """Return what stands for the seats of *owner* from the top down: ordinals and ranges."""
        if not self._folds:
            return sorted(moving)

        def id_of(first: int, size: int) -> str:
            return range_id(owner, first, size)

        def is_ready(ordinal: int) -> bool:
            return ordinal in pods and self._is_settled(pods[ordinal])

        return arrange(moving, quiet, is_ready, id_of, self._expanded)

    def _is_settled(self, pod: Obj) -> bool:
        """Tell whether nothing about *pod* and its storage asks to be looked at."""
        if not facts.is_ready(pod):
            return False
        for name in claim_names(pod):
            claim = self._view.get("PersistentVolumeClaim", namespace_of(pod), name)
            if claim is None or self._storage.state_of(claim).cls != READY:
                return False
        return True

    def _range_row(self, owner: Obj, block: Block, fold: Fold) -> None:
        of_set = owner["kind"] == "StatefulSet"
        title = f"{name_of(owner)}-{fold.first} … {fold.last}" if of_set else name_of(owner)
        if fold.opened:
            self._summary(block, fold.id, title, EMPTY, f"{fold.seats} opened, press to fold")
            return
        self._hidden += fold.seats
        moving = fold.seats - fold.ready - fold.empty
        state = EXPECTED if moving else READY if fold.ready else EMPTY
        self._summary(block, fold.id, title, state, fold.says())

    def _to_come(self, sts: Obj, block: Block, first: int, end: int) -> None:
        id_ = element_id("range-statefulset", namespace_of(sts), name_of(sts)) + "-to-come"
        title = f"{name_of(sts)}-{first} … {end - 1}"
        self._hidden += end - first
        self._summary(block, id_, title, EXPECTED, f"{end - first} to come")

    def _summary(self, block: Block, id_: str, title: str, state: str, word: str) -> None:
        block.rows.append(Row(Node(id_, "range", state, title, word, {}, None, f"Range {title}, {word}")))

    def _consume(self, pod: Obj | None, kept: Iterable[Obj]) -> None:
        """Count as drawn what a range stands for, so that it is not drawn as loose."""
        if pod is not None:
            self._drawn.add(uid_of(pod))
            for name in claim_names(pod):
                self._consume_claim(self._view.get("PersistentVolumeClaim", namespace_of(pod), name))
        for claim in kept:
            self._consume_claim(claim)

    def _consume_claim(self, claim: Obj | None) -> None:
        if claim is not None:
            self._drawn.add(element_id("claim", namespace_of(claim), name_of(claim)))
            self._drawn.add(element_id("volume", "", claim["spec"].get("volumeName", "")))
            self._classes.setdefault(class_name_of(claim))

    # -- storage -----------------------------------------------------------------------------------

    def _chains(
        self, namespace: str, names: Iterable[str], seat: str, unused: bool
    ) -> tuple[tuple[Chain, ...], list[Node]]:
        """Return the chains to draw beside *seat*, and the card of every claim it mounts."""
        chains: list[Chain] = []
        claims: list[Node] = []
        for name in names:
            obj = self._view.get("PersistentVolumeClaim", namespace, name)
            if obj is not None:
                claim = self._storage.claim(obj, unused)
            else:
                claim = self._storage.missing_claim(namespace, name)
            claims.append(claim)
            cls = EMPTY if unused or obj is None else claim.state
            self._graph.edges.append(Edge(f"mounts-{seat}-{claim.id}", f"mounts {cls}", seat, claim.id))
            if claim.id not in self._drawn:
                self._drawn.add(claim.id)
                volume = self._volume_beside(obj, claim) if obj is not None else None
                chains.append(Chain(claim, volume))
        return tuple(chains), claims

    def _volume_beside(self, obj: Obj, claim: Node) -> Node | None:
        class_name = class_name_of(obj)
        name = obj["spec"].get("volumeName", "")
        found = self._view.get("PersistentVolume", "", name) if name else None
        if found is None:
            volume = self._storage.vacant_volume(obj)
        else:
            volume = self._storage.volume(found, obj, bool(claim.more))
            if volume.id in self._drawn:
                return None
            self._drawn.add(volume.id)
            class_name = class_name_of(found)
        bound = claim.state == READY and volume.state == READY
        cls = READY if bound else claim.state
        still = " still-bound" if claim.more else ""
        self._graph.edges.append(Edge(f"binds-{claim.id}", f"binds {cls}{still}", claim.id, volume.id))
        if claim.state != LOST:
            self._of_class(class_name, volume)
        return volume

    def _of_class(self, class_name: str, volume: Node) -> None:
        if class_name:
            self._classes.setdefault(class_name)
            head = element_id("class", "", class_name)
            self._graph.edges.append(Edge(f"provisions-{volume.id}", "provisions", volume.id, head))

    # -- what belongs to no workload, lanes, machines ------------------------------------------------

    def _loose(self) -> None:
        block = Block(None)
        shown = {service.id for other in self._graph.blocks for service in other.services}
        for service in self._names.services:
            if element_id("service", namespace_of(service), name_of(service)) not in shown:
                block.services.append(self._lane(service, ""))
        pods = (pod for pod in self._census.awake("Pod") if uid_of(pod) not in self._drawn)
        self._pod_rows(None, block, sorted(pods, key=_age))
        for obj in sorted(self._census.awake("PersistentVolumeClaim"), key=_age):
            if element_id("claim", namespace_of(obj), name_of(obj)) not in self._drawn:
                claim = self._storage.claim(obj, unused=True)
                self._drawn.add(claim.id)
                block.rows.append(Row(None, (Chain(claim, self._volume_beside(obj, claim)),)))
        for volume in sorted(self._census.awake("PersistentVolume"), key=_age):
            owner = volume["spec"].get("claimRef") or {}
            elsewhere = self._namespace and owner.get("namespace", self._namespace) != self._namespace
            if element_id("volume", "", name_of(volume)) not in self._drawn and not elsewhere:
                node = self._storage.volume(volume, None, still_bound=False)
                self._of_class(class_name_of(volume), node)
                block.rows.append(Row(None, (Chain(None, node),)))
        if block.rows or block.services:
            self._add(block)

    def _lane(self, service: Obj, note: str) -> Node:
        domain = self._names.domain(namespace_of(service), name_of(service))
        return cards.service(service, domain, note)

    def _lanes(self, sts: Obj, domain: Domain) -> list[Node]:
        """Return the lanes above a set: the Service it names first, then others that select its Pods."""
        namespace = namespace_of(sts)
        lanes: list[Node] = []
        governing = self._view.get("Service", namespace, domain.name) if domain.name else None
        if governing is not None:
            lanes.append(self._lane(governing, unselected_note(domain, sts, self._view)))
        elif domain.name:
            lanes.append(cards.no_service(sts, domain.name))
        labels = labels_of({"metadata": sts["spec"]["template"].get("metadata") or {}})
        for service in self._names.selecting(namespace, labels):
            if name_of(service) != domain.name:
                lanes.append(self._lane(service, ""))
        return lanes

    def _add(self, block: Block) -> None:
        drawn = {lane.id for other in self._graph.blocks for lane in other.services}
        block.services = [lane for lane in block.services if lane.id not in drawn]
        self._graph.blocks.append(block)
        if block.workload is None:
            return
        for row in block.rows:
            if row.seat is not None:
                edge = f"owns-{row.seat.id}"
                self._graph.edges.append(Edge(edge, f"owns {row.seat.state}", block.workload.id, row.seat.id))

    def _finish(self) -> None:
        for storage_class in self._view.list("StorageClass"):
            self._classes.setdefault(name_of(storage_class))
        self._classes.update(dict.fromkeys(sorted(+self._census.classes)))
        self._graph.classes = [self._storage.storage_class(name) for name in self._classes if name]
        machines = [
            cards.machine(node, self._view.count("pods-by-node", name_of(node)))
            for node in self._view.list("Node")
        ]
        left_out: list[str] = []
        if self._hidden:
            left_out.append(f"{self._hidden:,} seats are folded into ranges: open one to see them")
        if len(machines) > MACHINES_SHOWN:
            machines.sort(key=lambda machine: machine.state == READY)
            left_out.append(f"{len(machines) - MACHINES_SHOWN} nodes are not shown")
            machines = machines[:MACHINES_SHOWN]
        self._graph.machines = machines
        self._graph.left_out = "; ".join(left_out)


def range_id(owner: Obj, first: int, size: int = CHUNK) -> str:
    """Return the id of the range of *owner* that begins at *first*."""
    kind = f"{'range' if size == CHUNK else 'span'}-{owner['kind'].lower()}"
    return element_id(kind, namespace_of(owner), name_of(owner), first)


def _age(obj: Obj) -> tuple[str, str, str]:
    return obj["metadata"].get("creationTimestamp", ""), namespace_of(obj), name_of(obj)


def _roll_out(sts: Obj, pod: Obj) -> dict[str, str]:
    """Return what *pod* shows of a roll-out under way: whether it is of the old template or the new."""
    status = sts.get("status") or {}
    new = status.get("updateRevision", "")
    if not new or status.get("currentRevision", new) == new:
        return {}
    mine = labels_of(pod).get("controller-revision-hash", "")
    which = "new" if mine == new else "old"
    return {"revision": f"{which} template {mine.rpartition('-')[2]}", "was": ""}
