// Stepping back makes a picture smaller on the retina; here it makes it smaller on the screen.

const NEAREST = 196
const FARTHEST = 24
const SIZES = [168, 84, 42, 21]

function image(url, word, size) {
  const one = document.createElement("img")
  one.src = url
  one.alt = word
  if (size) one.width = one.height = size
  return one
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".ui-stepping")
  if (!root) return
  const [strip, range, output, sizes] = [".ui-strip", "input", "output", ".ui-stepping-sizes"].map(
    (query) => root.querySelector(query),
  )
  const [far, near] = data.words
  strip.replaceChildren(...data.images.map((url) => image(url, near)))
  sizes.replaceChildren(
    ...SIZES.map((size) => image(data.images[0], `the first picture, ${size} pixels wide`, size)),
  )
  const show = () => {
    const share = Number(range.value) / 100
    const size = NEAREST * (FARTHEST / NEAREST) ** share
    const word = share < 0.5 ? near : far
    root.style.setProperty("--size", `${size}px`)
    output.textContent = `${share < 0.5 ? "close up" : "from afar"}: ${word}`
    range.setAttribute("aria-valuetext", word)
    for (const one of strip.children) one.alt = word
  }
  range.oninput = show
  show()
}
