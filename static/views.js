// The views of the stage: the picture, or what is fetched in its place. What says where to ask again is
// kept fresh while it is seen.
(() => {
  const view = document.getElementById('view')
  const GAP = 1000
  let last = 0, timer = null

  const fetchView = url => htmx.ajax('GET', url, { target: '#view', swap: 'innerHTML' })
  const open = url => {
    for (const button of document.querySelectorAll('[data-view]')) button.setAttribute('aria-pressed', String(button.dataset.view === url))
    view.hidden = !url
    view.replaceChildren()
    if (url) fetchView(url)
  }
  const fresh = () => {
    timer = null
    last = performance.now()
    const shown = view.querySelector('[data-fresh]')  // the part that may have become another, and where to ask
    if (!shown || view.hidden || document.hidden) return
    htmx.ajax('GET', shown.dataset.fresh, { target: `#${shown.id}`, swap: 'outerHTML' })
  }
  const soon = () => { timer ??= setTimeout(fresh, Math.max(0, last + GAP - performance.now())) }

  document.addEventListener('click', event => {
    const button = event.target.closest('[data-view]')
    if (button) open(button.dataset.view)
  })
  document.addEventListener('htmx:ws:after:message:incoming', soon)
  document.addEventListener('stsviz:moved', soon)
  Object.assign(window.stsviz, { view: open })
})()
