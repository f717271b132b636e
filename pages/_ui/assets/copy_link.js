// Copies the address as the browser has it; nothing is sent.

function address(also) {
  const url = new URL(window.location.href)
  url.hash = ""
  for (const [name, value] of Object.entries(also)) {
    if (value) url.searchParams.set(name, value)
    else url.searchParams.delete(name)
  }
  return url.href.replaceAll("%2C", ",")
}

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".ui-copy")
  if (!root) return
  const [button, link, status, byHand, field] = ["button", "a", "span", "label", "input"].map(
    (query) => root.querySelector(query),
  )
  button.textContent = data.label
  link.hidden = !data.open
  link.href = address(data.also)
  // The address may have changed since: it is read when it is needed.
  link.onpointerdown = link.onfocus = () => (link.href = address(data.also))
  button.onclick = async () => {
    const copied = address(data.also)
    status.textContent = ""
    try {
      await navigator.clipboard.writeText(copied)
      byHand.hidden = true
      status.textContent = "Copied"
    } catch {
      // Browsers refuse the clipboard to pages that come over plain http from another machine.
      byHand.hidden = false
      field.value = copied
      field.focus()
      field.select()
    }
  }
}
