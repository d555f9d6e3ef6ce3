import type { RegistryValue } from './registry-value.ts';

/** What to change below one key of a hive: values to set, and (`null`) values that must not be there. */
export interface HiveEdit {
  /** Without the hive's root: `Software\Microsoft\Windows NT\CurrentVersion` */
  readonly key: string;
  readonly values: Readonly<Record<string, RegistryValue | null>>;
}

/**
 * Changes a registry file of Wine (system.reg, user.reg) while no Wine runs on it: a whole Windows is set up in
 * milliseconds, before its first boot.
 */
export function patchHive(text: string, edits: readonly HiveEdit[]): string {
  const sections = text.split(/^(?=\[)/m);
  const index = new Map<string, number>();
  sections.forEach((section, at) => {
    const header = /^\[(.*)\](?: \d+)?$/m.exec(section);
    if (at > 0 && header?.[1] !== undefined) index.set(header[1].toLowerCase(), at);
  });
  for (const { key, values } of edits) {
    const name = escapeText(key).replace(/[[\]]/g, '\\$&');
    let at = index.get(name.toLowerCase());
    if (at === undefined) {
      at = sections.push(`[${name}]\n\n`) - 1;
      index.set(name.toLowerCase(), at);
    }
    sections[at] = patchSection(sections[at] ?? '', values);
  }
  return sections.join('');
}

function patchSection(section: string, values: HiveEdit['values']): string {
  // A value is one line; binary data goes on after a backslash at the line's end.
  const lines = section.trimEnd().match(/^(?:.*\\\n)*.*$/gm) ?? [];
  const names = Object.keys(values).map((name) => `${nameText(name)}=`.toLowerCase());
  const kept = lines.filter((line) => !names.some((name) => line.toLowerCase().startsWith(name)));
  const set = Object.entries(values).flatMap(([name, value]) =>
    value ? [`${nameText(name)}=${valueText(value)}`] : [],
  );
  return [...kept, ...set, '', ''].join('\n');
}

const nameText = (name: string): string =>
  name === '' ? '@' : `"${escapeText(name).replaceAll('"', '\\"')}"`;

function valueText({ type, data }: RegistryValue): string {
  const bytes = [...data].map((byte) => byte.toString(16).padStart(2, '0')).join(',');
  return `hex(${type.toString(16)}):${bytes}`;
}

const escapeText = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replace(/[^ -~]/g, (char) => '\\x' + char.charCodeAt(0).toString(16).padStart(4, '0'));
