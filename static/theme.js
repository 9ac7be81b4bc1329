// Light or dark: what the viewer chose, else what the system says. Runs before anything is painted.
(() => {
  const root = document.documentElement
  const system = matchMedia('(prefers-color-scheme: dark)')
  const chosen = () => { try { return localStorage.getItem('theme') } catch { return null } }
  const show = () => { root.dataset.theme = chosen() ?? (system.matches ? 'dark' : 'light') }
  show()
  system.addEventListener('change', show)
  document.addEventListener('click', event => {
    if (!event.target.closest('#theme')) return
    try { localStorage.setItem('theme', root.dataset.theme === 'dark' ? 'light' : 'dark') } catch { return }
    show()
  })
})()
