import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';

/** Text of an element, whether or not it has attributes. */
export const elementText = z.union([
  z.string(),
  z.object({ '#text': z.string().default('') }).transform((element) => element['#text']),
]);

/**
 * A parser of what Windows writes: names without their prefix, which a server may choose, attributes as `@Name`, and all
 * values as text.
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
