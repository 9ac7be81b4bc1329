// Looking at the past: fetch what the page was at a revision, keep the live picture away meanwhile, come back.
(() => {
  const bar = document.getElementById('timebar')
  const past = () => document.getElementById('past')
  const at = () => Number(past().dataset.at) || 0
  let busy = false, wanted = null  // one request at a time; of the wishes meanwhile the newest counts
  let turn = 0  // another one makes what is under way stale

  const mark = () => {  // every command and question of the page says where it is asked
    const headers = JSON.parse(document.body.getAttribute('hx-headers:inherited'))
    if (at()) headers['X-Stsviz-At'] = String(at())
    else delete headers['X-Stsviz-At']
    document.body.setAttribute('hx-headers:inherited', JSON.stringify(headers))
    for (const link of document.querySelectorAll('.tools > a, #tables h2 a')) link.search = at() ? `?at=${at()}` : ''
    history.replaceState(null, '', at() ? `${bar.dataset.page}at/${at()}` : bar.dataset.page)
    document.dispatchEvent(new CustomEvent('stsviz:moved', { detail: at() }))
  }
  const show = async text => {
    await htmx.swap({ sourceElement: document.body, target: document.body, swap: 'none swapEmpty:false', text, transition: false })
    mark()
  }
  const cursor = () => document.getElementById('cursor').getAttribute('value')
  const fetchPast = async (query, shown = cursor()) => {
    const url = new URL(bar.dataset.scrub, location.href)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    if (at()) url.searchParams.set('from', at())
    else url.searchParams.set('live', shown)
    const selected = document.getElementById('panel').dataset.element
    if (selected) url.searchParams.set('selected', selected)
    const answer = await fetch(url)
    const text = await answer.text()
    // What came by the socket meanwhile is not in what this answer builds on.
    if (!at() && shown && shown !== cursor()) return fetchPast(query, '')
    if (answer.ok) return text
    document.getElementById('said').innerHTML = text
    return null
  }
  const ask = async query => {
    wanted = query
    if (busy) return
    busy = true
    try {
      while (wanted) {
        const query = wanted, mine = turn
        wanted = null
        const text = await fetchPast(query)
        if (text !== null && mine === turn) await show(text)
      }
    } finally { busy = false }
  }
  const go = query => ask(query)
  const now = () => {
    if (!at()) return
    if ('sealed' in past().dataset) return go({ revision: document.getElementById('past-last').textContent })  // a run has no now
    wanted = null
    turn += 1
    const input = document.createElement('input')
    Object.assign(input, { type: 'hidden', name: 'at', value: '' })
    input.setAttribute('hx-ws:send', '')
    input.setAttribute('hx-trigger', 'load')
    for (const name of ['at', 'place', 'newest']) delete past().dataset[name]
    past().replaceChildren(input)
    document.getElementById('cursor').setAttribute('value', '')
    mark()
    htmx.process(past())  // the socket answers with the whole page of now
  }
  // What was under way when the page went to the past would be drawn into it.
  document.addEventListener('htmx:ws:before:message:incoming', event => {
    const text = event.detail.message.data
    if (at() && typeof text === 'string' && !text.startsWith('<data id="head"')) event.detail.cancelled = true
  })
  document.addEventListener('click', event => {
    if (event.target.closest('[data-now]')) now()
    else if (event.target.closest('#undo')) ask({ before: at() || '' })
    else return
    event.preventDefault()
  })
  if (at()) mark()
  Object.assign(window.stsviz, { go, now, at, moves: () => wanted !== null, undo: () => ask({ before: at() || '' }) })
})()
