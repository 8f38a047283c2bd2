/**
 * The page's own script: the theme button, and what lies under the pointer in the layer charts. The page is complete
 * without it. Text goes in through textContent only.
 */
export const PAGE_SCRIPT = `
(() => {
  const root = document.documentElement;
  const button = document.querySelector("#theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
  name();

  const data = JSON.parse(document.querySelector("#holdfast-data").textContent);
  const percent = (x) => x == null ? "–" : (100 * x).toFixed(1) + " %";
  for (const svg of document.querySelectorAll("svg.layers")) {
    const { run, top, row, left, panel, gap, panels } = svg.dataset;
    const layers = data.runs[+run].layers;
    const readout = document.querySelector('output.readout[data-run="' + run + '"]');
    const rest = readout.textContent;
    const cursor = svg.querySelector(".cursor");
    const last = layers.ends[layers.ends.length - 1];
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      const y = (event.clientY - box.top) * svg.viewBox.baseVal.height / box.height;
      const i = Math.floor((y - top) / row);
      const tensor = layers.tensors[i];
      if (!tensor) return leave();
      const within = x - left;
      const which = Math.floor(within / (+panel + +gap));
      const at = within - which * (+panel + +gap);
      const inside = within >= 0 && which < panels.split(" ").length && at <= +panel;
      let j = inside ? layers.ends.findIndex((end) => end / last * panel >= at) : layers.ends.length - 1;
      if (j < 0) j = layers.ends.length - 1;
      const first = (layers.ends[j - 1] || 0) + 1;
      readout.textContent = tensor.name + " (" + tensor.role + ", " + tensor.elements + ")  ·  steps " + first + "–" + layers.ends[j]
        + "  ·  condition held " + percent(layers.condition[i][j])
        + (tensor.anchored ? "  ·  fired " + percent(layers.fired[i][j]) : "")
        + "  ·  deviation " + (layers.deviation[i][j] ?? "–") + " of norm " + (layers.norm[i][j] ?? "–");
      cursor.setAttribute("x", 0);
      cursor.setAttribute("width", svg.viewBox.baseVal.width);
      cursor.setAttribute("y", +top + i * row);
      cursor.setAttribute("visibility", "visible");
    });
    const leave = () => { readout.textContent = rest; cursor.setAttribute("visibility", "hidden"); };
    svg.addEventListener("pointerleave", leave);
  }
})();
`;
