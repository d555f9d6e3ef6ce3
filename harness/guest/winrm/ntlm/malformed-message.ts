/** An NTLM message that is none: cut off, of another kind, or pointing outside itself. */
export class MalformedMessage extends Error {}
