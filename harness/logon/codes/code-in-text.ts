/** Words for "code" in the languages of the portal (facts 6.2); compounds end with them: `verifieringskod`. */
const CODE = '(?:code|c[oó]digo|kod(?:en)?|代码|代碼|验证码|驗證碼)';

/** Words before a number that is something else. */
const SOMETHING_ELSE =
  '(?:order|case|ticket|invoice|reference|ref|number|no|nr|call|phone|tel|pedido|llame|tel[eé]fono|commande|appelez|t[eé]l[eé]phone|beställning|ordernummer|ring|telefon|订单|订单号|工单|电话|致电|拨打)';

/** 6 to 8 digits that stand alone: no part of a phone number, a sum, a word, an address. */
const NUMBER = `(?<![\\dA-Za-z_@#=&+.,/-]|\\+\\d{1,3}[ (]{1,2}|\\(\\d{1,4}\\) ?)(?<!${SOMETHING_ELSE}[ .:：#]{0,3})(\\d{6,8})(?![\\dA-Za-z_@/-]|[.,]\\d|[ -]\\d)`;

/** The rest of a sentence, without numbers. A dot may stand in an address. */
const GAP = '(?:[^\\d\\n.!?。！？]|\\.(?=\\S)){0,60}';

/** Where a code may stand, the surest place first. What several numbers fit is no code. */
const PLACES = [
  new RegExp(`${CODE}${GAP}\\s*${NUMBER}`, 'giu'),
  new RegExp(`${NUMBER}${GAP}${CODE}`, 'giu'),
  new RegExp(NUMBER, 'giu'),
];

/** 20261121 is a day. */
const DAY = /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;

/** A message is read so far, in characters; a code stands in its first lines. */
const LONGEST = 65_536;

/**
 * The verification code in a message of a few sentences, in any language of the portal: the number that is named so, or
 * the only one of 6 to 8 digits. Where several numbers fit, there is none: a wrong code costs a try.
 */
export function codeIn(text: string): string | undefined {
  const plain = withoutOrnaments(text.slice(0, LONGEST));
  for (const [index, place] of PLACES.entries()) {
    const found = Array.from(plain.matchAll(place), ([, number = '']) => number);
    const named = index < PLACES.length - 1;
    const numbers = new Set(found.filter((number) => named || !DAY.test(number)));
    if (numbers.size > 0) return numbers.size === 1 ? [...numbers][0] : undefined;
  }
  return undefined;
}

/** Wide digits and blanks of other scripts in their usual form, without characters that are not seen. */
const withoutOrnaments = (text: string): string => text.normalize('NFKC').replace(/\p{Cf}/gu, '');

/** Text of an HTML message, as far as it matters for finding a code in it. */
export function textOfHtml(html: string): string {
  return html
    .slice(0, LONGEST)
    .replace(/<!--.*?-->|<(style|script|title)\b.*?<\/\1\s*>/gis, ' ')
    .replace(/<\/?(?:p|div|br|hr|table|tr|td|th|ul|ol|li|h[1-6]|body)\b[^>]*>/gi, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(
      /&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,6});/gi,
      (written, name: string) => character(name) ?? written,
    );
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  zwnj: '',
};

function character(entity: string): string | undefined {
  if (!entity.startsWith('#')) return ENTITIES[entity.toLowerCase()];
  const point = Number(entity.toLowerCase().replace(/^#/, '').replace(/^x/, '0x'));
  return point <= 0x10_ff_ff ? String.fromCodePoint(point) : undefined;
}
