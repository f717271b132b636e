// Back in the browser leads to the lesson as it was left, knobs and all.
//
// When the reader goes on to another page, Streamlit first takes the knobs out of the address of the
// old one, as an entry of its own in the history, and then adds the new page. Nobody was ever at the
// entry in between, and Back would lead there; so the new page takes its place.

function install() {
  const push = history.pushState.bind(history)
  let touched = 0 // counts what the reader does
  let between = null // what it was at when the address changed within its page
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, () => (touched += 1), true)
  }
  window.addEventListener("popstate", () => (between = null))
  history.pushState = (state, title, url) => {
    const samePage = new URL(url, location.href).pathname === location.pathname
    if (!samePage && between === touched) history.replaceState(state, title, url)
    else push(state, title, url)
    between = samePage ? touched : null
  }
}

export default function () {
  if (window.uiHistory) return
  window.uiHistory = true
  install()
}
