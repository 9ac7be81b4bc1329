// The Share menu: fetched when it opens, for what the page shows then; a link to the moment is opened where it points.
(() => {
  const menu = document.getElementById('share')
  menu.addEventListener('toggle', () => {
    if (!menu.open) return
    const url = new URL(menu.dataset.url, location.href)
    if (window.stsviz.at()) url.searchParams.set('at', window.stsviz.at())
    const what = document.getElementById('panel').dataset.element
    if (what) url.searchParams.set('what', what)
    htmx.ajax('GET', url.pathname + url.search, { target: '#share-list', swap: 'outerHTML' })
  })
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && menu.open) { menu.open = false; menu.querySelector('summary').focus() }
  })
  const what = new URLSearchParams(location.search).get('what')
  if (what) addEventListener('load', () => window.stsviz.select(what))
})()
