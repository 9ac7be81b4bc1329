// Copy buttons, and jumps to a part of the panel that is folded.
(() => {
  const told = new WeakMap()
  const say = (button, word) => {
    clearTimeout(told.get(button))
    button.textContent = word
    told.set(button, setTimeout(() => { button.textContent = 'Copy' }, 1500))
  }
  const byHand = text => {  // where the page is not served securely there is no clipboard to ask for
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
  document.addEventListener('click', async event => {
    const jump = event.target.closest('[data-jump]')
    if (jump) {
      const part = document.getElementById(jump.dataset.jump)
      part.open = true
      return (part.querySelector('mark') ?? part).scrollIntoView({ block: 'center' })
    }
    const button = event.target.closest('[data-copy]')
    if (!button) return
    const text = button.dataset.copy
    const done = await (navigator.clipboard?.writeText(text).then(() => true, () => false) ?? false)
    say(button, done || byHand(text) ? 'Copied' : 'Not copied')
    button.focus()
  })
})()
