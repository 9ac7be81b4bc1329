// Speaks what happened to those who do not see it: the newest sentence, at most once a second, and how many came before.
(() => {
  const spoken = document.getElementById('spoken'), happened = document.getElementById('happened')
  const GAP = 1000
  const revision = line => Number(line.id.slice(2))
  const lines = () => document.querySelectorAll('#timeline > li')
  let last = 0, said = 0, timer = null

  const speak = () => {
    timer = null
    said = performance.now()
    const all = [...lines()], newest = all.length ? revision(all[0]) : 0
    const fresh = all.filter(line => revision(line) > last)
    if (fresh.length && newest > last && !window.stsviz.at()) {
      const [, actor, what] = fresh[0].children
      const more = fresh.length - 1
      spoken.textContent = `${actor.textContent}: ${what.textContent.trim()}.` + (more ? ` And ${more} more before it.` : '')
    }
    last = newest
  }
  last = lines().length ? revision(lines()[0]) : 0
  new MutationObserver(() => {
    timer ??= setTimeout(speak, Math.max(50, said + GAP - performance.now()))
  }).observe(happened, { childList: true, subtree: true })
})()
