// The keyboard: arrows walk to the nearest element that way, Enter asks why, and the clock's keys.
(() => {
  const room = document.getElementById('room')
  const middle = element => {
    const box = element.getBoundingClientRect()
    return [box.left + box.width / 2, box.top + box.height / 2]
  }
  const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }
  const walk = ([wayX, wayY]) => {
    const all = [...document.querySelectorAll('#picture > g[tabindex]')]
    const here = document.activeElement.closest('#picture > g[tabindex]')
    if (!here) return go(all.find(element => element.matches('.seat, .pod')) ?? all[0])
    const [x, y] = middle(here)
    let best = null, least = Infinity
    for (const element of all) {
      if (element === here) continue
      const [ex, ey] = middle(element), ahead = (ex - x) * wayX + (ey - y) * wayY
      const aside = Math.abs((ex - x) * wayY) + Math.abs((ey - y) * wayX)
      if (ahead > 4 && ahead + 3 * aside < least) { best = element; least = ahead + 3 * aside }
    }
    go(best)
  }
  const go = element => {
    if (!element) return
    element.focus({ preventScroll: true })
    window.stsviz.show(element)
  }
  const press = id => document.getElementById(id)?.click()

  // Keys of one letter can be turned off: who speaks to the browser, or slips, presses them without meaning to.
  const single = document.getElementById('single-keys')
  try { single.checked = localStorage.getItem('single-keys') !== 'off' } catch { /* nothing is kept here */ }
  single.addEventListener('change', () => {
    try { localStorage.setItem('single-keys', single.checked ? 'on' : 'off') } catch { /* until the page goes */ }
  })
  const hears = event => single.checked && !event.target.closest('input:not([type=checkbox]), textarea, select, #menu')
  const closeMenu = () => {
    const menu = document.querySelector('header details[open]')
    if (!menu) return false
    menu.open = false
    menu.querySelector('summary').focus()
    return true
  }
  window.stsviz.hears = hears
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && closeMenu()) return event.preventDefault()
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select')) return
    const inPicture = room.contains(event.target)
    if (event.key === 'Escape') window.stsviz.clear()
    else if (inPicture && WAYS[event.key]) walk(WAYS[event.key])
    else if (inPicture && event.key === 'Enter' && document.activeElement.id) window.stsviz.select(document.activeElement.id)
    else if (!hears(event)) return
    else if (event.key === ' ' && !event.target.closest('button, summary, a')) press('play')
    else if (event.key === '.') press('step')
    else if (event.key === 'e') press('event')
    else if (event.key === 'z') window.stsviz.undo()
    else if (event.key === '[' || event.key === ']') window.stsviz.scrub(event.key === '[' ? -1 : 1)
    else if (event.key === 'n') window.stsviz.now()
    else if (event.key === '+' || event.key === '=') window.stsviz.zoom('in')
    else if (event.key === '-') window.stsviz.zoom('out')
    else if (event.key === '0') window.stsviz.zoom('fit')
    else return
    event.preventDefault()
  })
})()
