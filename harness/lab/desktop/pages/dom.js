/** A new element with properties (`class`, `onclick`, ...) and children: strings, elements, or nothing. */
export function h(tag, properties = {}, ...children) {
  const { class: className, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** An element around a drawing. The markup is one of ours, see art.js. */
export function drawing(markup, className) {
  const element = h('span', { class: className });
  element.innerHTML = markup;
  return element;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
