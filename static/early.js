// What somebody presses before htmx is there waits for it: else a form would be sent the browser's way, and lost.
(() => {
  const kept = []
  const keep = event => {
    const element = event.target.closest(event.type === 'submit' ? 'form' : 'button[hx-post], button[hx-get]')
    if (!element?.matches('[hx-post], [hx-get]')) return
    event.preventDefault()
    event.stopImmediatePropagation()
    kept.push(() => event.type === 'submit' ? element.requestSubmit(event.submitter) : element.click())
  }
  for (const kind of ['submit', 'click']) addEventListener(kind, keep, true)
  document.addEventListener('DOMContentLoaded', () => setTimeout(() => {
    for (const kind of ['submit', 'click']) removeEventListener(kind, keep, true)
    kept.forEach(again => again())
  }))
})()
