// What is selected: an element of the picture, or a row or line that names an object. It asks the server for its
// panel; the mark is a style sheet of its own, so that no swap can wipe it.
(() => {
  const mark = new CSSStyleSheet()
  document.adoptedStyleSheets.push(mark)
  const select = (what, focus = true) => {
    const element = document.getElementById(what)
    mark.replaceSync(what.includes('/') ? '' : `#picture [id="${CSS.escape(what)}"] { outline: 2px solid var(--mark); outline-offset: 5px; border-radius: 6px }`)
    if (element?.closest('#picture') && focus) {
      element.focus({ preventScroll: true })
      window.stsviz.show(element)
    }
    const url = `${document.body.dataset.object}?what=${encodeURIComponent(what)}`
    const shown = htmx.ajax('GET', url, { target: '#panel', swap: 'outerHTML' })
    shown.then(() => { document.getElementById('side').scrollTop = 0 })
    if (focus) shown.then(() => { if (document.activeElement === element) window.stsviz.show(element) })
    const tab = document.querySelector('input[name=tab][value=panel]')
    if (tab) tab.checked = true
  }
  const clear = () => {
    mark.replaceSync('')
    const panel = document.getElementById('panel')
    if (!panel.dataset.element) return
    delete panel.dataset.element
    const nothing = document.createElement('input')  // tells the server, or its news would open the panel again
    for (const [name, value] of [['type', 'hidden'], ['class', 'hint'], ['name', 'selected'], ['value', ''], ['hx-ws:send', ''], ['hx-trigger', 'load']]) nothing.setAttribute(name, value)
    panel.replaceChildren(nothing)
    htmx.process(panel)
  }
  document.addEventListener('click', event => {
    if (event.target.closest('#close')) return clear()
    const named = event.target.closest('[data-select]')
    if (named) return select(named.dataset.select, false)
    if (document.getElementById('room').classList.contains('dragging')) return
    const element = event.target.closest('#picture > g[tabindex]')
    if (element) select(element.id)
  })
  Object.assign(window.stsviz, { select, clear })
})()
