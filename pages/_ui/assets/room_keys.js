// Page Down and Page Up, which pointers for talks send, or the arrow keys; Esc leaves.

const listeners = new WeakMap()
const BUSY =
  "input, textarea, select, button, summary, [contenteditable], [role=slider], [role=combobox], " +
  "[role=tab], [role=radio], [role=dialog], .ui-code"
const WAYS = {
  PageDown: ".st-key-ui_bar_on a",
  ArrowRight: ".st-key-ui_bar_on a",
  PageUp: ".st-key-ui_bar_back a",
  ArrowLeft: ".st-key-ui_bar_back a",
  Escape: ".st-key-ui_bar_leave button",
}

function listen(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
    return
  const way = WAYS[event.key] && document.querySelector(WAYS[event.key])
  // A control that has the focus keeps its keys; the bar's own way out is none of them.
  const focus = document.activeElement
  if (!way || (focus?.closest(BUSY) && focus !== way)) return
  event.preventDefault()
  way.click()
}

export default function ({ parentElement }) {
  if (!listeners.has(parentElement)) document.addEventListener("keydown", listen)
  listeners.set(parentElement, true)
  return () => {
    document.removeEventListener("keydown", listen)
    listeners.delete(parentElement)
  }
}
