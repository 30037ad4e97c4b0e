// A map of words on a canvas: pan, zoom, hover, labels. Used by the studio and by the files that wordkin plot writes.
//
// Points are written into a buffer of pixels, not drawn as shapes: 100,000 of them take a few milliseconds
// without a GPU. Words are only ever drawn as text on the canvas, so nothing in them can run.

const LABELS = 40;              // most labels of frequent words at a time
const LABEL_TRIES = 400;        // how many words on the screen are tried for them
const CELLS = 128;              // cells of the grid for finding points, in each direction
const HOVER_PIXELS = 12;        // how near the pointer must be to a point

export class WordMap {
  // host: an element that the map fills. options.onWord(index): called when a word is chosen.
  constructor(host, options = {}) {
    this.host = host;
    this.onWord = options.onWord ?? (() => {});
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    Object.assign(this.canvas.style, { width: "100%", height: "100%", display: "block", touchAction: "none" });
    host.append(this.canvas);
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.data = null;
    this.marked = { word: -1, near: [] };
    this.hovered = -1;
    this.draws = 0;
    this.pointers = new Map();
    this.size = [0, 0];
    this.resizing = new ResizeObserver(() => { this.measured(); this.redraw(); });
    this.resizing.observe(host);
    this.themes = new MutationObserver(() => this.redraw());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.listen();
  }

  destroy() {
    this.resizing.disconnect();
    this.themes.disconnect();
    this.canvas.remove();
    this.data = null;
  }

  // positions: x and y of each word from 0 to 65535, in turn, as base64 of little-endian uint16; words: in the order of
  // their frequency; groups: a small number per word, as base64 of uint8; colours: one "#rrggbb" per group.
  setData({ positions, words, groups, colours, label }) {
    const flat = new Uint16Array(bytes(positions).buffer);
    this.data = { flat, words, groups: bytes(groups), colours: colours.map(packed) };
    this.canvas.setAttribute("aria-label", label ?? "");
    this.grid = grid(flat);
    this.widths = new Map();
    this.marked = { word: -1, near: [] };
    this.reset();
  }

  setGroups({ groups, colours }) {
    if (!this.data) return;
    Object.assign(this.data, { groups: bytes(groups), colours: colours.map(packed) });
    this.redraw();
  }

  // The word looked at, and its neighbours: indices; they are labelled whatever else is.
  mark({ word, near, centre }) {
    this.marked = { word, near };
    if (centre && this.data && word >= 0) this.centreOn(word);
    this.redraw();
  }

  reset() {
    this.scale = 1;             // 1: the whole map fits
    this.middle = [32768, 32768];
    this.redraw();
  }

  centreOn(index) {
    const [x, y] = [this.data.flat[2 * index], this.data.flat[2 * index + 1]];
    this.middle = [x, y];
    this.scale = Math.max(this.scale, 2);
  }

  zoom(factor, at = [this.width / 2, this.height / 2]) {
    const before = this.toData(at);
    this.scale = Math.min(400, Math.max(0.7, this.scale * factor));
    const after = this.toData(at);
    this.middle = [this.middle[0] + before[0] - after[0], this.middle[1] + before[1] - after[1]];
    this.redraw();
  }

  pan(dx, dy) {
    const unit = this.unit();
    this.middle = [this.middle[0] - dx / unit, this.middle[1] + dy / unit];
    this.redraw();
  }

  // PNG of what is shown, as a data address.
  picture() {
    this.draw();
    return this.canvas.toDataURL("image/png");
  }

  // Asking the page for its layout is slow, and placing words asks often: the size is kept until it changes.
  get width() { return this.size[0] || this.measured()[0]; }
  get height() { return this.size[1] || this.measured()[1]; }
  measured() { return (this.size = [this.host.clientWidth, this.host.clientHeight]); }
  unit() { return (this.scale * Math.min(this.width, this.height) * 0.94) / 65536; }
  toData([px, py]) {
    const unit = this.unit();
    return [this.middle[0] + (px - this.width / 2) / unit, this.middle[1] - (py - this.height / 2) / unit];
  }
  toPixel(index) {
    const unit = this.unit(), flat = this.data.flat;
    return [this.width / 2 + (flat[2 * index] - this.middle[0]) * unit,
            this.height / 2 - (flat[2 * index + 1] - this.middle[1]) * unit];
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  draw() {
    if (!this.width || !this.height || !this.canvas.isConnected) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [w, h] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      Object.assign(this.canvas, { width: w, height: h });
      this.image = this.context.createImageData(w, h);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    const style = getComputedStyle(this.host);
    const colour = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
    this.look = { ground: colour("--surface", "#ffffff"), ink: colour("--ink", "#1b2430"), mark: colour("--mark", "#b34700") };
    this.pixels.fill(packed(this.look.ground));
    if (this.data) this.drawPoints(w, h, ratio);
    this.context.putImageData(this.image, 0, 0);
    if (this.data) this.drawLabels(ratio);
    this.canvas.dataset.draws = ++this.draws;
  }

  drawPoints(w, h, ratio) {
    const { flat, groups, colours } = this.data, pixels = this.pixels;
    const unit = this.unit() * ratio, cx = w / 2 - this.middle[0] * unit, cy = h / 2 + this.middle[1] * unit;
    const size = Math.round(Math.min(7, Math.max(2, 1.3 * Math.sqrt(this.scale))) * ratio), half = size >> 1;
    for (let i = groups.length - 1; i >= 0; i--) {  // the most frequent last, on top
      const x = (cx + flat[2 * i] * unit - half) | 0, y = (cy - flat[2 * i + 1] * unit - half) | 0;
      if (x < 0 || y < 0 || x + size > w || y + size > h) continue;
      const colour = colours[groups[i]];
      for (let start = y * w + x, end = start + size * w; start < end; start += w)
        for (let pixel = start; pixel < start + size; pixel++) pixels[pixel] = colour;
    }
  }

  drawLabels(ratio) {
    const { width, height } = this, pen = this.context, special = new Set([...this.marked.near, this.marked.word, this.hovered]);
    special.delete(-1);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.textBaseline = "middle";
    const taken = [], shown = [];
    let tries = LABEL_TRIES;
    const place = (index, bold, force) => {
      const [x, y] = this.toPixel(index);
      if (x < 0 || y < 0 || x > width || y > height) return false;
      tries--;
      const text = short(this.data.words[index]), size = bold ? 15 : 13;
      pen.font = `${bold ? "700" : "400"} ${size}px system-ui, "Noto Sans CJK KR", sans-serif`;
      const wide = this.widthOf(index, text, bold), left = x + 8 + wide > width ? x - 8 - wide : x + 8;
      const box = [left - 2, y - size * 0.7, left + wide + 2, y + size * 0.7];
      if (!force && taken.some((other) => meet(box, other))) return false;
      taken.push(box);
      shown.push({ index, text, left, x, y, bold, font: pen.font });
      return true;
    };
    if (this.hovered >= 0) place(this.hovered, true, true);
    if (this.marked.word >= 0) place(this.marked.word, true, true);
    for (const index of this.marked.near) if (index !== this.hovered) place(index, false, false);
    const { flat } = this.data, [west, north] = this.toData([0, 0]), [east, south] = this.toData([width, height]);
    const seen = (i) => flat[2 * i] >= west && flat[2 * i] <= east && flat[2 * i + 1] >= south && flat[2 * i + 1] <= north;
    let left = LABELS;
    for (let i = 0; i < this.data.words.length && left > 0 && tries > 0; i++) if (seen(i) && !special.has(i) && place(i, false, false)) left--;
    for (const each of shown.reverse()) {
      const isMarked = special.has(each.index);
      if (isMarked) {
        pen.beginPath();
        pen.arc(each.x, each.y, each.bold ? 7 : 5, 0, 2 * Math.PI);
        pen.lineWidth = each.bold ? 3 : 2;
        pen.strokeStyle = this.look.mark;
        pen.stroke();
      }
      pen.font = each.font;
      pen.lineWidth = 4;
      pen.lineJoin = "round";
      pen.strokeStyle = this.look.ground;
      pen.strokeText(each.text, each.left, each.y);
      pen.fillStyle = isMarked ? this.look.mark : this.look.ink;
      pen.fillText(each.text, each.left, each.y);
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    this.canvas.dataset.labels = shown.length;
  }

  // How wide a word is in the font that is set now; measured once.
  widthOf(index, text, bold) {
    const key = bold ? -1 - index : index;
    if (!this.widths.has(key)) this.widths.set(key, this.context.measureText(text).width);
    return this.widths.get(key);
  }

  // The word nearest to a position in pixels, or -1 where none is near.
  at([px, py]) {
    if (!this.data) return -1;
    const reach = HOVER_PIXELS / this.unit(), [x, y] = this.toData([px, py]), { flat } = this.data;
    let best = -1, least = reach * reach;
    for (const index of this.grid.near(x, y, reach)) {
      const distance = (flat[2 * index] - x) ** 2 + (flat[2 * index + 1] - y) ** 2;
      if (distance < least || (distance === least && index < best)) [best, least] = [index, distance];
    }
    return best;
  }

  listen() {
    const canvas = this.canvas, where = (event) => [event.offsetX, event.offsetY];
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-Math.max(-300, Math.min(300, event.deltaY)) / 400), where(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, where(event));
      this.moved = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = this.pointers.get(event.pointerId), now = where(event);
      if (!before) return this.hover(this.at(now));
      this.moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
      this.pointers.set(event.pointerId, now);
      if (!other) return this.pan(now[0] - before[0], now[1] - before[1]);
      const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
      this.zoom(distance(now, other) / Math.max(1, distance(before, other)), other);
    });
    const release = (event) => {
      const was = this.pointers.delete(event.pointerId);
      if (!was || event.type !== "pointerup" || this.moved > 4 || this.pointers.size) return;
      const index = this.at(where(event));
      if (index >= 0) this.onWord(index);
    };
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, release);
    canvas.addEventListener("pointerleave", () => this.hover(-1));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  hover(index) {
    if (index === this.hovered) return;
    this.hovered = index;
    this.canvas.dataset.hovered = index;
    this.canvas.style.cursor = index >= 0 ? "pointer" : "grab";
    this.redraw();
  }

  key(event) {
    const step = 60, actions = {
      ArrowLeft: () => this.pan(step, 0), ArrowRight: () => this.pan(-step, 0),
      ArrowUp: () => this.pan(0, step), ArrowDown: () => this.pan(0, -step),
      "+": () => this.zoom(1.4), "=": () => this.zoom(1.4), "-": () => this.zoom(1 / 1.4), 0: () => this.reset(),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }
}

// Points by the cell they lie in, so that hovering looks at a few of them only.
function grid(flat) {
  const count = flat.length / 2, shift = 16 - Math.log2(CELLS), starts = new Uint32Array(CELLS * CELLS + 1);
  const cell = (i) => (flat[2 * i + 1] >> shift) * CELLS + (flat[2 * i] >> shift);
  for (let i = 0; i < count; i++) starts[cell(i) + 1]++;
  for (let i = 0; i < CELLS * CELLS; i++) starts[i + 1] += starts[i];
  const next = starts.slice(), order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[next[cell(i)]++] = i;
  return {
    *near(x, y, reach) {
      const bound = (value) => Math.max(0, Math.min(CELLS - 1, value >> shift));
      for (let row = bound(y - reach); row <= bound(y + reach); row++) {
        const first = row * CELLS + bound(x - reach), last = row * CELLS + bound(x + reach);
        for (let at = starts[first]; at < starts[last + 1]; at++) yield order[at];
      }
    },
  };
}

function bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text), found = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) found[i] = letters.charCodeAt(i);
  return found;
}
function short(text) { return text.length > 40 ? text.slice(0, 39) + "…" : text; }
function meet(a, b) { return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]; }
// "#rrggbb" as a pixel of a little-endian buffer.
function packed(colour) {
  const value = parseInt(colour.slice(1), 16);
  return ((255 << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}
