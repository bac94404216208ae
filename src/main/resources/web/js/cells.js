// The cells of the block map on a canvas. A cell is filled from below like a glass: first what guests wrote, then
// zeros, then the rest of what is in the raw file; what stays empty is the backing's. So the shares can be read, not
// guessed from a mixed colour. A cell that is being copied has a frame.

const MOST = 2048;
const SMALLEST = 7;
const LARGEST = 26;
const HEIGHT = 216;

/** How many cells are worth asking for. */
export function cellsFor(width) {
  const across = Math.max(8, Math.floor(width / (SMALLEST + 2)));
  return Math.min(MOST, across * Math.floor(HEIGHT / (SMALLEST + 2)));
}

/** Where cells are: as large as they can be within the height. */
function layout(width, cells) {
  let size = LARGEST;
  while (size > SMALLEST && Math.ceil(cells / Math.floor(width / size)) * size > HEIGHT) size -= 1;
  const across = Math.max(1, Math.floor(width / size));
  return {size, across, rows: Math.ceil(cells / across), gap: size > 10 ? 2 : 1};
}

/** The shares of a cell, of all of which the sum is 1. */
export function sharesOf(map, cell) {
  const allocated = map.allocated[cell];
  const guest = Math.min(map.guest[cell], allocated);
  const zero = Math.min(map.zero[cell], allocated - guest);
  return {guest, zero, copied: allocated - guest - zero, backing: 1 - allocated};
}

export class Cells {
  #at = null;
  #map = null;
  #chosen = -1;

  /** @param colours gives {guest, zero, copied, backing, copying, chosen} as they are in this scheme */
  constructor(canvas, colours) {
    this.canvas = canvas;
    this.colours = colours;
  }

  show(map, width) {
    this.#map = map;
    this.#at = layout(width, map.allocated.length);
    const ratio = devicePixelRatio || 1;
    const height = this.#at.rows * this.#at.size;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    this.draw();
  }

  draw() {
    if (!this.#map) return;
    const brush = this.canvas.getContext('2d');
    const ratio = devicePixelRatio || 1;
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const colours = this.colours();
    for (let cell = 0; cell < this.#map.allocated.length; cell += 1) this.#drawCell(brush, colours, cell);
    for (const cell of this.#map.copying) this.#frame(brush, cell, colours.copying);
    if (this.#chosen >= 0) this.#frame(brush, this.#chosen, colours.chosen);
  }

  #place(cell) {
    const {size, across, gap} = this.#at;
    return {x: (cell % across) * size, y: Math.floor(cell / across) * size, side: size - gap};
  }

  #drawCell(brush, colours, cell) {
    const {x, y, side} = this.#place(cell);
    brush.fillStyle = colours.backing;
    brush.fillRect(x, y, side, side);
    const shares = sharesOf(this.#map, cell);
    let bottom = y + side;
    for (const kind of ['guest', 'zero', 'copied']) {
      // A little of something is still something to see.
      const height = shares[kind] > 0 ? Math.max(1, shares[kind] * side) : 0;
      const top = Math.max(y, bottom - height);
      brush.fillStyle = colours[kind];
      brush.fillRect(x, top, side, bottom - top);
      bottom = top;
    }
  }

  #frame(brush, cell, colour) {
    const {x, y, side} = this.#place(cell);
    const line = side > 8 ? 2 : 1.5;
    brush.strokeStyle = colour;
    brush.lineWidth = line;
    brush.strokeRect(x + line / 2 - 0.5, y + line / 2 - 0.5, side - line + 1, side - line + 1);
  }

  choose(cell) {
    const last = (this.#map?.allocated.length ?? 0) - 1;
    this.#chosen = cell < 0 ? -1 : Math.min(cell, last);
    this.draw();
    return this.#chosen;
  }

  get chosen() {
    return this.#chosen;
  }

  get across() {
    return this.#at?.across ?? 1;
  }

  /** Which cell is at a point of the canvas; -1 for none. */
  cellAt(x, y) {
    if (!this.#at || x < 0 || y < 0) return -1;
    const column = Math.floor(x / this.#at.size);
    const cell = Math.floor(y / this.#at.size) * this.#at.across + column;
    return column < this.#at.across && cell < this.#map.allocated.length ? cell : -1;
  }
}
