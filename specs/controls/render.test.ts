import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import { CATALOGUE } from './catalogue.ts';
import { CONTROLS_DOCUMENT, renderControls } from './render.ts';

describe('docs/controls.md', () => {
  it('is in step with the catalogue', () => {
    const hint = 'rewrite it: node --import tsx specs/controls/render.ts';
    expect(readFileSync(CONTROLS_DOCUMENT, 'utf8') === renderControls(), hint).toBe(true);
  });

  it('has a heading for every control, and links that lead to one', () => {
    const text = renderControls();
    const headings = [...text.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);
    expect(headings).toEqual(CATALOGUE.map(({ id }) => id));
    const anchors = new Set(headings.map((heading) => heading.toLowerCase().replace(/[^a-z0-9-]/g, '')));
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(30);
    expect(links.filter((link) => !anchors.has(link))).toEqual([]);
  });
});
