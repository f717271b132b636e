// Draws the curves with Plotly.react: the chart's node, zoom and hidden curves outlive new data.

const charts = new WeakMap()

// Where a part of the page comes or goes, the browser may set the chart up anew: the zoom outlives it.
const zooms = new Map()
const ZOOM_OUTLIVES_MS = 10_000

function loadPlotly(path) {
  // One download for the whole page, shared by all charts on it.
  window.uiPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = new URL(path, document.baseURI).href
    // A proxy that does not know the address may answer with a page, which is no library.
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : script.onerror())
    script.onerror = () => {
      window.uiPlotly = undefined
      script.remove()
      reject(new Error("the chart library did not load"))
    }
    document.head.append(script)
  })
  return window.uiPlotly
}

function theme(node) {
  const style = getComputedStyle(node)
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  return {
    dark: style.colorScheme.includes("dark"),
    text: read("--st-text-color", style.color),
    line: read("--st-border-color", "rgba(128, 128, 128, 0.3)"),
    page: read("--st-background-color", "transparent"),
    font: read("--st-font", style.fontFamily),
    size: parseFloat(style.fontSize) * 0.8,
    palette: read("--st-chart-categorical-colors", "#0072B2").split(","),
  }
}

const LINES = {
  solid: { width: 2.5, dash: "solid", opacity: 1 },
  faint: { width: 1, dash: "solid", opacity: 0.35 },
  dashed: { width: 2, dash: "6px,4px", opacity: 0.9 },
  dots: { width: 0, dash: "solid", opacity: 0.45 },
}

function curve(trace, look) {
  const line = LINES[trace.style]
  const color = Array.isArray(trace.color)
    ? trace.color[look.dark ? 1 : 0]
    : look.palette[trace.color % look.palette.length].trim()
  return {
    type: "scatter",
    // A single value has no line yet, so it is shown as a dot.
    mode: trace.x.length === 1 || trace.style === "dots" ? "markers" : "lines",
    name: trace.name,
    showlegend: trace.name !== "",
    hoverinfo: trace.style === "faint" || trace.style === "dots" ? "skip" : "all",
    x: trace.x,
    y: trace.y,
    opacity: line.opacity,
    line: { color, width: line.width, dash: line.dash },
    marker: { color, size: trace.style === "dots" ? 5 : 7 },
  }
}

function axis(title, look, ticks) {
  return {
    ...ticks,
    title: { text: title, standoff: 12 },
    gridcolor: look.line,
    linecolor: look.line,
    zeroline: false,
    automargin: true,
    ticks: "outside",
    tickcolor: look.line,
    ticklen: 4,
  }
}

// Plotly writes the ticks between two powers of ten as bare digits: a 2 that means 0.02. Here each
// says what it is; there are 1, 2 and 5 of each power, or only the powers where there are many.
function logTicks(values) {
  const some = values.filter((value) => value > 0)
  if (some.length === 0) return {}
  const [low, high] = [Math.min(...some), Math.max(...some)].map(Math.log10)
  const steps = high - low > 3 ? [1] : [1, 2, 5]
  const powers = Array.from({ length: 25 }, (_, i) => i - 12)
  const tickvals = powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
  return { type: "log", tickmode: "array", tickvals, ticktext: tickvals.map(String) }
}

function layout(data, look, touch) {
  const ticks = (name) => logTicks(data.traces.flatMap((trace) => trace[name]))
  const x = axis(data.x_title, look, data.log_x ? ticks("x") : {})
  const y = axis(data.y_title, look, data.log_y ? ticks("y") : {})
  return {
    // While this stays the same, Plotly keeps what the reader did: zoom, hidden curves.
    uirevision: "kept",
    // Without a height it fills the place that a style sheet gives it.
    ...(data.height ? { height: data.height } : { autosize: true }),
    margin: { l: 16, r: 16, t: 40, b: 16 },
    paper_bgcolor: "rgba(0, 0, 0, 0)",
    plot_bgcolor: "rgba(0, 0, 0, 0)",
    font: { family: look.font, size: look.size, color: look.text },
    // Where curves turn back, places with the same x have nothing to do with each other.
    hovermode: data.traces.some((trace) => trace.style === "dots") ? "closest" : "x unified",
    hoverlabel: { bgcolor: look.page, bordercolor: look.line, font: { color: look.text } },
    // A finger that scrolls the page must not zoom the chart.
    dragmode: touch ? false : "zoom",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0, 0, 0, 0)" },
    xaxis: { ...x, type: data.log_x ? "log" : "linear" },
    yaxis: {
      ...y,
      type: data.log_y ? "log" : "linear",
      // A zoom made on one scale means nothing on the other.
      uirevision: data.log_y ? "log" : "linear",
    },
  }
}

function zoomed(layout) {
  return layout.xaxis.autorange === false || layout.yaxis.autorange === false
}

function zoomOf(layout) {
  const axes = ["xaxis", "yaxis"].filter((name) => layout[name].autorange === false)
  return Object.fromEntries(axes.map((name) => [`${name}.range`, [...layout[name].range]]))
}

// Plotly goes on by itself after each call, and fails on a node that was emptied or hidden meanwhile.
// So all its work on a chart is done one after the other, and the chart is emptied after the last.
// What is asked for again before its turn comes is done once.
function inOrder(chart, name, work) {
  if (chart.asked.has(name)) return
  chart.asked.add(name)
  chart.work = chart.work.then(() => {
    chart.asked.delete(name)
    return chart.gone ? undefined : work()
  })
  chart.work = chart.work.catch(console.error)
}

function resize(chart, Plotly) {
  inOrder(chart, "resize", () => chart.node.offsetParent && Plotly.Plots.resize(chart.node))
}

function resetButton(chart, Plotly) {
  const button = document.createElement("button")
  button.className = "ui-plot-reset"
  button.type = "button"
  button.textContent = "Reset zoom"
  button.hidden = true
  button.onclick = () =>
    inOrder(chart, "reset", () =>
      Plotly.relayout(chart.node, { "xaxis.autorange": true, "yaxis.autorange": true }),
    )
  return button
}

// Called after every drawing, zooming and resetting.
function noteZoom(chart) {
  const layout = chart.node._fullLayout
  chart.reset.hidden = !zoomed(layout)
  chart.zoom = { scale: layout.yaxis.type, ranges: zoomOf(layout) }
}

async function restoreZoom(chart, Plotly) {
  const before = zooms.get(chart.data.name)
  zooms.delete(chart.data.name)
  if (!before || Date.now() - before.left > ZOOM_OUTLIVES_MS) return
  if (before.scale !== chart.node._fullLayout.yaxis.type) return
  if (Object.keys(before.ranges).length) await Plotly.relayout(chart.node, before.ranges)
}

async function draw(chart) {
  const { data, root } = chart
  const words = root.querySelector(".ui-plot-words")
  let Plotly
  try {
    Plotly = await loadPlotly(data.plotly)
  } catch {
    words.textContent = `The chart could not be drawn. ${data.words}`
    return
  }
  if (chart.gone) return
  if (!chart.node) {
    chart.node = document.createElement("div")
    chart.node.className = "ui-plot-chart"
    chart.node.setAttribute("role", "img")
    chart.reset = resetButton(chart, Plotly)
    root.append(chart.reset, chart.node)
    chart.observer = new ResizeObserver(() => resize(chart, Plotly))
  }
  words.textContent = ""
  chart.node.setAttribute("aria-label", data.words)
  const look = theme(root)
  const touch = matchMedia("(pointer: coarse)").matches
  const curves = data.traces.map((trace) => curve(trace, look))
  await Plotly.react(chart.node, curves, layout(data, look, touch), {
    displayModeBar: false,
    doubleClick: "reset",
  })
  if (chart.gone) return
  if (!chart.zoom) {
    chart.node.on("plotly_relayout", () => noteZoom(chart))
    await restoreZoom(chart, Plotly)
  }
  noteZoom(chart)
  chart.observer.observe(root)
}

export default function (component) {
  const { parentElement, data } = component
  const root = parentElement.querySelector(".ui-plot")
  if (!root) return
  let chart = charts.get(parentElement)
  if (!chart) {
    chart = { root, work: Promise.resolve(), asked: new Set() }
    charts.set(parentElement, chart)
  }
  chart.gone = false
  chart.data = data
  root.style.minHeight = data.height ? `${data.height}px` : ""
  inOrder(chart, "draw", () => draw(chart))
  return () => {
    chart.gone = true
    if (chart.zoom) zooms.set(chart.data.name, { ...chart.zoom, left: Date.now() })
    chart.observer?.disconnect()
    charts.delete(parentElement)
    chart.work.then(() => chart.node && window.Plotly.purge(chart.node))
  }
}
