// All images at once; a click shows one large, where it can be turned, flipped and made negative.

function large(root, image, base) {
  const dialog = root.querySelector("dialog")
  const [picture, words, link] = ["img", "p", "a"].map((query) => dialog.querySelector(query))
  const at = { turned: 0, flipped: false, negative: false }
  const show = () => {
    picture.style.transform = `${at.flipped ? "scaleY(-1) " : ""}rotate(${at.turned}deg)`
    picture.style.filter = at.negative ? "invert(1)" : ""
  }
  picture.src = image.url
  picture.alt = image.words
  // Words of others are text and nothing else; the address is a page of this server.
  words.textContent = image.words
  link.href = new URL(base + image.address, location.origin).href
  for (const button of dialog.querySelectorAll("button")) {
    button.onclick = () => {
      const how = button.dataset.turn
      if (how === "close") dialog.close()
      else if (how === "flip") at.flipped = !at.flipped
      else if (how === "negative") at.negative = !at.negative
      else at.turned += Number(how)
      show()
    }
  }
  show()
  dialog.showModal()
}

function tile(root, image, base) {
  const button = document.createElement("button")
  button.type = "button"
  const picture = document.createElement("img")
  picture.src = image.url
  picture.alt = image.words
  button.append(picture)
  button.onclick = () => large(root, image, base)
  return button
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".ui-wall")
  if (!root) return
  root.classList.toggle("ui-wall-fills", data.fills)
  const count = Math.max(data.images.length, 1)
  // As large as so many squares can be on this screen.
  const columns = Math.ceil(Math.sqrt((count * window.innerWidth) / window.innerHeight))
  root.style.setProperty("--columns", String(columns))
  root.style.setProperty("--rows", String(Math.ceil(count / columns)))
  const shown = data.images.map((image) => image.url + image.words).join()
  if (root.dataset.shown === shown) return // the focus stays where it is
  root.dataset.shown = shown
  const tiles = data.images.map((image) => tile(root, image, data.base))
  root.querySelector(".ui-wall-images").replaceChildren(...tiles)
}
