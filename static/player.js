// Plays a run: from the file it stands in, or fetched when somebody wants to move. It draws what it is given, no more.
(() => {
  const get = id => document.getElementById(id)
  const slider = get('step'), sentence = get('sentence'), room = get('room'), play = get('play')
  const SVG = 'http://www.w3.org/2000/svg'
  let run = null, loading = null, at = -1, timer = null
  const shown = new Map()  // element id -> number of its drawing
  const made = []  // drawings as elements

  const unpack = async text => {
    const bytes = Uint8Array.from(atob(text), char => char.charCodeAt(0))
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
    return JSON.parse(await new Response(stream).text())
  }
  const fetched = async url => {
    const answer = await fetch(url)
    if (!answer.ok) throw new Error(await answer.text())
    return answer.json()
  }
  const load = () => loading ??= (async () => {
    const inside = get('run')
    const found = inside ? await unpack(inside.textContent) : await fetched(document.body.dataset.run)
    if (found.format !== 1) throw new Error('This run was written by another version.')
    const before = new Map()
    for (const step of found.steps) {  // what leads back: the drawing that was there before, or none
      step.undo = new Map()
      const put = (id, number) => {
        step.undo.set(id, before.get(id))
        if (number === undefined) before.delete(id)
        else before.set(id, number)
      }
      for (const number of step.put) put(found.drawings[number][0], number)
      for (const id of step.gone) put(id, undefined)
    }
    slider.max = found.steps.length - 1
    get('left').textContent = found.left
    const picture = document.createElementNS(SVG, 'svg')
    for (const [name, value] of Object.entries({ id: 'picture', class: 'picture', role: 'group', 'aria-label': 'The cluster' })) picture.setAttribute(name, value)
    room.replaceChildren(picture)
    run = found
  })().catch(error => {
    loading = null
    pause()
    sentence.textContent = typeof DecompressionStream === 'undefined' ? 'This browser is too old to unpack the run.' : `The run cannot be read: ${error.message}`
    throw error
  })

  const element = number => {
    if (!made[number]) {
      const parsed = new DOMParser().parseFromString(`<svg xmlns="${SVG}">${run.drawings[number][1]}</svg>`, 'image/svg+xml')
      made[number] = document.importNode(parsed.documentElement.firstElementChild, true)
      made[number].removeAttribute('tabindex')
    }
    return made[number]
  }
  const wanted = target => {  // what differs between here and there, the last word on each element
    const changes = new Map()
    for (; at < target; at++) {
      const step = run.steps[at + 1]
      for (const number of step.put) changes.set(run.drawings[number][0], number)
      for (const id of step.gone) changes.set(id, undefined)
    }
    for (; at > target; at--) for (const [id, number] of run.steps[at].undo) changes.set(id, number)
    return changes
  }
  const draw = target => {
    const picture = get('picture')
    for (const [id, number] of wanted(target)) {
      const old = shown.get(id)
      if (old === number) continue
      if (number === undefined) made[old].remove()
      else if (old === undefined) picture.append(element(number))
      else made[old].replaceWith(element(number))
      if (number === undefined) shown.delete(id)
      else shown.set(id, number)
    }
    const [width, height] = run.steps[target].size
    picture.setAttribute('viewBox', `0 0 ${width} ${height}`)
    picture.setAttribute('width', width)
    picture.setAttribute('height', height)
  }
  const tell = target => {
    const { clock, revision, said: [actor, text, because] } = run.steps[target]
    const time = document.createElement('time'), who = document.createElement('b')
    time.textContent = clock
    who.textContent = actor
    sentence.replaceChildren(time, ' ', who, `: ${text}${because ? ` — ${because}` : ''}`)
    const words = `step ${target + 1} of ${run.steps.length}, revision ${revision}`
    slider.value = target
    slider.setAttribute('aria-valuetext', words)
    get('when').textContent = words
  }
  const go = async target => {
    await load()
    target = Math.min(Math.max(target, 0), run.steps.length - 1)
    if (target === at || target < 0) return
    draw(target)
    tell(target)
    if (target === run.steps.length - 1) pause()
  }
  const by = n => go((run ? at : Number(slider.value)) + n).catch(() => {})

  const name = (mark, words) => { play.textContent = mark; play.setAttribute('aria-label', words) }
  const pause = () => {
    clearTimeout(timer)
    timer = null
    sentence.setAttribute('aria-live', 'polite')
    name('▶', 'Play')
  }
  const next = () => { timer = setTimeout(async () => { await by(1); if (timer) next() }, Number(get('pace').value)) }
  const start = async () => {
    sentence.setAttribute('aria-live', 'off')  // nobody can listen to three sentences a second
    name('❚❚', 'Pause')
    if (Number(slider.value) >= Number(slider.max)) await go(0).catch(() => {})
    if (run) next()
  }
  const toggle = () => timer ? pause() : start()

  play.addEventListener('click', toggle)
  get('back').addEventListener('click', () => { pause(); by(-1) })
  get('on').addEventListener('click', () => { pause(); by(1) })
  slider.addEventListener('input', () => { pause(); go(Number(slider.value)).catch(() => {}) })
  get('bar').addEventListener('submit', event => event.preventDefault())
  get('theme')?.addEventListener('click', () => {
    const root = document.documentElement, dark = matchMedia('(prefers-color-scheme: dark)').matches
    root.dataset.theme = (root.dataset.theme ?? (dark ? 'dark' : 'light')) === 'dark' ? 'light' : 'dark'
  })
  const keys = { ' ': toggle, ArrowLeft: () => { pause(); by(-1) }, ArrowRight: () => { pause(); by(1) }, Home: () => { pause(); by(-1e9) }, End: () => { pause(); by(1e9) } }
  document.addEventListener('keydown', event => {
    const act = keys[event.key]
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return
    if (event.target.closest(event.key === ' ' ? 'button, select, a' : 'input, select')) return
    event.preventDefault()
    act()
  })
  if (get('run')) go(0).catch(() => {})
})()
