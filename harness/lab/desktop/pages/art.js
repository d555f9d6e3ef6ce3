// All drawings of the screens, as SVG: the fonts at hand have none of these signs.

const svg = (box, content) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${box}" aria-hidden="true">${content}</svg>`;

const gradient = (id, from, to) =>
  `<linearGradient id="${id}" x1="0" y1="0" x2=".6" y2="1">` +
  `<stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>`;

/** The waving flag in four colours. */
export const flag = svg(
  '86 90',
  `<defs>${gradient('fr', '#f9a25c', '#d8391c')}${gradient('fg', '#cfe86a', '#5f9e1e')}` +
    `${gradient('fb', '#8fd2f5', '#1b62b5')}${gradient('fy', '#fff08a', '#f2a81d')}</defs>` +
    '<path fill="url(#fr)" d="M14 14C24 8 36 9 46 16L40 44C30 37 18 37 8 42Z"/>' +
    '<path fill="url(#fg)" d="M50 18C60 25 72 26 85 20L79 48C67 54 55 53 44 46Z"/>' +
    '<path fill="url(#fb)" d="M7 46C17 41 29 41 39 48L33 76C23 69 12 69 1 74Z"/>' +
    '<path fill="url(#fy)" d="M43 50C54 57 66 58 78 52L72 80C60 86 48 85 37 78Z"/>',
);

/** The window in one colour. */
export const windowLogo = svg(
  '88 88',
  '<path fill="#00adef" d="M0 12.4 35.7 7.5V42L0 42.2ZM40 6.9 87.3 0V41.7L40 42ZM35.7 45.7V80.3L0 75.4V45.5Z' +
    'M87.3 45.9V87.5L40 80.9V46Z"/>',
);

export const arrow = svg(
  '24 24',
  '<path d="M4 12H19M13 6L19 12L13 18" fill="none" stroke="currentColor" stroke-width="2.6"/>',
);

export const backArrow = svg(
  '44 44',
  '<g fill="none" stroke="currentColor" stroke-width="2.6"><circle cx="22" cy="22" r="19.5"/>' +
    '<path d="M33 22H12M20 13L11.5 22L20 31"/></g>',
);

export const closeCross = svg(
  '16 16',
  '<path d="M3.5 3.5L12.5 12.5M12.5 3.5L3.5 12.5" stroke="currentColor" stroke-width="2"/>',
);

export const errorIcon = svg(
  '32 32',
  `<defs>${gradient('er', '#ff8b7a', '#b8180a')}</defs><circle cx="16" cy="16" r="15" fill="url(#er)"/>` +
    '<path d="M10 10L22 22M22 10L10 22" stroke="#fff" stroke-width="3.6"/>',
);

const powerSign = (width) =>
  `<path d="M10.5 8A9 9 0 1 0 21.5 8M16 4V15" fill="none" stroke="currentColor" stroke-width="${width}"/>`;

export const power = svg('32 32', powerSign(2.8));

export const smallPower = svg('32 32', powerSign(2.4));

export const searchGlass = svg(
  '32 32',
  '<g fill="none" stroke="currentColor" stroke-width="2.6"><circle cx="18" cy="13" r="8"/><path d="M12 19L4 27"/></g>',
);

/** A clock face turned into a wheelchair's arrow, more or less. */
export const easeOfAccess = svg(
  '32 32',
  '<circle cx="16" cy="16" r="12" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 2.2"/>' +
    '<path d="M7 16H21M16 11L21.5 16L16 21" fill="none" stroke="currentColor" stroke-width="2.6"/>' +
    '<path d="M16 7V10" stroke="currentColor" stroke-width="2.6"/>',
);

const petals = [0, 45, 90, 135, 180, 225, 270, 315]
  .map((angle) => `<ellipse cx="50" cy="26" rx="10" ry="24" transform="rotate(${angle} 50 50)"/>`)
  .join('');

/** Account pictures of Windows 7: square, painted. */
const PAINTED = [
  `<rect width="100" height="100" fill="#3d7a1f"/><g fill="#f58220">${petals}</g><circle cx="50" cy="50" r="14" fill="#5b2c06"/>`,
  '<rect width="100" height="100" fill="#7cc4f0"/><circle cx="74" cy="26" r="12" fill="#fff3b0"/>' +
    '<path d="M0 70Q30 44 58 66T100 56V100H0Z" fill="#4c9a2a"/><path d="M0 84Q36 62 100 86V100H0Z" fill="#2f7a1c"/>',
  '<rect width="100" height="100" fill="#f6d58a"/><path d="M0 72H100V100H0Z" fill="#2a7fb8"/>' +
    '<path d="M50 16V66H22Z" fill="#fff"/><path d="M54 26V66H78Z" fill="#e8503a"/><path d="M18 70H84L74 82H28Z" fill="#6b3a1a"/>',
  '<rect width="100" height="100" fill="#bfe3f7"/><ellipse cx="50" cy="42" rx="28" ry="32" fill="#d33a2c"/>' +
    '<path d="M50 10C36 22 36 62 50 74C64 62 64 22 50 10Z" fill="#f5c53a"/><path d="M42 76H58L56 90H44Z" fill="#7a4a1e"/>',
];

const FLAT = ['#7b8a97', '#5d8a3a', '#b0622d', '#8a5aa8'];

const silhouette = (color) =>
  `<rect width="100" height="100" fill="${color}"/><circle cx="50" cy="38" r="19" fill="#fff"/>` +
  '<path d="M14 100C14 72 30 62 50 62S86 72 86 100Z" fill="#fff"/>';

/** The picture of the user with this index. */
export function picture(theme, index) {
  const content = theme === 'win7' ? PAINTED[index % PAINTED.length] : silhouette(FLAT[index % FLAT.length]);
  return svg('100 100', content);
}

export const recycleBin = svg(
  '48 48',
  '<path d="M10 14H38L34 44H14Z" fill="#dfeefa" fill-opacity=".85" stroke="#9bb8cf" stroke-width="1.5"/>' +
    '<ellipse cx="24" cy="14" rx="14" ry="4" fill="#f7fbff" stroke="#9bb8cf" stroke-width="1.5"/>' +
    '<path d="M20 36L17 31L20 26M28 36L31 31L28 26M21 23H27" fill="none" stroke="#3f8f2f" stroke-width="2.5"/>',
);

export const folder = svg(
  '48 48',
  '<path d="M6 12H20L24 16H42V40H6Z" fill="#e3b341"/><path d="M6 20H42V40H6Z" fill="#f7d774"/>' +
    '<circle cx="24" cy="27" r="4.5" fill="#3f77b5"/><path d="M15 40C15 33 19 32 24 32S33 33 33 40Z" fill="#3f77b5"/>',
);

export const computer = svg(
  '48 48',
  '<rect x="6" y="8" width="36" height="25" rx="2" fill="#2c3944"/><rect x="9" y="11" width="30" height="19" fill="#4aa3df"/>' +
    '<path d="M20 33H28L30 39H18Z" fill="#8b9aa6"/><rect x="13" y="39" width="22" height="3" fill="#c3ced6"/>',
);
