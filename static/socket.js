// The socket resumes: whatever address it opens next carries the last message seen and what is selected.
(() => {
  const link = () => document.getElementById('link')
  const address = () => {
    const url = new URL(`/ws/c/${document.body.dataset.cluster}`, location.href)
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    url.searchParams.set('cursor', document.getElementById('cursor').getAttribute('value'))
    const panel = document.getElementById('panel')
    const at = document.getElementById('past').dataset.at
    if (at) url.searchParams.set('at', at)
    if (panel.dataset.element) url.searchParams.set('selected', panel.dataset.element)
    return url.href
  }
  let connection = null
  document.addEventListener('htmx:ws:before:connection', event => {
    connection = event.detail.connection
    connection.config.reconnectMaxDelay = 4000
  })
  document.addEventListener('htmx:ws:after:connection', () => { link().textContent = '' })
  document.addEventListener('htmx:ws:after:message:incoming', event => { event.detail.connection.url = address() })
  document.addEventListener('htmx:after:swap', () => { if (connection) connection.url = address() })
  document.addEventListener('htmx:ws:close', event => {
    if (event.detail.code === 4404) {
      link().textContent = 'this cluster was deleted or made anew: load the page again'
    } else if (!document.hidden) {
      link().textContent = 'no connection: trying again'
    }
  })
})()
