/**
 * Draws the edges over the step table, in the gutters between its columns and the gaps between its rows, where no text
 * is. The sentences below the table say the same, so the drawing is hidden from assistive technology.
 * Every straight piece is an element of its own: one picture over the whole table would keep tools that measure
 * contrast from judging the text below it.
 */

import type { Run } from "../../server/src/protocol/index.ts";
import { el } from "./dom.ts";
import { type Edge, edgesOf } from "./edges.ts";

/** The elements that the arrows keep clear of; `headers` has one entry per role, the others one per step. */
export type Layout = {
  readonly frame: HTMLElement;
  readonly headers: readonly HTMLElement[];
  readonly steps: readonly HTMLElement[];
  readonly rows: readonly HTMLElement[];
};

export type DrawnEdges = {
  readonly legend: HTMLElement | undefined;
  readonly show: (done: number) => void;
  readonly dispose: () => void;
};

/** Pixels between two lines in one gutter; more than four share the outermost ones. */
const laneWidth = 5;
const laneMax = 1.5 * laneWidth;
/** The gaps between rows have 4 pixels. */
const gapLaneWidth = 2;
/** As in the style sheet. */
const headLength = 6;
const headHalf = 3;

type Side = "left" | "right";
type Route = { readonly edge: Edge; readonly leaves: Side; readonly arrives: Side; readonly firstGutter: number; readonly lastGutter: number };

export function drawEdges(run: Run, layout: Layout): DrawnEdges {
  const routes = edgesOf(run).map((edge) => routeOf(edge, run));
  if (routes.length === 0) return { legend: undefined, show: () => undefined, dispose: () => undefined };
  const groups = routes.map(({ edge }) => el("div", { class: edge.kind }));
  layout.frame.append(el("div", { class: "edges", "aria-hidden": "true" }, ...groups));
  const redraw = (): void => {
    const pieces = piecesOf(routes, layout);
    groups.forEach((group, at) => group.replaceChildren(...(pieces[at] ?? [])));
  };
  const observer = new ResizeObserver(redraw);
  for (const element of [layout.frame, ...layout.rows]) observer.observe(element);
  return {
    legend: legendOf(routes),
    show(done) {
      routes.forEach(({ edge }, at) => {
        groups[at]?.classList.toggle("done", edge.from < done && edge.to < done);
        groups[at]?.classList.toggle("near", edge.from === done - 1 || edge.to === done - 1);
      });
    },
    dispose: () => observer.disconnect(),
  };
}

function legendOf(routes: readonly Route[]): HTMLElement {
  const words = { rf: "Solid arrow: the value comes from that write.", fr: "Dashed arrow: read before that write." };
  const kinds = [...new Set(routes.map(({ edge }) => edge.kind))].sort().reverse();
  return el("p", { class: "legend", "aria-hidden": "true" }, kinds.map((kind) => words[kind]).join(" "));
}

/** Gutter n is left of column n. Inside a column the arrow leaves and arrives on its left. */
function routeOf(edge: Edge, run: Run): Route {
  const from = run.steps[edge.from]!.role;
  const to = run.steps[edge.to]!.role;
  const leaves = to > from ? "right" : "left";
  const arrives = to < from ? "right" : "left";
  return { edge, leaves, arrives, firstGutter: leaves === "right" ? from + 1 : from, lastGutter: arrives === "right" ? to + 1 : to };
}

function piecesOf(routes: readonly Route[], layout: Layout): readonly (readonly HTMLElement[])[] {
  const frame = layout.frame.getBoundingClientRect();
  const left = frame.left + layout.frame.clientLeft - layout.frame.scrollLeft;
  const top = frame.top + layout.frame.clientTop - layout.frame.scrollTop;
  const boxes = layout.steps.map((step) => step.getBoundingClientRect());
  const columns = layout.headers.map((header) => header.getBoundingClientRect());
  const gutterAt = (gutter: number): number => (gutter < columns.length ? columns[gutter]!.left : columns.at(-1)!.right) - left;
  const ends = routes.flatMap(({ edge, leaves, arrives }) => [`${edge.from} ${leaves}`, `${edge.to} ${arrives}`]);
  return routes.map((route, at) => {
    const { edge, leaves, arrives, firstGutter, lastGutter } = route;
    const from = boxes[edge.from]!;
    const to = boxes[edge.to]!;
    const lane = laneOf(routes, at);
    const start = { x: (leaves === "right" ? from.right : from.left) - left, y: from.top - top + from.height * share(ends, 2 * at) };
    const tip = { x: (arrives === "right" ? to.right : to.left) - left, y: to.top - top + to.height * share(ends, 2 * at + 1) };
    const row = layout.rows[edge.to]!.getBoundingClientRect();
    const gap = (edge.to > edge.from ? row.top : row.bottom) - top + gapOffsetOf(routes, at);
    const end = tip.x + (arrives === "right" ? headLength : -headLength);
    return [
      ...line(start, [gutterAt(firstGutter) + lane, ...(firstGutter === lastGutter ? [] : [gap, gutterAt(lastGutter) + lane]), tip.y, end]),
      placed("head", { x: Math.min(tip.x, end), y: tip.y - headHalf }, {}, arrives),
    ];
  });
}

type Point = { readonly x: number; readonly y: number };

/** From `start` by turns across to an x and down or up to a y. */
function line(start: Point, turns: readonly number[]): readonly HTMLElement[] {
  let at = start;
  return turns.map((turn, index) => {
    const next = index % 2 === 0 ? { x: turn, y: at.y } : { x: at.x, y: turn };
    const corner = { x: Math.min(at.x, next.x), y: Math.min(at.y, next.y) };
    const piece = index % 2 === 0 ? placed("across", corner, { width: Math.abs(next.x - at.x) }) : placed("down", corner, { height: Math.abs(next.y - at.y) });
    at = next;
    return piece;
  });
}

function placed(kind: "across" | "down" | "head", { x, y }: Point, size: { readonly width?: number; readonly height?: number }, side?: Side): HTMLElement {
  const piece = el("span", { class: side === undefined ? kind : `${kind} ${side}` });
  piece.style.left = `${x}px`;
  piece.style.top = `${y}px`;
  if (size.width !== undefined) piece.style.width = `${size.width}px`;
  if (size.height !== undefined) piece.style.height = `${size.height}px`;
  return piece;
}

/** Arrows that end on the same side of a step share its height. */
function share(ends: readonly string[], at: number): number {
  const same = ends.flatMap((end, other) => (end === ends[at] ? [other] : []));
  return (same.indexOf(at) + 1) / (same.length + 1);
}

/** Pixels right of the middle of the gutter in which the arrow leaves. */
function laneOf(routes: readonly Route[], at: number): number {
  return spread(routes.map(({ firstGutter }) => firstGutter), at, laneWidth, laneMax);
}

/** Pixels below the gap over which the arrow crosses a column; two that arrive at one step must not fill each other's dashes. */
function gapOffsetOf(routes: readonly Route[], at: number): number {
  return spread(routes.map(({ edge, firstGutter, lastGutter }) => (firstGutter === lastGutter ? undefined : edge.to)), at, gapLaneWidth, gapLaneWidth);
}

/** Those with the same key stand `width` apart, around 0 and at most `max` away from it. */
function spread(keys: readonly unknown[], at: number, width: number, max: number): number {
  const same = keys.flatMap((key, other) => (key === keys[at] ? [other] : []));
  return Math.max(-max, Math.min(max, (same.indexOf(at) - (same.length - 1) / 2) * width));
}
