/* global document */

import { encode } from "./uqr.mjs";

/** Draws an address as the code that a phone scans, a path of unit squares. */
export function draw(svg, address) {
  const { data, size } = encode(address, { border: 4, ecc: "L" });
  const squares = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", squares.join(""));
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.replaceChildren(path);
}
