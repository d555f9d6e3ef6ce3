import { basename } from 'node:path';
import { inspectMsi, type MsiFacts } from '../../guest/msi.ts';
import { inspectSignature } from '../../guest/msi-signature.ts';
import { type Examination, type Finding, note, once, type Once, problem } from './finding.ts';

/** Organization in the certificate with which Microsoft signs the add-in. */
const MICROSOFT = 'Microsoft Corporation';

const AGAIN = 'Download the package again, from Microsoft: https://aka.ms/sspraddin.';

/**
 * What is said of the package that is to be installed.
 * @param standIn whether it is the lab's own, which the lab signs itself
 */
export function packageExaminations(
  path: string,
  standIn: boolean,
): { readonly facts: Once<MsiFacts>; readonly examinations: readonly Examination[] } {
  const facts = once('the package', () => inspectMsi(path));
  return {
    facts,
    examinations: [
      {
        what: 'package',
        look: async () => {
          const { productName, productVersion, architecture, manufacturer } = await facts.own();
          const by = manufacturer === '' ? '' : `, by ${manufacturer}`;
          return `${basename(path)}: ${productName} ${productVersion} (${architecture})${by}`;
        },
      },
      { what: 'its SHA-256', look: async () => (await facts.needed()).sha256 },
      {
        what: 'its signature',
        look: async () => {
          await facts.needed();
          return judgeSignature(path, standIn);
        },
      },
    ],
  };
}

async function judgeSignature(path: string, standIn: boolean): Promise<Finding | string> {
  const found = await inspectSignature(path);
  switch (found.state) {
    case 'unsigned':
      return standIn
        ? note("none: it is the lab's stand-in")
        : problem("none; Microsoft's package is signed", AGAIN);
    case 'broken':
      return problem(`does not hold: ${found.why}`, AGAIN);
    case 'signed': {
      const { signer, algorithm, timeStamp, validThen } = found;
      const who =
        signer.organization === '' ? signer.commonName : `${signer.commonName} (${signer.organization})`;
      const when = timeStamp
        ? `, seen ${timeStamp.at.slice(0, 10)} by ${timeStamp.by}`
        : ', without time-stamp';
      const says = `${algorithm}, signed by ${who}, issuer ${signer.issuer}${when}; not checked against a root`;
      const valid = `${signer.validFrom.slice(0, 10)} to ${signer.validTo.slice(0, 10)}`;
      if (!validThen) return problem(`${says}; the certificate was valid ${valid} only`, AGAIN);
      if (!signer.forCode) return problem(`${says}; the certificate is not for signing code`, AGAIN);
      if (standIn) return note(`by the lab's own signer: ${says}`);
      // Whoever calls himself so may still be somebody else: there is no root here to tell.
      if (signer.organization !== MICROSOFT) return note(`not by Microsoft: ${says}`, AGAIN);
      return says;
    }
  }
}
