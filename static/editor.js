// The YAML form: line numbers, marked lines, examples, files chosen or dropped.
(() => {
  const text = document.getElementById('text'), gutter = document.getElementById('gutter')
  const editor = document.getElementById('editor'), example = document.getElementById('example')
  const LARGEST = 4 * 1024 * 1024
  let marked = new Set()

  const number = () => {
    const count = Math.min(text.value.split('\n').length, 20000)
    const lines = Array.from({ length: count }, (_, at) => {
      const line = document.createElement(marked.has(at + 1) ? 'mark' : 'span')
      line.textContent = `${at + 1}\n`
      return line
    })
    gutter.replaceChildren(...lines)
    gutter.scrollTop = text.scrollTop
  }
  const put = value => { marked = new Set(); text.value = value; number(); text.scrollTop = 0 }
  const goTo = line => {
    const lines = text.value.split('\n')
    const start = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0)
    text.focus()
    text.setSelectionRange(start, start + (lines[line - 1] ?? '').length)
    text.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(text).lineHeight))
  }
  const complain = words => {
    const p = document.createElement('p')
    p.className = 'refused'
    p.textContent = words
    document.getElementById('outcome').replaceChildren(p)
  }
  const load = async file => {
    if (file.size > LARGEST) return complain(`${file.name} is too large: ${file.size} bytes, and 4 MiB is the most.`)
    try {
      put(new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer()))
    } catch { complain(`${file.name} is not UTF-8 text.`) }
  }

  text.addEventListener('input', () => { marked = new Set(); number() })
  text.addEventListener('scroll', () => { gutter.scrollTop = text.scrollTop })
  document.getElementById('file').addEventListener('change', event => { if (event.target.files[0]) load(event.target.files[0]) })
  editor.addEventListener('dragover', event => { event.preventDefault(); editor.classList.add('over') })
  editor.addEventListener('dragleave', () => editor.classList.remove('over'))
  editor.addEventListener('drop', event => {
    event.preventDefault()
    editor.classList.remove('over')
    if (event.dataTransfer.files[0]) load(event.dataTransfer.files[0])
    else put(event.dataTransfer.getData('text/plain'))
  })
  example.addEventListener('change', async () => {
    const answer = await fetch(example.dataset.url.replace(/x$/, example.value))
    if (answer.ok) put(await answer.text())
  })
  document.addEventListener('click', event => {
    const line = event.target.closest('[data-line]')?.dataset.line
    if (line > 0) goTo(Number(line))
  })
  document.addEventListener('htmx:after:swap', () => {
    const lines = document.getElementById('outcome')?.dataset.lines
    if (lines === undefined) return
    const next = new Set(lines.split(' ').filter(Boolean).map(Number))
    if (next.size === marked.size && [...next].every(line => marked.has(line))) return
    marked = next
    number()
  })
  number()
})()
