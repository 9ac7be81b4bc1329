"""Every address of the site."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from stsviz.pages import (
    carried,
    compare,
    consumers,
    forks,
    lanes,
    lens,
    login,
    menu,
    past,
    player,
    scenarios,
    search,
    share,
    side,
    stored,
    timebar,
    views,
)
from stsviz.pages.present import present
from stsviz.pages.tables import tables

handler400 = "stsviz.pages.refusals.malformed"
handler404 = "stsviz.pages.refusals.not_found"

urlpatterns = [
    path("", views.home, name="home"),
    path("login", login.come_in, name="login"),
    path("logout", login.go_out, name="logout"),
    path("scenarios", scenarios.scenarios, name="scenarios"),
    path("scenarios/<slug:key>", scenarios.scenario, name="scenario"),
    path("scenarios/<slug:key>/start", scenarios.start, name="start-scenario"),
    path("scenarios/<slug:key>/tell", scenarios.tell, name="tell"),
    path("scenario", scenarios.load, name="load-scenario"),
    path("side", side.pick, name="pick-side"),
    path("pairs/of/<slug:name>", side.pair_menu, name="side-menu"),
    path("pairs/<slug:key>/start", side.start, name="start-pair"),
    path("c/<slug:name>/object/<slug:half>", side.selected, name="side-object"),
    path("side/<slug:a>/<slug:b>", side.side, name="side"),
    path("side/<slug:a>/<slug:b>/both", side.both, name="side-both"),
    path("side/<slug:a>/<slug:b>/do/<slug:verb>", side.do, name="side-do"),
    path("side/<slug:a>/<slug:b>/survived", side.survived, name="side-survived"),
    path("clusters", views.create_cluster, name="create-cluster"),
    path("c/<slug:name>/", views.page, name="page"),
    path("c/<slug:name>/present", present, name="present"),
    path("c/<slug:name>/apply", views.apply, name="apply"),
    path("c/<slug:name>/apply/<slug:job>", views.apply_progress, name="apply-progress"),
    path("c/<slug:name>/apply/<slug:job>/stop", views.apply_stop, name="apply-stop"),
    path("c/<slug:name>/object", views.selected, name="object"),
    path("c/<slug:name>/search", search.search, name="search"),
    path("c/<slug:name>/show", search.show, name="show"),
    path("c/<slug:name>/unfold", views.unfold, name="unfold"),
    path("c/<slug:name>/menu", menu.menu, name="menu"),
    path("c/<slug:name>/do/<slug:verb>", views.command, name="command"),
    path("c/<slug:name>/file", views.read_file, name="file"),
    path("c/<slug:name>/clock", views.clock, name="clock"),
    path("c/<slug:name>/at/<int:revision>", past.page, name="past"),
    path("c/<slug:name>/scrub", past.scrub, name="scrub"),
    path("c/<slug:name>/lanes", lanes.lanes, name="lanes"),
    path("c/<slug:name>/dns", lens.lens, name="dns"),
    path("c/<slug:name>/compare", compare.compare, name="compare"),
    path("c/<slug:name>/timebar", timebar.timebar, name="timebar"),
    path("c/<slug:name>/fork", forks.fork, name="fork"),
    path("c/<slug:name>/undo", forks.undo, name="undo"),
    path("c/<slug:name>/demo", views.demo, name="demo"),
    path("c/<slug:name>/reset", views.reset, name="reset"),
    path("c/<slug:name>/destroy", views.destroy, name="destroy"),
    path("c/<slug:name>/example/<slug:example>", views.example, name="example"),
    path("c/<slug:name>/kubeconfig", views.kubeconfig, name="kubeconfig"),
    path("c/<slug:name>/run.html", player.run_file, name="run-file"),
    path("c/<slug:name>/run.json", player.run_data, name="run-data"),
    path("c/<slug:name>/embed", player.embed, name="embed"),
    path("c/<slug:name>/cluster.yaml", share.cluster_yaml, name="cluster-yaml"),
    path("c/<slug:name>/sharing", share.menu, name="share-menu"),
    path("c/<slug:name>/share", stored.store, name="share"),
    path("run", carried.carried, name="carried"),
    path("s/<slug:run>", stored.show, name="stored"),
    path("s/<slug:run>/embed", stored.embed, name="stored-embed"),
    path("c/<slug:name>/tables", tables, name="as-tables"),
    path("c/<slug:name>/tables.txt", views.tables, name="tables"),
    re_path(r"^c/(?P<name>[-\w]+)/picture\.(?P<form>svg|png|pdf|dot)$", views.picture, name="picture"),
]
for pattern in urlpatterns:
    forks.forking(pattern)  # whoever acts in the past acts in a fork

websocket_urlpatterns: list[URLPattern] = [
    path("ws/c/<slug:name>", consumers.Viewer.as_asgi()),
    re_path(r"", consumers.Nowhere.as_asgi()),
]
