import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';

/** Text of an element, whether or not it has attributes. */
export const elementText = z.union([
  z.string(),
  z.object({ '#text': z.string().default('') }).transform((element) => element['#text']),
]);

/**
 * A parser of what Windows writes: names without their prefix, which a server may choose, attributes as `@Name`, and all
 * values as text. It refuses elements nested deeper than 100.
 * @param lists names of the elements that may stand several times in one place
 */
export const xmlParser = (...lists: readonly string[]): XMLParser =>
  new XMLParser({
    removeNSPrefix: true,
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    // Also what is written as a number: &#34; or &#x22;.
    htmlEntities: true,
    isArray: (name) => lists.includes(name),
  });

/** Neither SOAP nor an event may have one, and it could make the parser do work without end. */
export const hasDoctype = (xml: string): boolean => /<!DOCTYPE/i.test(xml);

/** What may stand in XML besides elements and text: how it begins, and how it ends. */
const ENCLOSED = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;

const TAG = /<(\/?)([^\s<>/"'=]+)(?:\s+[^\s<>/"'=]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/y;

/**
 * What keeps a text from being well-formed XML, or undefined: every element that begins must end, in its order. The
 * parser above does not see to it: it reads a text that was cut off as if nothing were missing.
 */
export function malformed(xml: string): string | undefined {
  const open: string[] = [];
  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', at)) {
    const enclosed = ENCLOSED.find(([begin]) => xml.startsWith(begin, at));
    if (enclosed) {
      const end = xml.indexOf(enclosed[1], at + enclosed[0].length);
      if (end === -1) return `${enclosed[0]} has no end`;
      at = end + enclosed[1].length;
      continue;
    }
    TAG.lastIndex = at;
    const [, slash, name = '', empty] = TAG.exec(xml) ?? [];
    if (name === '') return `no tag at character ${at}`;
    if (slash === '/' && open.pop() !== name) return `</${name.slice(0, 40)}> ends what did not begin`;
    if (slash === '' && empty === '') open.push(name);
    at = TAG.lastIndex;
  }
  return open.length === 0 ? undefined : `<${open.at(-1)?.slice(0, 40) ?? ''}> has no end`;
}
