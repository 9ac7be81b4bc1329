// Find: what is typed is asked of the server, and what is chosen is unfolded, brought into the room and selected.
(() => {
  const box = document.getElementById('finder'), input = document.getElementById('find'), list = document.getElementById('found')
  const QUIET = 120, PATIENCE = 4000  // milliseconds: of typing; until an unfolded range has been drawn
  let timer = null, asked = 0

  const options = () => [...list.querySelectorAll('[role=option]')]
  const chosen = () => list.querySelector('[aria-selected=true]')
  const mark = option => {
    chosen()?.setAttribute('aria-selected', 'false')
    option?.setAttribute('aria-selected', 'true')
    option?.scrollIntoView({ block: 'nearest' })
    if (option) input.setAttribute('aria-activedescendant', option.id)
    else input.removeAttribute('aria-activedescendant')
  }
  const open = isOpen => {
    list.hidden = !isOpen
    input.setAttribute('aria-expanded', String(isOpen))
    if (!isOpen) mark(null)
  }
  const ask = async () => {
    const mine = ++asked, q = input.value.trim()
    if (!q) { list.replaceChildren(); return open(false) }
    await htmx.ajax('GET', `${box.dataset.url}?q=${encodeURIComponent(q)}`, { target: '#found', swap: 'innerHTML' })
    if (mine !== asked || document.activeElement !== input) return
    open(list.childElementCount > 0)
    mark(options()[0])
  }
  const drawn = id => new Promise(resolve => {
    const there = () => document.querySelector(`#picture > [id="${CSS.escape(id)}"]`)
    if (there() || !id) return resolve(there())
    const watch = new MutationObserver(() => { if (there()) done() })
    const done = () => { watch.disconnect(); clearTimeout(late); resolve(there()) }
    const late = setTimeout(done, PATIENCE)
    watch.observe(document.getElementById('canvas'), { subtree: true, childList: true })
  })
  const jump = async what => {
    open(false)
    const headers = JSON.parse(document.body.getAttribute('hx-headers:inherited'))
    const answer = await fetch(box.dataset.show, { method: 'POST', headers, body: new URLSearchParams({ what }) })
    const element = await drawn(answer.ok ? await answer.text() : '')
    if (!element) return window.stsviz.select(what)  // it has no place in the picture: its panel says what it is
    window.stsviz.centre(element)
    window.stsviz.select(element.id)
  }

  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, QUIET) })
  input.addEventListener('focus', () => { if (list.childElementCount) open(true) })
  input.addEventListener('blur', () => open(false))
  input.addEventListener('keydown', async event => {
    const all = options(), at = all.indexOf(chosen())
    if (event.key === 'Escape') { if (list.hidden) input.blur(); else open(false) }
    else if (event.key === 'ArrowDown' && all.length) { open(true); mark(all[(at + 1) % all.length]) }
    else if (event.key === 'ArrowUp' && all.length) { open(true); mark(all[(at - 1 + all.length) % all.length]) }
    else if (event.key === 'Enter') {
      if (timer) { clearTimeout(timer); timer = null; await ask() }
      const what = (chosen() ?? options()[0])?.dataset.find
      if (what) jump(what)
    } else return
    event.preventDefault()
    event.stopPropagation()
  })
  list.addEventListener('pointerdown', event => event.preventDefault())  // the box keeps the focus
  list.addEventListener('click', event => {
    const what = event.target.closest('[data-find]')?.dataset.find
    if (what) jump(what)
  })
  document.addEventListener('keydown', event => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || !window.stsviz.hears(event)) return
    if (event.target.closest('input, textarea, select')) return
    event.preventDefault()
    input.focus()
    input.select()
  })
})()
