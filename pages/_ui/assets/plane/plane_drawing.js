// A square to draw points on. The server is told at the end of a stroke, never during it.

const states = new WeakMap()
const APART = 0.035 // distance of two points of a stroke; the square goes from −1 to 1
const STEP = 0.05 // what an arrow key moves

function inked(state, name) {
  return getComputedStyle(state.inks.querySelector(`[data-ink=${name}]`)).color
}

function draw(state) {
  const { canvas, points } = state
  const size = canvas.clientWidth
  const ratio = Math.min(window.devicePixelRatio || 1, 3)
  canvas.width = canvas.height = Math.round(size * ratio)
  const pen = canvas.getContext("2d")
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  const place = ([x, y]) => [((x + 1) / 2) * size, ((1 - y) / 2) * size]
  pen.fillStyle = inked(state, "x-0")
  for (const one of points) {
    pen.beginPath()
    pen.arc(...place(one), 2.6, 0, 2 * Math.PI)
    pen.fill()
  }
  if (state.cross) {
    const [left, top] = place(state.cross)
    pen.strokeStyle = inked(state, "x-t")
    pen.lineWidth = 2
    pen.beginPath()
    pen.moveTo(left - 8, top)
    pen.lineTo(left + 8, top)
    pen.moveTo(left, top - 8)
    pen.lineTo(left, top + 8)
    pen.stroke()
  }
  const full = points.length >= state.most
  const more = full ? ": no more can be taken" : ""
  state.output.textContent = `${points.length} of ${state.most} points${more}`
  state.undo.disabled = state.clear.disabled = points.length === 0
}

function put(state, point) {
  if (state.points.length >= state.most) return false
  const whole = point.map((one) => Math.round(1000 * Math.min(Math.max(one, -1), 1)) / 1000)
  state.points.push(whole)
  return true
}

function send(state) {
  state.setStateValue("points", state.points)
}

function placeOf(state, event) {
  const box = state.canvas.getBoundingClientRect()
  const share = (at, start, length) => (2 * (at - start)) / length - 1
  return [share(event.clientX, box.left, box.width), -share(event.clientY, box.top, box.height)]
}

function strokes(state) {
  const { canvas } = state
  let last
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId)
    state.cross = undefined
    last = placeOf(state, event)
    state.starts.push(state.points.length)
    put(state, last)
    draw(state)
  }
  canvas.onpointermove = (event) => {
    if (!last) return
    const here = placeOf(state, event)
    const distance = Math.hypot(here[0] - last[0], here[1] - last[1])
    // A fast hand leaves gaps between two events; points go there too.
    for (let done = APART; done <= distance; done += APART) {
      const share = done / distance
      if (!put(state, [0, 1].map((i) => last[i] + share * (here[i] - last[i])))) break
    }
    if (distance >= APART) last = here
    draw(state)
  }
  const end = () => {
    if (last) send(state)
    last = undefined
  }
  canvas.onpointerup = end
  canvas.onpointercancel = end
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }

function keys(state) {
  state.canvas.onkeydown = (event) => {
    const move = MOVES[event.key]
    if (move) {
      const from = state.cross ?? [0, 0]
      state.cross = [0, 1].map((i) => Math.min(Math.max(from[i] + STEP * move[i], -1), 1))
    } else if (event.key === " " || event.key === "Enter") {
      state.starts.push(state.points.length)
      put(state, state.cross ?? [0, 0])
      send(state)
    } else if (event.key === "Backspace" || event.key === "Delete") {
      back(state)
    } else return
    event.preventDefault()
    draw(state)
  }
}

function back(state) {
  state.points.length = Math.min(state.starts.pop() ?? 0, state.points.length)
  send(state)
  draw(state)
}

function create(root, data) {
  const find = (query) => root.querySelector(query)
  const state = {
    points: data.points,
    starts: data.points.map((_, i) => i),
    most: data.most,
    canvas: find("canvas"),
    output: find("output"),
    inks: find(".ui-plane-inks"),
    undo: find("[data-do=undo]"),
    clear: find("[data-do=clear]"),
  }
  state.inks.replaceChildren(
    ...["x-0", "x-t"].map((name) => {
      const one = document.createElement("span")
      one.dataset.ink = name
      one.style.color = `var(--ui-${name})`
      return one
    }),
  )
  state.inks.addEventListener("transitionend", () => draw(state))
  state.undo.onclick = () => back(state)
  state.clear.onclick = () => {
    state.starts = [0]
    back(state)
  }
  strokes(state)
  keys(state)
  state.observer = new ResizeObserver(() => draw(state))
  state.observer.observe(state.canvas)
  return state
}

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".ui-plane-drawing")
  if (!root) return
  let state = states.get(parentElement)
  if (!state) {
    state = create(root, data)
    states.set(parentElement, state)
  }
  state.setStateValue = setStateValue
  draw(state)
  return () => {
    state.observer.disconnect()
    states.delete(parentElement)
  }
}
