/** What the report does beside being read: enlarges pictures of the film, opens what a link leads to, prints it all. */

const viewer = document.querySelector<HTMLDialogElement>('#viewer');
const figures = [...document.querySelectorAll<HTMLElement>('figure')];
let shown = 0;

function show(index: number): void {
  const figure = figures[index];
  const picture = figure?.querySelector('svg');
  const words = figure?.querySelector('figcaption');
  if (!viewer || !picture || !words) return;
  shown = index;
  viewer.querySelector('.picture')?.replaceChildren(picture.cloneNode(true));
  viewer.querySelector('.words')?.replaceChildren(...words.cloneNode(true).childNodes);
  if (!viewer.open) viewer.showModal();
}

figures.forEach((figure, index) => {
  figure.querySelector('button')?.addEventListener('click', () => show(index));
});

viewer?.addEventListener('click', ({ target }) => {
  const button = target instanceof HTMLElement ? target.closest('button') : null;
  if (target === viewer || button?.hasAttribute('data-close')) viewer.close();
  else if (button) show(shown + Number(button.dataset.step));
});

viewer?.addEventListener('keydown', ({ key }) => {
  if (key === 'ArrowRight') show(shown + 1);
  if (key === 'ArrowLeft') show(shown - 1);
});

function openTarget(): void {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(target instanceof HTMLDetailsElement)) return;
  const all = document.querySelector<HTMLInputElement>('#filter-all');
  if (all) all.checked = true;
  target.open = true;
  target.scrollIntoView();
}

addEventListener('hashchange', openTarget);
openTarget();

/** On paper nothing can be opened. */
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
});
