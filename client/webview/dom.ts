/** Builds elements. Text only ever becomes text nodes: nothing that comes from a patch is read as HTML. */

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag, attributes: Readonly<Record<string, string>>, ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function button(attributes: Readonly<Record<string, string>>, label: string, onClick: () => void): HTMLButtonElement {
  const element = el("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", () => {
    // Not `disabled`: a disabled button loses the focus that a keyboard user left there.
    if (element.getAttribute("aria-disabled") !== "true") onClick();
  });
  return element;
}

/** At most one of `elements` is a tab stop; arrow keys reach the others. */
export function rove(elements: readonly HTMLElement[], current: HTMLElement | undefined): void {
  for (const element of elements) element.tabIndex = element === current ? 0 : -1;
}

/** Where a line of C may be broken in a narrow column without splitting a word; an arrow stays whole. */
const codeJoint = /->|(?<=[_,(])(?=[^\s_,()])/g;

/** The same text, with places where it may be broken. */
export function code(text: string): readonly (Node | string)[] {
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const joint of text.matchAll(codeJoint)) {
    parts.push(text.slice(from, joint.index));
    if (joint[0] === "->") parts.push(el("span", { class: "whole" }, "->"));
    parts.push(el("wbr", {}));
    from = joint.index + joint[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}
