/** A user as NTLM knows it. */
export interface Identity {
  readonly user: string;
  /** '' for an account of the machine itself, and when the name says it all. */
  readonly domain: string;
}

/**
 * `name`, `DOMAIN\name`, `.\name` (the machine's own account) or `name@domain`, which goes as it is: only a domain
 * controller can tell what is before the @ in its own tables. Source: MS-NLMP 3.1.1.1 and 2.2.1.3.
 */
export function readIdentity(name: string): Identity {
  const at = name.indexOf('\\');
  if (at < 0) return { user: name, domain: '' };
  const domain = name.slice(0, at);
  return { user: name.slice(at + 1), domain: domain === '.' ? '' : domain };
}
