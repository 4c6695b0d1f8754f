// data_visualization as small SVG pictures.

import { h, svg } from "./dom.js";

// Green and red come last: a hue goes by place, and what failed must not look well.
const HUES = ["#4b3fd1", "#1d8fd1", "#e0a100", "#5f6b7a", "#b83280", "#d1660b", "#12a3a3", "#8b5cf6", "#334155", "#a16207", "#0b9a6a", "#cf2a48"];
const number = (value) => value.toLocaleString("en-US");

/** A chart with its title. */
export function chart(block) {
  const picture = block.chart.type === "pie" ? pie(block.chart) : axes(block.chart);
  return h("figure", { class: "chart" }, h("figcaption", {}, block.title), picture);
}

function pie({ segments }) {
  const total = segments.reduce((sum, segment) => sum + segment.value, 0);
  let turned = -Math.PI / 2;
  const slices = segments.map((segment, index) => {
    const from = turned;
    turned += (segment.value / total) * Math.PI * 2;
    return slice(from, turned, HUES[index]);
  });
  const label = segments.map((segment) => `${segment.label} ${number(segment.value)}`).join(", ");
  const legend = segments.map((segment, index) => h("li", {}, h("i", { style: `background:${HUES[index]}` }),
    `${segment.label} `, h("b", {}, number(segment.value)), ` · ${Math.round((segment.value / total) * 100)} %`));
  return h("div", { class: "pie" }, svg("svg", { viewBox: "-50 -50 100 100", role: "img", "aria-label": label }, slices), h("ul", { class: "legend" }, legend));
}

function slice(from, to, hue) {
  const [outer, inner] = [48, 29];
  const point = (angle, radius) => `${(Math.cos(angle) * radius).toFixed(2)} ${(Math.sin(angle) * radius).toFixed(2)}`;
  const end = Math.min(to, from + Math.PI * 2 - 0.0001);
  const large = end - from > Math.PI ? 1 : 0;
  const path = `M${point(from, outer)}A${outer} ${outer} 0 ${large} 1 ${point(end, outer)}L${point(end, inner)}A${inner} ${inner} 0 ${large} 0 ${point(from, inner)}Z`;
  return svg("path", { d: path, fill: hue, stroke: "#fff", "stroke-width": "1" });
}

const BOX = { width: 620, height: 210, left: 52, top: 8, right: 8, bottom: 26 };

function axes({ type, series, axis_config: axis }) {
  const most = nice(Math.max(1, ...series.flatMap((one) => one.data.map((point) => point.value))));
  const inner = { width: BOX.width - BOX.left - BOX.right, height: BOX.height - BOX.top - BOX.bottom };
  const step = inner.width / axis.categories.length;
  const y = (value) => BOX.top + inner.height * (1 - value / most);
  const valueAt = (one, category) => one.data.find((point) => point.label === category)?.value ?? 0;
  const place = { axis, step, y, valueAt, base: y(0) };
  const drawn = series.flatMap((one, index) => (type === "bar" ? bars(one, index, series.length, place) : trend(one, index, type, place)));
  const label = series.map((one) => `${one.name}: ${one.data.map((point) => `${point.label} ${number(point.value)}`).join(", ")}`).join("; ");
  const picture = svg("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", "aria-label": label }, grid(most, y), drawn,
    axis.categories.map((category, index) => svg("text", { x: BOX.left + step * (index + 0.5), y: BOX.height - 8, "text-anchor": "middle", fill: "#5d5b6b" }, category)));
  const legend = h("ul", { class: "legend row" }, series.map((one, index) => h("li", {}, h("i", { style: `background:${HUES[index]}` }), one.name)));
  return h("div", {}, picture, legend);
}

/** The next round number, so that the grid has words people read at a glance. */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((round) => round >= value);
}

function grid(most, y) {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    svg("line", { x1: BOX.left, x2: BOX.width - BOX.right, y1: y(most * share), y2: y(most * share), stroke: "#e6e4ee" }),
    svg("text", { x: BOX.left - 8, y: y(most * share) + 4, "text-anchor": "end", fill: "#8a8897" }, number(most * share)),
  ]);
}

function bars(one, index, count, { axis, step, y, valueAt, base }) {
  const width = Math.min(56, (step * 0.7) / count);
  return axis.categories.map((category, column) => {
    const value = valueAt(one, category);
    const x = BOX.left + step * (column + 0.5) + width * (index - count / 2);
    const rect = svg("rect", { x, y: y(value), width: width - 2, height: Math.max(1, base - y(value)), rx: 3, fill: HUES[index] });
    return svg("g", {}, rect, svg("title", {}, `${one.name}, ${category}: ${number(value)}`));
  });
}

function trend(one, index, type, { axis, step, y, valueAt, base }) {
  const points = axis.categories.map((category, column) => [BOX.left + step * (column + 0.5), y(valueAt(one, category))]);
  const line = points.map((point) => point.join(",")).join(" ");
  const area = `${points[0][0]},${base} ${line} ${points.at(-1)[0]},${base}`;
  return [
    type === "area" ? svg("polygon", { points: area, fill: HUES[index], opacity: "0.18" }) : null,
    svg("polyline", { points: line, fill: "none", stroke: HUES[index], "stroke-width": "2.5", "stroke-linejoin": "round" }),
  ];
}
