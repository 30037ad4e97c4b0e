// Replaces the content of parts of the page, see live.py. Elements that stay the same are kept, with their layout, focus
// and scroll position. If the browser cannot draw as fast as changes come, only the last of them are shown.
window.showLive = (() => {
  const waiting = new Map(), mostPerFrame = 6;
  let drawn = 0; // how often since the last frame

  function copyAttributes(from, to) {
    const wanted = from.attributes;
    for (let i = 0; i < wanted.length; i++) {
      const { name, value } = wanted[i];
      if (to.getAttribute(name) !== value) to.setAttribute(name, value);
    }
    if (to.attributes.length === wanted.length) return;
    for (const name of to.getAttributeNames())
      if (!from.hasAttribute(name) && name !== "open") to.removeAttribute(name); // what the reader opened stays open
  }

  // Makes the children of an element equal to those of another one, which may lose its own.
  function copyChildren(from, to) {
    let old = to.firstChild;
    for (let next = from.firstChild, made; (made = next); ) {
      next = made.nextSibling;
      const kept = old;
      old = old && old.nextSibling;
      if (!kept) to.append(made);
      else if (kept.nodeName !== made.nodeName) kept.replaceWith(made);
      else if (kept.nodeType !== Node.ELEMENT_NODE) kept.data === made.data || (kept.data = made.data);
      else if (!kept.isEqualNode(made)) {
        copyAttributes(made, kept);
        copyChildren(made, kept);
      }
    }
    while (old) {
      const last = old;
      old = old.nextSibling;
      last.remove();
    }
  }

  function draw() {
    const made = document.createElement("template");
    for (const [id, html] of waiting) {
      const part = getHtmlElement(id);
      if (!part) continue;
      made.innerHTML = html;
      copyChildren(made.content, part);
    }
    waiting.clear();
    if (drawn++ === 0) requestAnimationFrame(() => setTimeout(() => {
      drawn = 0;
      if (waiting.size) draw();
    }));
  }

  return (parts) => {
    for (const [id, html] of parts) waiting.set(id, html);
    if (drawn < mostPerFrame) draw();
  };
})();
