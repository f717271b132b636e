// Draws what Python laid out. Nodes are kept and only moved, so focus and scroll place stay.

const SVG = "http://www.w3.org/2000/svg"
const figures = new WeakMap()

function child(parent, place, tag) {
  const found = parent.children[place]
  if (found) return found
  const made = document.createElementNS(SVG, tag)
  parent.append(made)
  return made
}

function set(node, attributes, text) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value)
  }
  if (text !== undefined && node.textContent !== text) node.textContent = text
}

// One group for each item, and none left over from a drawing that had more.
function each(parent, items, draw) {
  while (parent.children.length > items.length) parent.lastChild.remove()
  items.forEach((item, place) => draw(child(parent, place, "g"), item))
}

const frame = ([x, y, width, height], by = 0) => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
})

function drawLine(group, line) {
  set(group, { class: line.skip ? "line skip" : "line" })
  set(child(group, 0, "path"), { d: line.path })
  set(child(group, 1, "path"), { d: line.head, class: "head" })
}

function drawCopy(group, copy) {
  set(group, { class: "copy", style: `--share: ${copy.share}` })
  set(child(group, 0, "rect"), frame(copy.box))
}

function drawPicture(group, picture) {
  const [x, y, width, height] = picture.box
  set(group, { class: "picture", style: `--frame: var(--ui-${picture.symbol})` })
  set(child(group, 0, "image"), { ...frame(picture.box), href: picture.image })
  set(group.children[0], { role: "img", "aria-label": picture.alt })
  set(child(group, 1, "rect"), frame(picture.box, 1.5))
  const under = { x: picture.side === "start" ? x : x + width, y: y + height + 24 }
  const caption = { ...under, "text-anchor": picture.side, class: "caption" }
  set(child(group, 2, "text"), caption, picture.caption)
}

function drawNode(group, node, selected) {
  const [x, y, width, height] = node.box
  const right = x + width
  const words = Math.max(width, 80)
  set(group, {
    class: "node",
    style: `--share: ${node.share}`,
    role: "button",
    tabindex: 0,
    "aria-label": node.words,
    "aria-pressed": node.name === selected,
    "data-name": node.name,
  })
  const area = { x: right - words - 4, y: y - 50, width: words + 10, height: height + 78, rx: 4 }
  set(child(group, 0, "rect"), { ...area, class: "hit" })
  set(child(group, 1, "rect"), { ...frame(node.box, 4), rx: 3, class: "ring" })
  set(child(group, 2, "rect"), { ...frame(node.box), class: "box" })
  const over = { x: node.words_end, "text-anchor": "end" }
  set(child(group, 3, "text"), { ...over, y: y - 30, class: "name" }, node.name)
  set(child(group, 4, "text"), { ...over, y: y - 11, class: "shape" }, node.shape)
  const [countX, countY, anchor] = node.count_at
  const below = { x: countX, y: countY, "text-anchor": anchor, class: "count" }
  set(child(group, 5, "text"), below, node.count)
}

function draw(figure, data, selected) {
  const { svg } = figure
  set(svg, { viewBox: `0 0 ${data.size[0]} ${data.size[1]}`, "aria-label": data.words })
  const [lines, copies, pictures, nodes] = svg.children
  each(lines, data.lines, drawLine)
  each(copies, data.copies, drawCopy)
  each(pictures, data.pictures, drawPicture)
  each(nodes, data.nodes, (group, node) => drawNode(group, node, selected))
}

function create(root) {
  const svg = child(root, 0, "svg")
  set(svg, { role: "group" })
  for (let layer = 0; layer < 4; layer++) child(svg, layer, "g")
  return { svg }
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component
  const root = parentElement.querySelector(".figure")
  if (!root) return
  let figure = figures.get(parentElement)
  if (!figure) figures.set(parentElement, (figure = create(root)))
  draw(figure, data, data.selected)

  const choose = (node) => {
    // Shown at once; the page follows.
    draw(figure, data, node.dataset.name)
    setTriggerValue("chosen", node.dataset.name)
  }
  const move = (node, by) => {
    const all = [...svgNodes(figure)]
    all[all.indexOf(node) + by]?.focus()
  }
  figure.svg.onclick = (event) => {
    const node = event.target.closest(".node")
    if (node) choose(node)
  }
  figure.svg.onkeydown = (event) => {
    const node = event.target.closest(".node")
    if (!node) return
    const keys = {
      Enter: () => choose(node),
      " ": () => choose(node),
      ArrowRight: () => move(node, 1),
      ArrowLeft: () => move(node, -1),
    }
    if (!keys[event.key]) return
    event.preventDefault()
    keys[event.key]()
  }
  return () => figures.delete(parentElement)
}

function svgNodes(figure) {
  return figure.svg.querySelectorAll(".node")
}
