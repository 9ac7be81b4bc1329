// The time bar: its ticks are fetched a second after something happened, while it is open; its slider goes to a revision.
(() => {
  const bar = document.getElementById('timebar'), slider = document.getElementById('scrub')
  const when = document.getElementById('when'), opener = document.getElementById('time')
  const GAP = 1000
  let timer = null, held = false

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
  // Not at once: the server has the same news to bring to the other viewers, and more of it mostly follows.
  const soon = () => { timer ??= setTimeout(fetchTicks, GAP) }

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
  document.addEventListener('visibilitychange', () => fetchTicks())
  opener.addEventListener('click', () => {
    const tracks = document.getElementById('tracks')
    tracks.hidden = !tracks.hidden
    opener.setAttribute('aria-expanded', String(!tracks.hidden))
    fetchTicks()
  })
  window.stsviz.scrub = by => {
    slider.value = Number(slider.value) + by
    to(Number(slider.value))
  }
  fetchTicks()
})()
