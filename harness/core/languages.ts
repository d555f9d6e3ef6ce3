/**
 * The languages in which a machine's logon screen and the reset's pages can be. `lcid` is what Windows calls it in
 * `Nls\Language` (hexadecimal, as the registry has it), `culture` what browsers and the portal's `mkt` call it.
 */
export const LANGUAGES = {
  en: { name: 'English', lcid: '0409', culture: 'en-US' },
  es: { name: 'Spanish', lcid: '0c0a', culture: 'es-ES' },
  fr: { name: 'French', lcid: '040c', culture: 'fr-FR' },
  sv: { name: 'Swedish', lcid: '041d', culture: 'sv-SE' },
  'zh-CN': { name: 'Chinese (simplified)', lcid: '0804', culture: 'zh-CN' },
} as const satisfies Readonly<Record<string, { name: string; lcid: string; culture: string }>>;

export type Language = keyof typeof LANGUAGES;
export const LANGUAGE_NAMES = Object.keys(LANGUAGES) as [Language, ...Language[]];
