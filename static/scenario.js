// A scenario points at a thing: the picture marks it where it is, and nothing moves. And: the language, the menu.
(() => {
  const mark = new CSSStyleSheet()
  document.adoptedStyleSheets.push(mark)
  const room = document.getElementById('room')
  const isOutside = element => {  // the viewer decides whether the picture moves: the button shows the way
    const a = element.getBoundingClientRect(), b = room.getBoundingClientRect()
    return a.bottom > b.bottom || a.top < b.top || a.left > b.right || a.right < b.left
  }
  let shown = ''
  const point = () => {
    const ids = document.getElementById('story')?.dataset.look ?? ''
    if (ids === shown) return
    shown = ids
    const places = ids.split(' ').filter(Boolean).map(id => `#picture [id="${CSS.escape(id)}"]`)
    const rules = places.length ? [`${places.join(', ')} { outline: 4px solid color-mix(in srgb, var(--mark) 70%, transparent); outline-offset: 3px; border-radius: 8px }`] : []
    const element = places.map(place => document.querySelector(place)).find(Boolean)
    if (element && isOutside(element)) rules.push('#story .look::after { content: " ↓" }')
    mark.replaceSync(rules.join('\n'))
  }
  point()
  const stage = document.getElementById('stage')
  new MutationObserver(point).observe(stage, { childList: true })
  new MutationObserver(point).observe(stage, { subtree: true, attributeFilter: ['data-look'] })

  document.getElementById('words').addEventListener('click', () => {
    const words = document.body.dataset.words === 'zh' ? 'en' : 'zh'
    document.body.dataset.words = words
    document.cookie = `stsviz-words=${words}; path=/; max-age=31536000; samesite=strict`
  })

  const menu = document.getElementById('scenarios')
  menu.addEventListener('toggle', () => {
    if (menu.open) htmx.ajax('GET', menu.dataset.url, { target: '#scenario-list', swap: 'outerHTML' })
  })
  document.addEventListener('change', event => {
    if (event.target.id === 'scenario-file' && event.target.files.length) event.target.form.requestSubmit()
  })
  document.addEventListener('click', event => {  // the same file again, corrected: that is a change too
    if (event.target.id === 'scenario-file') event.target.value = ''
  })
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && menu.open) { menu.open = false; menu.querySelector('summary').focus() }
  })
})()
