// A scenario points at a thing: the picture marks it where it is, and nothing moves. And: the language, the menu.
(() => {
  const mark = new CSSStyleSheet()
  document.adoptedStyleSheets.push(mark)
  let shown = ''
  const point = () => {
    const ids = document.getElementById('story')?.dataset.look ?? ''
    if (ids === shown) return
    shown = ids
    const places = ids.split(' ').filter(Boolean).map(id => `#picture [id="${CSS.escape(id)}"]`)
    mark.replaceSync(places.length ? `${places.join(', ')} { outline: 2px dashed var(--mark); outline-offset: 4px; border-radius: 8px }` : '')
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
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && menu.open) { menu.open = false; menu.querySelector('summary').focus() }
  })
})()
