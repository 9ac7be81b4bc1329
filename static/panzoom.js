// Pan, zoom and fit the picture. Nothing but the viewer moves it: that the cluster grows does not.
(() => {
  const room = document.getElementById('room'), canvas = document.getElementById('canvas')
  const NEAR = 4, FAR = 0.05, LARGEST_FIT = 1.35, READABLE = 0.66, MARGIN = 12, SEEN = 560  // SEEN: of a picture's height, at home in a room that is high enough
  const PRESENTED = 2.4  // the smallest words of the picture have 10 px: 18 pt on the wall are 24
  let x = 0, y = 0, scale = 1, placed = 'home'  // then 'fit' or 'moved', as the viewer asks
  const pointers = new Map()

  const paint = () => { canvas.style.transform = `translate(${x}px, ${y}px) scale(${scale})` }
  const size = () => {
    const box = document.getElementById('picture')?.viewBox.baseVal
    return box ? [box.width, box.height] : [1, 1]
  }
  // Where it begins: its top, as wide as the room allows. What is in the picture does not come into it.
  const home = () => {
    const [w] = size(), W = room.clientWidth - 2 * MARGIN, H = room.clientHeight
    scale = Math.min(LARGEST_FIT, Math.max(READABLE, Math.min(W / w, Math.max(0.9, H / SEEN))))
    x = Math.max(MARGIN, (room.clientWidth - w * scale) / 2)
    y = MARGIN
    paint()
  }
  const fit = () => {
    const [w, h] = size(), W = room.clientWidth - 2 * MARGIN, H = room.clientHeight - 2 * MARGIN
    // All of it where its words can still be read; else as wide as the room, or readable and panned.
    scale = Math.min(LARGEST_FIT, Math.max(Math.min(W / w, H / h), Math.min(Math.max(W / w, READABLE), 0.9)))
    if (document.body.classList.contains('presenting')) scale = Math.min(NEAR, Math.max(W / w < H / h ? W / w : H / h, PRESENTED))
    x = Math.max(MARGIN, (room.clientWidth - w * scale) / 2)
    y = Math.max(MARGIN, (room.clientHeight - h * scale) / 2)
    paint()
  }
  const zoom = (factor, cx = room.clientWidth / 2, cy = room.clientHeight / 2) => {
    const next = Math.min(NEAR, Math.max(FAR, scale * factor))
    x = cx - (cx - x) * next / scale
    y = cy - (cy - y) * next / scale
    scale = next
    placed = 'moved'
    paint()
  }
  const move = (dx, dy) => { x += dx; y += dy; placed = 'moved'; paint() }

  room.addEventListener('wheel', event => {
    event.preventDefault()
    const box = room.getBoundingClientRect()
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 200), event.clientX - box.left, event.clientY - box.top)
    else if (event.shiftKey) move(-event.deltaY, 0)
    else move(-event.deltaX, -event.deltaY)
  }, { passive: false })
  room.addEventListener('pointerdown', event => pointers.set(event.pointerId, event))
  room.addEventListener('pointermove', event => {
    const before = pointers.get(event.pointerId)
    if (!before) return
    const other = [...pointers.values()].find(p => p.pointerId !== event.pointerId)
    if (other) {
      const box = room.getBoundingClientRect()
      const apart = p => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY) || 1
      zoom(apart(event) / apart(before), (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top)
    } else if (Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) > 3 || room.classList.contains('dragging')) {
      room.classList.add('dragging')
      move(event.clientX - before.clientX, event.clientY - before.clientY)
    } else return
    pointers.set(event.pointerId, event)
  })
  const end = event => {
    pointers.delete(event.pointerId)
    if (!pointers.size) setTimeout(() => room.classList.remove('dragging'))
  }
  for (const name of ['pointerup', 'pointercancel']) addEventListener(name, end)

  document.addEventListener('click', event => {
    const how = event.target.closest('[data-zoom]')?.dataset.zoom
    if (how) window.stsviz.zoom(how)
  })
  const place = () => {
    if (placed === 'fit') fit()
    else if (placed === 'home') home()
  }
  new ResizeObserver(place).observe(room)
  const shown = () => { if (document.body.classList.contains('presenting')) place() }  // nobody is there to ask for it
  new MutationObserver(shown).observe(canvas, { childList: true })
  new MutationObserver(shown).observe(canvas, { subtree: true, attributeFilter: ['viewBox'] })
  window.stsviz = {
    zoom: how => { if (how === 'fit') { placed = 'fit'; fit() } else zoom(how === 'in' ? 1.25 : 0.8) },
    centre: element => {  // bring an element to the middle of the height, large enough to be read
      if (scale < READABLE) zoom(READABLE / scale)
      const a = element.getBoundingClientRect(), b = room.getBoundingClientRect()
      move(0, b.top + (b.height - a.height) / 2 - a.top)
      window.stsviz.show(element)
    },
    show: element => {  // bring an element into the room, as little as needed
      const a = element.getBoundingClientRect(), b = room.getBoundingClientRect()
      const side = document.getElementById('side').getBoundingClientRect()  // may lie over the room's right end
      const right = side.left > b.left && side.top < b.bottom ? Math.min(side.left, b.right) : b.right
      const by = (low, high, from, to) => low < from ? from - low + MARGIN : high > to ? to - high - MARGIN : 0
      const dx = by(a.left, a.right, b.left, right), dy = by(a.top, a.bottom, b.top, b.bottom)
      if (dx || dy) move(dx, dy)
    },
  }
})()
