// Presenting: nothing but the picture and one sentence, turned by the keys of a clicker.
(() => {
  const body = document.body, black = document.getElementById('black'), teller = document.getElementById('teller')
  const stage = document.getElementById('stage')
  const AWAY = 'header, nav.tabs, #write, #side, #happened, #tables, #timebar, .tools'
  const WAYS = { PageDown: 1, ArrowRight: 1, ArrowDown: 1, '.': 1, PageUp: -1, ArrowLeft: -1, ArrowUp: -1 }
  let shown = ''

  const isOn = () => body.classList.contains('presenting')
  const told = () => document.getElementById('story').dataset
  const tell = (what, beat = '') => {
    teller.elements.do.value = what
    teller.elements.beat.value = beat
    teller.requestSubmit()
  }
  const turn = way => {
    const story = told()
    if ('beat' in story) { if (way < 0 || 'runs' in story) tell(...way > 0 ? ['next'] : ['back', Math.max(1, story.beat - 1)]) }
    else if ('runs' in story) { if (way > 0) tell('next') }  // the demo of another cluster has no way back
    else if (way < 0 || window.stsviz.at()) window.stsviz.scrub(way)
    else document.getElementById('step').click()
  }
  const jump = digit => {
    const number = digit || 10
    if (number <= document.querySelectorAll('#story .chip').length) tell('go', number)
  }

  // What the beat points at, else what the last decision was about, comes into view, and only when that changes.
  const point = () => {
    const line = document.querySelector('#timeline [data-select]')?.dataset.select ?? ''
    const ids = told().look?.split(' ') ?? []
    const end = line.split('/').slice(1).filter(Boolean).join('-')
    const element = ids.map(id => document.getElementById(id)).find(Boolean)
      ?? ('beat' in told() || !end ? null : document.querySelector(`#picture > g[tabindex][id$="-${CSS.escape(end)}"]`))
    if (!element || element.id === shown) return
    shown = element.id
    window.stsviz.show(element)
  }
  const watch = new MutationObserver(point)
  const set = on => {
    body.classList.toggle('presenting', on)
    for (const part of document.querySelectorAll(AWAY)) part.inert = on
    black.hidden = true
    shown = ''
    window.stsviz.zoom('fit')
    if (on) {
      window.stsviz.view('')
      window.stsviz.clear()
      watch.observe(stage, { childList: true, subtree: true, attributeFilter: ['data-look', 'data-beat'] })
      watch.observe(document.getElementById('happened'), { childList: true, subtree: true })
      document.getElementById('room').focus({ preventScroll: true })
      point()
    } else watch.disconnect()
    if ('runs' in told()) tell(on || 'beat' in told() ? 'wait' : 'play')  // a speaker turns the pages
  }
  const enter = () => {
    history.pushState(null, '', body.dataset.present)
    set(true)
  }
  const leave = () => {
    set(false)
    if (location.pathname === body.dataset.present) history.replaceState(null, '', document.getElementById('timebar').dataset.page)
    document.getElementById('present').focus()
  }

  addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const digit = /^[0-9]$/.test(event.key)
    if (!isOn()) {
      if (event.key !== 'p' || !window.stsviz.hears(event)) return
      enter()
    } else if (!black.hidden) black.hidden = true
    else if (event.key in WAYS) turn(WAYS[event.key])
    else if (digit) jump(Number(event.key))
    else if (event.key === 'b' || event.key === 'B') black.hidden = false
    else if (event.key === 'Escape') leave()
    else return
    event.preventDefault()
    event.stopImmediatePropagation()
  }, true)
  addEventListener('resize', () => { if (isOn()) { shown = ''; point() } })
  black.addEventListener('click', () => { black.hidden = true })
  document.getElementById('leave').addEventListener('click', leave)
  document.getElementById('present').addEventListener('click', event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return  // in a window of its own
    event.preventDefault()
    enter()
  })
  addEventListener('popstate', () => {
    const on = location.pathname === body.dataset.present
    if (on !== isOn()) set(on)
  })
  if (isOn()) addEventListener('load', () => set(true))  // before that a form is not yet htmx's, and would be sent as a page
})()
