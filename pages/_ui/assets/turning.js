// The picture is four quarters side by side, so that every view is one movement of its parts.

function quarters(url) {
  return ["tl", "tr", "bl", "br"].map((place) => {
    const part = document.createElement("span")
    part.className = `ui-turn-${place}`
    part.style.backgroundImage = `url("${url}")`
    return part
  })
}

function card(url) {
  const frame = document.createElement("div")
  frame.className = "ui-turn-card"
  frame.setAttribute("role", "img")
  frame.append(...quarters(url))
  return frame
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".ui-turning")
  if (!root) return
  const [strip, range, button, output] = [".ui-strip", "input", "button", "output"].map((query) =>
    root.querySelector(query),
  )
  root.dataset.view = data.view
  strip.replaceChildren(...data.images.map(card))
  const show = () => {
    const turned = Number(range.value) / 100
    const word = data.words[turned < 0.5 ? 0 : 1]
    root.style.setProperty("--turned", turned)
    output.textContent = word
    ;[...strip.children].forEach((one, i) => {
      one.setAttribute("aria-label", `picture ${i + 1} of ${data.images.length}: ${word}`)
    })
  }
  range.oninput = () => {
    root.classList.remove("ui-turn-slowly")
    show()
  }
  button.onclick = () => {
    root.classList.add("ui-turn-slowly")
    range.value = Number(range.value) < 50 ? 100 : 0
    show()
  }
  show()
}
