// How points, arrows and particles of the plane are drawn. `plane.js` follows, in the same module.

const UNIT = 8192 // what the server multiplied coordinates with
const INKS = ["x-0", "x-t", "eps", "x-0-hat", "muted"]

// -- what the server sent ----------------------------------------------------------------------

function decoded(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  return Float32Array.from(new Int16Array(bytes.buffer), (value) => value / UNIT)
}

function unpacked(panel) {
  const layers = panel.layers.map((layer) => ({ ...layer, xy: decoded(layer.xy) }))
  return { ...panel, layers }
}

/** Coordinate pairs of a layer at a place between two frames. */
function at(layer, place) {
  const count = layer.xy.length / layer.frames
  const first = Math.min(Math.floor(place), layer.frames - 1)
  const here = layer.xy.subarray(first * count, (first + 1) * count)
  const share = place - first
  if (share === 0 || first + 1 >= layer.frames) return here
  const next = layer.xy.subarray((first + 1) * count, (first + 2) * count)
  return here.map((value, i) => value + share * (next[i] - value))
}

// -- drawing -----------------------------------------------------------------------------------

/** Colours come from the page's style, which follows the theme; canvas takes only plain ones. */
function inks(state) {
  const probes = [...state.inks.children]
  return Object.fromEntries(probes.map((one) => [one.dataset.ink, getComputedStyle(one).color]))
}

function prepared(canvas) {
  const size = canvas.clientWidth
  const ratio = Math.min(window.devicePixelRatio || 1, 3)
  const pixels = Math.round(size * ratio)
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels
  const pen = canvas.getContext("2d")
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, size, size)
  return { pen, size }
}

function scale(size, view) {
  return [(x) => ((x + view) / (2 * view)) * size, (y) => ((view - y) / (2 * view)) * size]
}

function drawDots({ pen, size, x, y }, xy, colour, radius, alpha) {
  pen.fillStyle = colour
  pen.globalAlpha = alpha
  pen.beginPath()
  for (let i = 0; i < xy.length; i += 2) {
    const [left, top] = [x(xy[i]), y(xy[i + 1])]
    pen.moveTo(left + radius, top)
    pen.arc(left, top, radius, 0, 2 * Math.PI)
  }
  pen.fill()
}

function drawArrows({ pen, size, x, y, view }, vectors, places, colour) {
  const cell = (size / Math.sqrt(places.length / 2)) * 0.86
  pen.strokeStyle = colour
  pen.globalAlpha = 0.62
  pen.lineWidth = Math.max(1, size / 320)
  pen.lineCap = "round"
  pen.beginPath()
  for (let i = 0; i < places.length; i += 2) {
    const [u, v] = [vectors[i], -vectors[i + 1]]
    const strength = Math.hypot(u, v)
    // Long ones are shortened, or they would cover one another; the order of lengths stays.
    const length = (cell * strength) / (strength + 0.7)
    if (length < 1) continue
    const [dx, dy] = [(u / strength) * length, (v / strength) * length]
    const [left, top] = [x(places[i]) - dx / 2, y(places[i + 1]) - dy / 2]
    const head = Math.min(0.34 * length, size / 70) / length
    pen.moveTo(left, top)
    pen.lineTo(left + dx, top + dy)
    pen.lineTo(left + dx - head * (dx - 0.6 * dy), top + dy - head * (dy + 0.6 * dx))
    pen.moveTo(left + dx, top + dy)
    pen.lineTo(left + dx - head * (dx + 0.6 * dy), top + dy - head * (dy - 0.6 * dx))
  }
  pen.stroke()
}

function drawTrails({ pen, size, x, y }, layer, place, colour) {
  const stops = [place]
  for (let k = Math.ceil(place) - 1; k >= 0 && stops.length <= layer.trails; k--) stops.push(k)
  const frames = stops.map((stop) => at(layer, stop))
  pen.strokeStyle = colour
  pen.globalAlpha = 0.3
  pen.lineWidth = Math.max(1, size / 400)
  pen.beginPath()
  for (let i = 0; i < frames[0].length; i += 2)
    frames.forEach((xy, k) => pen[k ? "lineTo" : "moveTo"](x(xy[i]), y(xy[i + 1])))
  pen.stroke()
}

/** How likely each data point lies under the noise, seen from one place: Bayes' rule. */
function weights(points, [px, py], alphaBar) {
  const root = Math.sqrt(alphaBar)
  const logs = []
  for (let i = 0; i < points.length; i += 2) {
    const distance = (px - root * points[i]) ** 2 + (py - root * points[i + 1]) ** 2
    logs.push(-distance / (2 * Math.max(1 - alphaBar, 1e-6)))
  }
  const most = Math.max(...logs)
  const powers = logs.map((one) => Math.exp(one - most))
  const sum = powers.reduce((total, one) => total + one, 0)
  return powers.map((one) => one / sum)
}

function alphaBarAt(levels, place) {
  const first = Math.min(Math.floor(place), levels.length - 2)
  return levels[first] + (place - first) * (levels[first + 1] - levels[first])
}

/** The mean of what may lie under the noise at a place that the reader points to. */
function drawProbe(paper, points, probe, alphaBar, colours) {
  const { pen, size, x, y } = paper
  const w = weights(points, probe, alphaBar)
  const [left, top] = [x(probe[0]), y(probe[1])]
  const largest = Math.max(...w)
  pen.strokeStyle = colours["x-0-hat"]
  pen.lineWidth = Math.max(1, size / 300)
  let [mx, my] = [0, 0]
  w.forEach((weight, i) => {
    mx += weight * points[2 * i]
    my += weight * points[2 * i + 1]
    if (weight < largest / 50) return
    pen.globalAlpha = 0.08 + 0.6 * (weight / largest) * Math.min(1, 12 * largest)
    pen.beginPath()
    pen.moveTo(left, top)
    pen.lineTo(x(points[2 * i]), y(points[2 * i + 1]))
    pen.stroke()
  })
  drawDots(paper, [mx, my], colours["x-0-hat"], size / 55, 1)
  pen.globalAlpha = 1
  pen.strokeStyle = colours["x-t"]
  pen.lineWidth = 2
  pen.beginPath()
  pen.arc(left, top, size / 60, 0, 2 * Math.PI)
  pen.stroke()
  return { mean: [mx, my], possible: 1 / w.reduce((sum, one) => sum + one * one, 0) }
}
