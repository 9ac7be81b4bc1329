// Two clusters side by side: a socket each, a panel each, one clock. What stands below is asked for again, at most
// once a second, when something has come.
(() => {
  const halves = [...document.querySelectorAll('.half')]
  const half = node => node?.closest?.('.half, .low') && halves.find(h => node.closest('.half') === h || node.closest('.low')?.dataset.half === h.dataset.half)
  const inside = (h, id) => document.getElementById(`${h.dataset.half}-${id}`)

  // Each socket resumes: what it opens next carries the last message seen and what is selected.
  const address = h => {
    const url = new URL(`/ws/c/${h.dataset.name}`, location.href)
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    url.searchParams.set('cursor', inside(h, 'cursor').getAttribute('value'))
    url.searchParams.set('half', h.dataset.half)
    const selected = inside(h, 'panel')?.dataset.element
    if (selected) url.searchParams.set('selected', selected)
    return url.href
  }
  const link = document.getElementById('link')
  document.addEventListener('htmx:ws:before:connection', event => {
    event.detail.connection.config.reconnectMaxDelay = 4000
  })
  document.addEventListener('htmx:ws:after:connection', () => { link.textContent = '' })
  document.addEventListener('htmx:ws:after:message:incoming', event => {
    event.detail.connection.url = address(event.target)
    soon()
  })
  document.addEventListener('htmx:ws:close', event => {
    if (event.detail.code === 4404) link.textContent = `${event.target.dataset.name} was deleted or made anew: load the page again`
    else if (!document.hidden) link.textContent = 'no connection: trying again'
  })

  // What stands below.
  const GAP = 1000
  let last = -GAP, timer = null
  const fresh = () => {
    timer = null
    last = performance.now()
    if (document.hidden) return
    for (const part of document.querySelectorAll('main > [data-fresh], .bar > [data-fresh]')) {
      if (part.contains(document.activeElement)) continue  // somebody is choosing there
      htmx.ajax('GET', part.dataset.fresh, { target: `#${part.id}`, swap: 'outerHTML' })
    }
  }
  const soon = () => { timer ??= setTimeout(fresh, Math.max(0, last + GAP - performance.now())) }
  document.addEventListener('visibilitychange', soon)
  fresh()

  // A panel for each half.
  const marks = new Map(halves.map(h => [h, new CSSStyleSheet()]))
  document.adoptedStyleSheets.push(...marks.values())
  const select = (h, what) => {
    const id = `${h.dataset.half}-${what}`
    marks.get(h).replaceSync(what.includes('/') ? '' : `.picture [id="${CSS.escape(id)}"] { outline: 2px solid var(--mark); outline-offset: 5px; border-radius: 6px }`)
    const url = `${h.dataset.object}?what=${encodeURIComponent(what)}`
    htmx.ajax('GET', url, { source: h, target: `#${h.dataset.half}-panel`, swap: 'outerHTML' })
  }
  const clear = h => {
    marks.get(h).replaceSync('')
    inside(h, 'panel').replaceChildren()
    delete inside(h, 'panel').dataset.element
  }
  document.addEventListener('click', event => {
    const h = half(event.target)
    if (!h) return
    if (event.target.closest('[data-clear]')) return clear(h)
    const named = event.target.closest('[data-select]')
    if (named) select(h, named.dataset.select)
  })

  // The menu is one for both: before it opens it is told whose it is.
  const menu = document.getElementById('menu')
  for (const name of ['contextmenu', 'pointerdown', 'keydown']) {
    document.addEventListener(name, event => {
      const h = half(event.target)
      if (h) menu.dataset.url = h.dataset.menuUrl
    }, true)
  }

  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select')) return
    const element = event.target.closest('.picture > g[tabindex]')
    const press = id => document.getElementById(`a-${id}`)?.click()
    if (event.key === 'Escape') halves.forEach(clear)
    else if (event.key === 'Enter' && element) select(half(element), element.dataset.select)
    else if (event.key === ' ' && !event.target.closest('button, summary, a')) press('play')
    else if (event.key === '.') press('step')
    else if (event.key === 'e') press('event')
    else return
    event.preventDefault()
  })
})()
