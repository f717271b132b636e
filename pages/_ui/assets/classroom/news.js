// Asks now and then whether the teacher shows something, and shows it as one quiet line.

const EVERY_MS = 10_000
const HIDDEN = "diffusion: last link hidden"
const watching = new WeakMap()

function lastHidden() {
  try {
    return Number(localStorage.getItem(HIDDEN) ?? 0)
  } catch {
    return 0 // a browser that keeps nothing shows the link again
  }
}

function hide(line, number) {
  line.hidden = true
  try {
    localStorage.setItem(HIDDEN, String(number))
  } catch {
    line.dataset.hidden = String(number)
  }
}

function show(line, look, base) {
  const number = look?.number ?? 0
  const gone = !look || number === lastHidden() || String(number) === line.dataset.hidden
  if (!gone && !line.hidden && line.dataset.number === String(number)) return
  line.hidden = gone
  if (gone) return
  line.dataset.number = String(number)
  const link = document.createElement("a")
  // Words of others are text and nothing else; the page is one of this server.
  link.textContent = `Look here now: ${look.title}`
  link.href = new URL(`${base}${look.page}${look.query ? `?${look.query}` : ""}`, location.origin)
  link.target = "_blank"
  link.rel = "noopener"
  link.onclick = () => hide(line, number)
  const words = document.createElement("span")
  words.textContent = look.words
  const close = document.createElement("button")
  close.type = "button"
  close.textContent = "Hide"
  close.onclick = () => hide(line, number)
  line.replaceChildren(link, words, close)
}

async function ask(one) {
  // A page that nobody sees is not counted, and asks again when it is seen.
  if (document.visibilityState !== "visible") return
  try {
    const page = encodeURIComponent(one.data.page)
    const answer = await fetch(`${one.data.base}api/class?page=${page}`, { cache: "no-store" })
    const news = await answer.json()
    if (!one.gone) show(one.line, news.look, one.data.base)
  } catch {
    // The server is away; the page itself says so.
  }
}

export default function ({ parentElement, data }) {
  const line = parentElement.querySelector(".ui-class-news")
  if (!line) return
  let one = watching.get(parentElement)
  const known = one && !one.gone && one.data.page === data.page
  if (!one || one.gone) {
    one = { line }
    watching.set(parentElement, one)
    one.seen = () => ask(one)
    one.timer = setInterval(one.seen, EVERY_MS)
    document.addEventListener("visibilitychange", one.seen)
  }
  one.data = data
  if (!known) ask(one)
  return () => {
    one.gone = true
    clearInterval(one.timer)
    document.removeEventListener("visibilitychange", one.seen)
  }
}
