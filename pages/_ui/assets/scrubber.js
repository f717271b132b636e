// All frames are here already, so moving through them costs no message to the server.

const states = new WeakMap()
const FRAME_MS = 250
const SEND_AFTER_MS = 300

function showPictures(state) {
  const { data, index, strip } = state
  const pictures = data.frames[index]
  // Nodes are kept and only refilled: replacing them would flicker.
  while (strip.children.length > pictures.length) strip.lastChild.remove()
  while (strip.children.length < pictures.length) {
    const figure = document.createElement("figure")
    figure.className = "ui-figure"
    figure.append(document.createElement("img"), document.createElement("figcaption"))
    strip.append(figure)
  }
  pictures.forEach((picture, i) => {
    const figure = strip.children[i]
    const [image, caption] = figure.children
    image.src = data.images[picture.image]
    image.alt = `${picture.alt} (${data.labels[index]})`
    image.height = picture.shape[0]
    image.width = picture.shape[1]
    caption.textContent = picture.caption
    figure.style.setProperty("--size", `${picture.size}px`)
    const frame = picture.symbol ? `var(--ui-${picture.symbol})` : "transparent"
    figure.style.setProperty("--frame", frame)
  })
}

function show(state) {
  const { data, index, range, output, back, forward } = state
  const last = data.frames.length - 1
  showPictures(state)
  range.max = last
  range.value = index
  range.setAttribute("aria-label", data.title)
  range.setAttribute("aria-valuetext", data.labels[index])
  output.textContent = data.labels[index]
  back.disabled = index === 0
  forward.disabled = index === last
}

function go(state, index) {
  state.index = Math.min(Math.max(index, 0), state.data.frames.length - 1)
  show(state)
}

function tellAddress(state) {
  // Without a word to the server: the place goes into the address as it is.
  const { address, first } = state.data
  if (!address) return
  const url = new URL(window.location.href)
  if (state.index === first) url.searchParams.delete(address)
  else url.searchParams.set(address, state.index)
  if (url.href !== window.location.href) history.replaceState(history.state, "", url)
}

function send(state) {
  // Held arrow keys make many changes; only where they end is worth a message.
  clearTimeout(state.sending)
  state.sending = setTimeout(() => {
    if (state.sent === state.index) return
    state.sent = state.index
    tellAddress(state)
    state.setStateValue("index", state.index)
  }, SEND_AFTER_MS)
}

function labelPlay(state) {
  const playing = state.timer !== undefined
  state.play.textContent = playing ? "❚❚" : "▶"
  state.play.setAttribute("aria-label", playing ? "Pause" : "Play")
}

function pause(state) {
  clearInterval(state.timer)
  state.timer = undefined
  labelPlay(state)
}

function play(state) {
  if (state.index === state.data.frames.length - 1) go(state, 0)
  state.timer = setInterval(() => {
    go(state, state.index + 1)
    if (state.index === state.data.frames.length - 1) {
      pause(state)
      send(state)
    }
  }, FRAME_MS)
  labelPlay(state)
}

function connect(state) {
  const step = (by) => () => {
    pause(state)
    go(state, state.index + by)
    send(state)
  }
  state.back.onclick = step(-1)
  state.forward.onclick = step(1)
  state.play.onclick = () => {
    if (state.timer === undefined) return play(state)
    pause(state)
    send(state)
  }
  state.range.oninput = () => {
    pause(state)
    go(state, Number(state.range.value))
  }
  state.range.onchange = () => send(state)
}

function create(root, data) {
  const find = (query) => root.querySelector(query)
  const state = {
    data,
    index: data.start,
    sent: data.start,
    strip: find(".ui-strip"),
    range: find("input"),
    output: find("output"),
    play: find("[data-do=play]"),
    back: find("[data-do=back]"),
    forward: find("[data-do=forward]"),
  }
  // Whoever asked their system for less motion steps by hand.
  state.play.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches
  labelPlay(state)
  connect(state)
  return state
}

export default function (component) {
  const { parentElement, data, setStateValue } = component
  const root = parentElement.querySelector(".ui-scrubber")
  if (!root) return
  let state = states.get(parentElement)
  if (!state) {
    state = create(root, data)
    states.set(parentElement, state)
  }
  const atEnd = state.index === state.data.frames.length - 1
  const grew = data.frames.length > state.data.frames.length
  const reset = data.resets !== state.data.resets
  state.data = data
  state.setStateValue = setStateValue
  const moved = reset || (atEnd && grew)
  go(state, reset ? data.first : moved ? data.frames.length - 1 : state.index)
  tellAddress(state)
  if (moved) send(state) // what else the page shows of this frame moves along
  return () => {
    clearInterval(state.timer)
    clearTimeout(state.sending)
    states.delete(parentElement)
  }
}
