// Points, arrows and particles in the plane. All of their frames are here, so that the slider, the
// play button and the pointer move them without a message to the server.

const states = new WeakMap()
const FRAME_MS = 170

// -- drawing -----------------------------------------------------------------------------------

function drawPanel(state, panel, canvas, colours) {
  const { pen, size } = prepared(canvas)
  const { view } = state.data
  const [x, y] = scale(size, view)
  const paper = { pen, size, x, y, view }
  for (const layer of panel.layers) {
    const colour = colours[layer.symbol]
    if (layer.kind === "arrows") {
      if (state.show.arrows) drawArrows(paper, at(layer, state.place), state.grid, colour)
    } else if (layer.kind === "data") {
      drawDots(paper, layer.xy, colour, Math.max(1.5, size / (layer.large ? 60 : 170)), 0.5)
    } else {
      if (state.show.trails && layer.trails) drawTrails(paper, layer, state.place, colour)
      drawDots(paper, at(layer, state.place), colour, Math.max(1.6, size / 140), 0.85)
    }
  }
  if (!panel.probed) return
  const data = panel.layers.find((layer) => layer.kind === "data")
  const alphaBar = alphaBarAt(state.data.levels, state.place)
  const found = drawProbe(paper, data.xy, state.probe, alphaBar, colours)
  const short = (value) => value.toFixed(1).replace("-", "−")
  state.said.textContent =
    `From (${state.probe.map(short).join(", ")}) about ${Math.round(found.possible)} data points ` +
    `are possible; their mean is (${found.mean.map(short).join(", ")}).`
}

function draw(state) {
  state.drawing = undefined
  if (!state.strip.isConnected) return
  const colours = inks(state)
  state.panels.forEach((panel, i) => {
    drawPanel(state, panel, state.strip.children[i].querySelector("canvas"), colours)
  })
  const label = state.data.labels[Math.round(state.place)]
  const last = state.data.labels.length - 1
  state.range.value = state.place
  state.range.setAttribute("aria-valuetext", label)
  if (state.output.textContent !== label) state.output.textContent = label
  state.back.disabled = state.place === 0
  state.forward.disabled = state.place === last
}

function redraw(state) {
  state.drawing ??= requestAnimationFrame(() => draw(state))
}

// -- moving ------------------------------------------------------------------------------------

function go(state, place) {
  state.place = Math.min(Math.max(place, 0), state.data.labels.length - 1)
  redraw(state)
}

function tellAddress(state) {
  const { address, first } = state.data
  if (!address) return
  const url = new URL(window.location.href)
  const frame = Math.round(state.place)
  if (frame === first) url.searchParams.delete(address)
  else url.searchParams.set(address, frame)
  if (url.href !== window.location.href) history.replaceState(history.state, "", url)
}

function labelPlay(state) {
  const playing = state.playing !== undefined
  state.play.textContent = playing ? "❚❚" : "▶"
  state.play.setAttribute("aria-label", playing ? "Pause" : "Play")
}

function pause(state) {
  cancelAnimationFrame(state.playing)
  state.playing = undefined
  labelPlay(state)
}

function play(state) {
  const last = state.data.labels.length - 1
  if (state.place >= last) go(state, 0)
  let before
  const tick = (now) => {
    if (before !== undefined) go(state, state.place + (now - before) / FRAME_MS)
    before = now
    if (state.place < last && state.strip.isConnected) {
      state.playing = requestAnimationFrame(tick)
      return
    }
    pause(state)
    tellAddress(state)
  }
  state.playing = requestAnimationFrame(tick)
  labelPlay(state)
}

function stop(state, place) {
  pause(state)
  go(state, place)
  tellAddress(state)
}

const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 }

function connect(state) {
  const step = (by) => stop(state, Math.round(state.place) + by)
  state.back.onclick = () => step(-1)
  state.forward.onclick = () => step(1)
  state.play.onclick = () => {
    if (state.playing === undefined) return play(state)
    stop(state, state.place)
  }
  state.range.oninput = () => {
    pause(state)
    go(state, Number(state.range.value))
  }
  state.range.onchange = () => tellAddress(state)
  state.range.onkeydown = (event) => {
    if (!(event.key in KEYS)) return
    event.preventDefault() // a hand slides between two steps, a key goes from one to the next
    step(KEYS[event.key])
  }
  for (const button of state.switches)
    button.onclick = () => {
      const what = button.dataset.show
      state.show[what] = !state.show[what]
      button.setAttribute("aria-pressed", state.show[what])
      redraw(state)
    }
}

// -- pointing ----------------------------------------------------------------------------------

function point(state, x, y) {
  const { view } = state.data
  state.probe = [x, y].map((one) => Math.min(Math.max(one, -view), view))
  redraw(state)
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }

function listen(state, canvas) {
  const follow = (event) => {
    const box = canvas.getBoundingClientRect()
    const { view } = state.data
    const share = (place, start, length) => ((place - start) / length) * 2 * view - view
    point(state, share(event.clientX, box.left, box.width), -share(event.clientY, box.top, box.height))
  }
  canvas.onpointermove = follow
  canvas.onpointerdown = follow
  canvas.tabIndex = 0
  canvas.onkeydown = (event) => {
    const move = MOVES[event.key]
    if (!move) return
    event.preventDefault()
    const [x, y] = state.probe
    point(state, x + 0.2 * move[0], y + 0.2 * move[1])
  }
}

// -- on the page -------------------------------------------------------------------------------

function figure(state, panel) {
  const one = document.createElement("figure")
  const canvas = document.createElement("canvas")
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", panel.alt)
  if (panel.probed) listen(state, canvas)
  const words = document.createElement("figcaption")
  const title = document.createElement("strong")
  title.textContent = panel.title
  words.append(title, ` ${panel.caption}`)
  one.append(canvas, words)
  return one
}

function fill(state, data) {
  state.data = data
  state.panels = data.panels.map(unpacked)
  state.grid = decoded(data.grid)
  state.strip.replaceChildren(...state.panels.map((panel) => figure(state, panel)))
  state.strip.style.setProperty("--panels", state.panels.length)
  state.range.max = data.labels.length - 1
  state.range.setAttribute("aria-label", data.title)
  const has = {
    arrows: state.panels.some((panel) => panel.layers.some((one) => one.kind === "arrows")),
    trails: state.panels.some((panel) => panel.layers.some((one) => one.trails > 0)),
  }
  for (const button of state.switches) button.hidden = !has[button.dataset.show]
  for (const canvas of state.strip.querySelectorAll("canvas")) state.observer.observe(canvas)
}

function create(root) {
  const find = (query) => root.querySelector(query)
  const state = {
    show: { arrows: true, trails: true },
    probe: [1.2, 1.4], // until the reader points elsewhere
    strip: find(".ui-plane-panels"),
    range: find("input"),
    output: find("output"),
    said: find(".ui-plane-said"),
    inks: find(".ui-plane-inks"),
    switches: root.querySelectorAll("[data-show]"),
    ...Object.fromEntries(["play", "back", "forward"].map((one) => [one, find(`[data-do=${one}]`)])),
  }
  state.inks.replaceChildren(
    ...INKS.map((name) => {
      const one = document.createElement("span")
      one.dataset.ink = name
      one.style.color = `var(--ui-${name})`
      return one
    }),
  )
  // Their colour changes in no time, but not unnoticed: so a change of theme is told.
  state.inks.addEventListener("transitionend", () => redraw(state))
  state.observer = new ResizeObserver(() => redraw(state))
  // Whoever asked their system for less motion steps by hand.
  state.play.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches
  labelPlay(state)
  connect(state)
  return state
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".ui-plane")
  if (!root) return
  let state = states.get(parentElement)
  const fresh = !state
  if (fresh) {
    state = create(root)
    states.set(parentElement, state)
  }
  const reset = !fresh && data.resets !== state.data.resets
  if (fresh || data.content !== state.data.content) fill(state, data)
  state.data = data
  go(state, fresh ? data.start : reset ? data.first : state.place)
  return () => {
    pause(state)
    cancelAnimationFrame(state.drawing)
    state.observer.disconnect()
    states.delete(parentElement)
  }
}
