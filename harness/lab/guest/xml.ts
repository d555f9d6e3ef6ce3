const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

/** Text as it may stand in XML, also in an attribute. */
export const escapeXml = (text: string): string => text.replace(/[&<>'"]/g, (char) => ENTITIES[char] ?? char);
