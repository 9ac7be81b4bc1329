// The menu of a thing: right click, long press, the menu key or m. Its words come from the server when it opens.
(() => {
  const menu = document.getElementById('menu')
  const THINGS = '#picture > g[tabindex], [data-select]'
  const LONG = 500, SLIP = 9, EDGE = 6
  let anchor = [0, 0], origin = null, press = null

  const what = element => element.dataset.select ?? element.id
  const isOpen = () => menu.matches(':popover-open')
  const place = () => {
    const box = menu.getBoundingClientRect()
    menu.style.left = `${Math.max(EDGE, Math.min(anchor[0], innerWidth - box.width - EDGE))}px`
    menu.style.top = `${Math.max(EDGE, Math.min(anchor[1], innerHeight - box.height - EDGE))}px`
  }
  const show = () => {
    if (!isOpen()) menu.showPopover()
    place()
    const first = menu.querySelector('[data-first]') ?? menu.querySelector('[role=menuitem]') ?? menu
    first.focus({ preventScroll: true })
    if (first.matches('input:not([type=number])')) first.select()
  }
  const close = () => {
    if (!isOpen()) return
    menu.hidePopover()
    const back = origin?.id ? document.getElementById(origin.id) : origin
    back?.focus({ preventScroll: true })
  }
  const fetchMenu = name => {
    const url = `${menu.dataset.url}?what=${encodeURIComponent(name)}`
    htmx.ajax('GET', url, { target: '#menu', swap: 'innerHTML' })
  }
  const open = (element, x, y) => {
    anchor = [x, y]
    origin = element
    fetchMenu(what(element))
  }
  const beside = element => {
    const box = element.getBoundingClientRect()
    return [Math.min(box.left + 24, box.right), Math.min(box.top + 24, box.bottom)]
  }

  document.addEventListener('contextmenu', event => {
    const element = event.target.closest(THINGS)
    if (!element) return
    event.preventDefault()
    const [x, y] = event.clientX || event.clientY ? [event.clientX, event.clientY] : beside(element)
    if (!press) open(element, x, y)
  })

  // A long press is a right click for a finger; some browsers send that too, so it counts once.
  document.addEventListener('pointerdown', event => {
    if (isOpen() && !menu.contains(event.target)) close()
    const element = event.pointerType === 'touch' && event.target.closest(THINGS)
    if (!element || press) return letGo()
    const at = [event.clientX, event.clientY]
    press = { at, timer: setTimeout(() => open(element, ...at), LONG) }
  }, true)
  const letGo = () => {
    clearTimeout(press?.timer)
    press = null
  }
  document.addEventListener('pointermove', event => {
    if (press && Math.hypot(event.clientX - press.at[0], event.clientY - press.at[1]) > SLIP) letGo()
  }, true)
  for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, letGo, true)

  document.addEventListener('keydown', event => {
    if (event.key !== 'm' || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target.closest('input, textarea, select, #menu')) return
    const element = document.activeElement.closest(THINGS)
    if (!element) return
    event.preventDefault()
    open(element, ...beside(element))
  })

  // Inside: arrows walk, Escape goes one step back and then out; no key of the page is heard.
  const walk = (key, items) => {
    const here = items.indexOf(document.activeElement)
    const column = items.filter(item => item.matches('.copy') === document.activeElement.matches('.copy'))
    const at = column.indexOf(document.activeElement)
    if (key === 'ArrowDown') return column[(at + 1) % column.length]
    if (key === 'ArrowUp') return column[(at - 1 + column.length) % column.length]
    if (key === 'Home') return items[0]
    if (key === 'End') return column[column.length - 1]
    const next = items[here + (key === 'ArrowRight' ? 1 : -1)]
    return next && next.parentElement === document.activeElement.parentElement ? next : document.activeElement
  }
  menu.addEventListener('keydown', event => {
    event.stopPropagation()
    const items = [...menu.querySelectorAll('[role=menuitem]')]
    if (event.key === 'Escape') {
      event.preventDefault()
      const back = menu.querySelector('[data-menu]')
      if (back) back.click()
      else close()
    } else if (items.length && ['ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) {
      event.preventDefault()
      walk(event.key, items).focus()
    } else if (items.length && event.key === 'Tab') {
      event.preventDefault()
      close()
    }
  })
  menu.addEventListener('click', event => {
    const back = event.target.closest('[data-menu]')
    if (back) fetchMenu(back.dataset.menu)
  })
  menu.addEventListener('submit', event => { if (event.target.hasAttribute('hx-post')) setTimeout(close) })

  // What a button of the panel asks comes up beside it.
  document.addEventListener('submit', event => {
    if (menu.contains(event.target) || event.target.getAttribute('hx-target') !== '#menu') return
    origin = event.submitter
    const box = event.target.getBoundingClientRect()
    anchor = [box.left, box.bottom]
  }, true)
  document.addEventListener('htmx:after:swap', event => {
    if ((event.detail?.ctx?.target ?? event.target) === menu && menu.childElementCount) show()
  })
  addEventListener('resize', () => { if (isOpen()) place() })
})()
