// The time bar: its ticks are fetched at most once a second while it is open; its slider goes to a revision.
(() => {
  const bar = document.getElementById('timebar'), slider = document.getElementById('scrub')
  const when = document.getElementById('when'), opener = document.getElementById('time')
  const GAP = 1000
  let last = 0, timer = null, held = false

  const ticks = () => document.getElementById('ticks')
  const place = () => {
    const drawn = ticks().dataset, past = document.getElementById('past').dataset
    if (!drawn.newest) return
    const newest = Math.max(drawn.newest, past.newest ?? 0)  // the ticks may be a second old
    slider.max = newest
    slider.style.width = `calc((100% - 16px) * ${newest / Math.max(1, newest, drawn.end)} + 16px)`
    if (!held && !window.stsviz.moves()) slider.value = past.at ? past.place : newest
    tell()
  }
  const tell = () => {
    const at = window.stsviz.at(), { last } = ticks().dataset
    const words = at ? `revision ${at} of ${last}` : `revision ${last}, now`
    when.textContent = words
    slider.setAttribute('aria-valuetext', words)
    const shown = document.getElementById('past-last')
    if (shown) shown.textContent = last
  }
  const fetchTicks = async () => {
    timer = null
    last = performance.now()
    if (document.getElementById('tracks').hidden || document.hidden) return
    const url = new URL(bar.dataset.url, location.href)
    url.searchParams.set('seen', ticks().dataset.seen ?? '')
    const answer = await fetch(url).catch(() => null)  // that nobody answers, the socket says
    if (answer?.status !== 200) return
    const made = document.createElement('template')
    made.innerHTML = await answer.text()
    for (const part of [...made.content.children]) document.getElementById(part.id).replaceWith(part)
    const drawing = ticks().querySelector('svg')
    drawing.style.height = `${drawing.dataset.height}px`
    place()
  }
  const soon = () => { timer ??= setTimeout(fetchTicks, Math.max(0, last + GAP - performance.now())) }

  const to = place => {
    if (place < Number(slider.max)) window.stsviz.go({ place })
    else window.stsviz.now()
  }
  slider.addEventListener('input', () => {
    held = true
    to(Number(slider.value))
  })
  slider.addEventListener('change', () => { held = false })
  document.addEventListener('stsviz:moved', place)
  document.addEventListener('htmx:ws:after:message:incoming', soon)
  document.addEventListener('visibilitychange', soon)
  opener.addEventListener('click', () => {
    const tracks = document.getElementById('tracks')
    tracks.hidden = !tracks.hidden
    opener.setAttribute('aria-expanded', String(!tracks.hidden))
    soon()
  })
  window.stsviz.scrub = by => {
    slider.value = Number(slider.value) + by
    to(Number(slider.value))
  }
  fetchTicks()
})()
